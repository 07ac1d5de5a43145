/* SPDX-License-Identifier: ISC */
/*
 * The network driver's data path (VIRTIO 5.1.6): frames to the device and back, in bursts. Each burst is described
 * on the stack and handed to the ring at once. The tokens are the frames themselves, and the device's header lies right
 * before the data: in the same descriptor, or, where `apart`, in one of its own (5.1.6.6).
 */
#include <virtio/net.h>
#include <virtio/spec/net.h>

#include "driver/net_internal.h"

#define NET_BURST 32          /* frames described at a time */
#define NET_BURST_SEGMENTS 64 /* and segments: two each, or some longer frames */
#define NET_INLINE static inline __attribute__((always_inline))

VIRTIO_STATIC_ASSERT(VIRTIO_NET_MAX_SEGMENTS + 1 <= NET_BURST_SEGMENTS, "the longest frame fits a burst");
VIRTIO_STATIC_ASSERT(VIRTIO_NET_HDR_SIZE <= VIRTIO_NET_HEADROOM, "the header fits the headroom");

/* Frames as the ring takes them. Left uninitialised beyond `count`. */
struct net_burst {
	struct virtqueue_buffer buffers[NET_BURST];
	struct virtio_segment segments[NET_BURST_SEGMENTS];
	unsigned count; /* buffers filled in */
	int error;      /* why the next frame is not among them, 0: it is just not its turn */
};

/* Describe the header and LENGTH bytes from OFFSET on, in one segment or in two. Returns how many. */
NET_INLINE unsigned describe(const struct virtio_net_frame *frame, uint32_t offset, uint32_t length, uint32_t header,
	bool apart, struct virtio_segment *segments)
{
	uint32_t start = offset - header;
	uint8_t *data = frame->buffer + start;
	uint64_t address = frame->device_address + start;
	if (!apart) {
		segments[0] = (struct virtio_segment){data, address, header + length};
		return 1;
	}
	segments[0] = (struct virtio_segment){data, address, header};
	segments[1] = (struct virtio_segment){data + header, address + header, length};
	return 2;
}

/* ---- receive ---- */

NET_INLINE void describe_receive(const struct virtio_net *net, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool apart)
{
	const uint32_t least = VIRTIO_NET_HEADROOM + net->mtu_limit + (uint32_t)VIRTIO_NET_ETHERNET;
	const uint32_t header = net->header_size;
	unsigned i;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		struct virtio_segment *segments = &burst->segments[apart ? 2 * i : i];
		if (frame->capacity < least || frame->segments > 1)
			break;
		unsigned used = describe(
			frame, VIRTIO_NET_HEADROOM, frame->capacity - VIRTIO_NET_HEADROOM, header, apart, segments);
		burst->buffers[i] = (struct virtqueue_buffer){segments, frame, 0, (uint16_t)used};
	}
	burst->count = i;
	burst->error = i < count ? VIRTIO_ERR_INVALID : 0;
}

int virtio_net_receive_add(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		if (net->own_header)
			describe_receive(net, &burst, frames + done, turn, true);
		else
			describe_receive(net, &burst, frames + done, turn, false);
		int added =
			burst.count ? virtio_queue_add(&net->receive.queue, burst.buffers, burst.count) : burst.error;
		if (added <= 0)
			return done ? (int)done : added;
		done += (unsigned)added;
	}
	return (int)done;
}

int virtio_net_release(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	int added = virtio_net_receive_add(net, frames, count);
	if (added > 0)
		virtio_queue_submit(&net->receive.queue);
	return added;
}

/* Frames that nobody shall see go back to the device, or, when the ring broke, wait for detach. */
static void receive_drop(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count)
{
	int released = virtio_net_release(net, frames, count);
	net->receive.dropped += count;
	for (unsigned i = released > 0 ? (unsigned)released : 0; i < count; i++) {
		frames[i]->next = net->receive.lost;
		net->receive.lost = frames[i];
	}
}

/*
 * Turn used buffers into frames. Nothing in the header counts, for nothing that gives it a meaning was negotiated:
 * no checksum, no segmentation, no merged buffers.
 */
static unsigned receive_accept(
	struct virtio_net *net, const struct virtqueue_used *used, unsigned count, struct virtio_net_frame **frames)
{
	struct virtio_net_frame *bad[NET_BURST];
	const uint32_t header = net->header_size;
	const uint32_t range = net->receive.longest - VIRTIO_NET_ETHERNET;
	unsigned good_count = 0, bad_count = 0;
	uint64_t bytes = 0;
	for (unsigned i = 0; i < count; i++) {
		struct virtio_net_frame *frame = used[i].token;
		uint32_t length = used[i].length - header; /* wraps when even the header is short: huge, so dropped */
		frame->segments = 1;
		if (length - VIRTIO_NET_ETHERNET > range) {
			bad[bad_count++] = frame;
			continue;
		}
		frame->offset = VIRTIO_NET_HEADROOM;
		frame->length = length;
		frame->flags = 0;
		frame->next = NULL;
		bytes += length;
		frames[good_count++] = frame;
	}
	net->receive.frames += good_count;
	net->receive.bytes += bytes;
	if (bad_count)
		receive_drop(net, bad, bad_count);
	return good_count;
}

int virtio_net_receive(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count)
{
	struct virtqueue_used used[NET_BURST];
	unsigned done = 0;
	/* COUNT bounds what is looked at, not only what is found good: a device cannot keep us here with bad frames. */
	while (count > 0) {
		unsigned turn = count < NET_BURST ? count : NET_BURST;
		int got = virtio_queue_get(&net->receive.queue, used, turn);
		if (got < 0 && done == 0)
			return got;
		if (got <= 0)
			break;
		done += receive_accept(net, used, (unsigned)got, frames + done);
		if ((unsigned)got < turn)
			break;
		count -= turn;
	}
	return (int)done;
}

