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
#define NET_ALONE static __attribute__((noinline))

VIRTIO_STATIC_ASSERT(VIRTIO_NET_MAX_SEGMENTS + 1 <= NET_BURST_SEGMENTS, "the longest frame fits a burst");
VIRTIO_STATIC_ASSERT(VIRTIO_NET_HDR_SIZE <= VIRTIO_NET_HEADROOM, "the header fits the headroom");

/* Frames as the ring takes them. Left uninitialised beyond `count`. */
struct net_burst {
	struct virtqueue_buffer buffers[NET_BURST];
	struct virtio_segment segments[NET_BURST_SEGMENTS];
	unsigned count; /* buffers filled in */
	uint64_t bytes; /* data in them, transmit only */
	int error;      /* what is wrong with the first frame, when there are none */
};

/* Describe LENGTH bytes at DATA and the header before them, in one segment or, where APART, in two. */
NET_INLINE void describe(
	struct virtio_segment *segments, uint8_t *data, uint64_t address, uint64_t length, uint64_t header, bool apart)
{
	if (!apart) {
		segments[0] = (struct virtio_segment){data - header, address - header, (uint32_t)(header + length)};
		return;
	}
	segments[0] = (struct virtio_segment){data - header, address - header, (uint32_t)header};
	segments[1] = (struct virtio_segment){data, address, (uint32_t)length};
}

/* ---- receive ---- */

NET_INLINE void describe_receive(const struct virtio_net *net, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool apart)
{
	const uint32_t least = VIRTIO_NET_HEADROOM + net->mtu_limit + (uint32_t)VIRTIO_NET_ETHERNET;
	const uint64_t header = net->header_size;
	unsigned i;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		struct virtio_segment *segments = &burst->segments[apart ? 2 * i : i];
		if (frame->capacity < least || frame->segments > 1)
			break;
		describe(segments, frame->buffer + VIRTIO_NET_HEADROOM, frame->device_address + VIRTIO_NET_HEADROOM,
			frame->capacity - VIRTIO_NET_HEADROOM, header, apart);
		burst->buffers[i] = (struct virtqueue_buffer){segments, frame, 0, apart ? 2 : 1};
	}
	burst->count = i;
	burst->error = VIRTIO_ERR_INVALID;
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
	struct virtio_net_frame **good = frames;
	unsigned bad_count = 0;
	uint64_t bytes = 0;
	for (const struct virtqueue_used *end = used + count; used < end; used++) {
		struct virtio_net_frame *frame = used->token;
		uint32_t length = used->length - header; /* wraps when even the header is short: huge, so dropped */
		if (length - VIRTIO_NET_ETHERNET > range) {
			frame->segments = 1;
			bad[bad_count++] = frame;
			continue;
		}
		frame->offset = VIRTIO_NET_HEADROOM;
		frame->length = length;
		frame->segments = 1;
		frame->flags = 0;
		frame->next = NULL;
		bytes += length;
		*good++ = frame;
	}
	net->receive.frames += (unsigned)(good - frames);
	net->receive.bytes += bytes;
	if (bad_count)
		receive_drop(net, bad, bad_count);
	return (unsigned)(good - frames);
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
 * Describe the first segment of FRAME, with the header before it: all zeros, since nothing that it could ask for was
 * negotiated (5.1.6.2). Returns its length, 0 when something is wrong with it.
 */
NET_INLINE uint64_t describe_first(const struct virtio_net_frame *frame, uint64_t longest, uint64_t header, bool apart,
	struct virtio_segment *segments)
{
	uint64_t offset = frame->offset, length = frame->length; /* wide: their sum does not wrap */
	if (offset < VIRTIO_NET_HEADROOM || length - 1 >= longest || offset + length > frame->capacity)
		return 0;
	uint8_t *data = frame->buffer + offset;
	describe(segments, data, frame->device_address + offset, length, header, apart);
	__builtin_memset(data - VIRTIO_NET_HDR_SIZE, 0, VIRTIO_NET_HDR_SIZE);
	return length;
}

/* Describe FRAME of several segments, or a wrong one. Returns how many segments that took, or what is wrong. */
static int describe_chain(
	const struct virtio_net *net, const struct virtio_net_frame *frame, struct virtio_segment *segments)
{
	int first = net->own_header ? 2 : 1;
	if (frame->segments == 0 || frame->segments > net->max_segments ||
		!describe_first(frame, net->transmit.longest, net->header_size, net->own_header, segments))
		return transmit_error(net, frame);
	int rest = describe_rest(net, frame, segments + first);
	return rest < 0 ? rest : first + rest;
}

/* The bytes in COUNT frames, all their segments. */
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

/* Describe frames of one segment, until COUNT or one that is something else. Nearly all frames pass through here. */
NET_INLINE void describe_singles(const struct virtio_net *net, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool apart)
{
	const uint64_t longest = net->transmit.longest, header = net->header_size;
	uint64_t bytes = 0;
	unsigned i;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		struct virtio_segment *segments = &burst->segments[apart ? 2 * i : i];
		uint64_t length = frame->segments == 1 ? describe_first(frame, longest, header, apart, segments) : 0;
		if (length == 0)
			break;
		bytes += length;
		burst->buffers[i] = (struct virtqueue_buffer){segments, frame, apart ? 2 : 1, 0};
	}
	burst->count = i;
	burst->bytes = bytes;
}

/* One function each, and not inlined: a loop alone has enough registers. */
NET_ALONE void describe_joined(
	const struct virtio_net *net, struct net_burst *burst, struct virtio_net_frame *const *frames, unsigned count)
{
	describe_singles(net, burst, frames, count, false);
}

NET_ALONE void describe_apart(
	const struct virtio_net *net, struct net_burst *burst, struct virtio_net_frame *const *frames, unsigned count)
{
	describe_singles(net, burst, frames, count, true);
}

/* Describe a burst: frames of one segment as long as there are any, or else one frame of another kind. */
static void describe_transmit(
	const struct virtio_net *net, struct net_burst *burst, struct virtio_net_frame *const *frames, unsigned count)
{
	if (net->own_header)
		describe_apart(net, burst, frames, count);
	else
		describe_joined(net, burst, frames, count);
	if (burst->count > 0)
		return;
	int used = describe_chain(net, frames[0], burst->segments);
	if (used < 0) {
		burst->error = used;
		return;
	}
	burst->buffers[0] = (struct virtqueue_buffer){burst->segments, frames[0], (uint16_t)used, 0};
	burst->bytes = frames_bytes(frames, 1);
	burst->count = 1;
}

/* Put frames into the ring, without telling the device. Results as virtio_net_transmit. */
static int transmit_add(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		describe_transmit(net, &burst, frames + done, turn);
		int added =
			burst.count ? virtio_queue_add(&net->transmit.queue, burst.buffers, burst.count) : burst.error;
		if (added <= 0)
			return done ? (int)done : added;
		net->transmit.bytes +=
			(unsigned)added == burst.count ? burst.bytes : frames_bytes(frames + done, (unsigned)added);
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
			frames[done + (unsigned)i] = used[i].token;
		done += (unsigned)got;
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