/* ---- transmit ---- */

/* Why the first segment of FRAME, or their number, is wrong. */
static int transmit_error(const struct virtio_net *net, const struct virtio_net_frame *frame)
{
	if (frame->offset < VIRTIO_NET_HEADROOM || frame->length == 0 || frame->segments == 0)
		return VIRTIO_ERR_INVALID;
	if (frame->length > net->transmit.longest || frame->segments > net->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	return VIRTIO_ERR_INVALID;
}

/* Describe the second and later segments of FRAME. Returns how many, or an error. */
static int describe_rest(
	const struct virtio_net *net, const struct virtio_net_frame *frame, struct virtio_segment *segments)
{
	const struct virtio_net_frame *part = frame->next;
	uint64_t bytes = frame->length;
	int count = frame->segments - 1;
	for (int i = 0; i < count; i++, part = part->next) {
		if (!part || part->length == 0 || (uint64_t)part->offset + part->length > part->capacity)
			return VIRTIO_ERR_INVALID;
		segments[i] = (struct virtio_segment){
			part->buffer + part->offset, part->device_address + part->offset, part->length};
		bytes += part->length;
	}
	return bytes > net->transmit.longest ? VIRTIO_ERR_TOO_LARGE : count;
}

/*
 * Describe FRAME, which is to be transmitted. The header is all zeros: nothing that it could ask for was negotiated
 * (5.1.6.2). Returns the number of segments, or what is wrong with it.
 */
NET_INLINE int describe_frame(
	const struct virtio_net *net, const struct virtio_net_frame *frame, bool apart, struct virtio_segment *segments)
{
	uint32_t offset = frame->offset, length = frame->length;
	if (offset < VIRTIO_NET_HEADROOM || (uint64_t)offset + length > frame->capacity ||
		length - 1 >= net->transmit.longest || frame->segments - 1u >= net->max_segments)
		return transmit_error(net, frame);
	__builtin_memset(frame->buffer + offset - VIRTIO_NET_HDR_SIZE, 0, VIRTIO_NET_HDR_SIZE);
	int count = (int)describe(frame, offset, length, net->header_size, apart, segments);
	if (frame->segments == 1)
		return count;
	int rest = describe_rest(net, frame, segments + count);
	return rest < 0 ? rest : count + rest;
}

/* Describe frames until COUNT, the first that is wrong, or the end of the room for segments. */
NET_INLINE void describe_transmit(const struct virtio_net *net, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool apart)
{
	const struct virtio_segment *end = burst->segments + NET_BURST_SEGMENTS - net->max_segments - (apart ? 1 : 0);
	struct virtio_segment *segments = burst->segments;
	unsigned i;
	burst->error = 0;
	for (i = 0; i < count && segments <= end; i++) {
		int used = describe_frame(net, frames[i], apart, segments);
		if (used < 0) {
			burst->error = used;
			break;
		}
		burst->buffers[i] = (struct virtqueue_buffer){segments, frames[i], (uint16_t)used, 0};
		segments += used;
	}
	burst->count = i;
}

static uint64_t frames_bytes(struct virtio_net_frame *const *frames, unsigned count)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < count; i++) {
		const struct virtio_net_frame *part = frames[i];
		bytes += part->length;
		for (unsigned left = part->segments; left > 1; left--)
			bytes += (part = part->next)->length;
	}
	return bytes;
}

/* Put frames into the ring, without telling the device. Results as virtio_net_transmit. */
static int transmit_add(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		if (net->own_header)
			describe_transmit(net, &burst, frames + done, turn, true);
		else
			describe_transmit(net, &burst, frames + done, turn, false);
		int added =
			burst.count ? virtio_queue_add(&net->transmit.queue, burst.buffers, burst.count) : burst.error;
		if (added <= 0)
			return done ? (int)done : added;
		done += (unsigned)added;
	}
	return (int)done;
}

int virtio_net_transmit(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	int added = transmit_add(net, frames, count);
	if (added <= 0)
		return added;
	net->transmit.frames += (unsigned)added;
	net->transmit.bytes += frames_bytes(frames, (unsigned)added);
	net->transmit.under_way += (unsigned)added;
	virtio_queue_submit(&net->transmit.queue);
	return added;
}

int virtio_net_transmitted(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count)
{
	struct virtqueue_used used[NET_BURST];
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		int got = virtio_queue_get(&net->transmit.queue, used, turn);
		if (got < 0 && done == 0)
			return got;
		if (got <= 0)
			break;
		/* The used length says nothing here, and some devices write rubbish there (5.1.6.1). */
		for (int i = 0; i < got; i++)
			frames[done++] = used[i].token;
		if ((unsigned)got < turn)
			break;
	}
	net->transmit.under_way -= done;
	return (int)done;
}

/* ---- interrupts ---- */

bool virtio_net_enable_receive_interrupts(struct virtio_net *net)
{
	return virtqueue_enable_interrupts(&net->receive.queue.ring, 1);
}

void virtio_net_disable_receive_interrupts(struct virtio_net *net)
{
	virtqueue_disable_interrupts(&net->receive.queue.ring);
}

bool virtio_net_enable_transmit_interrupts(struct virtio_net *net)
{
	uint32_t most = net->transmit.under_way / 4 * 3;
	return virtqueue_enable_interrupts(&net->transmit.queue.ring, (uint16_t)(most ? most : 1));
}

void virtio_net_disable_transmit_interrupts(struct virtio_net *net)
{
	virtqueue_disable_interrupts(&net->transmit.queue.ring);
}
