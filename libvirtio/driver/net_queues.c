/* SPDX-License-Identifier: ISC */
/*
 * Frames through the queues, as they are (VIRTIO 5.1.6): described in place, in bursts, with nothing allocated and
 * nothing copied. Tokens in the ring are the frames themselves, and the device's header lies right before the data, in
 * the same descriptor. Nearly all frames pass through here; those of several segments, and those whose header stands
 * apart, through net_chains.c. Here the header says nothing; where it does, direction.offload takes over
 * (net_offload.c).
 */
#include "driver/net_internal.h"

/* ---- receive ---- */

/* Describe frames of one segment, until COUNT or one that is something else. Returns how many. */
NET_INLINE unsigned describe_receive(const struct virtio_net_pair *pair, struct virtqueue_single *singles,
	struct virtio_net_frame *const *frames, unsigned count)
{
	const uint32_t least = pair->receive.least;
	const uint64_t start = VIRTIO_NET_HEADROOM - pair->header_size;
	unsigned i;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		if (frame->capacity < least || frame->segments > 1)
			break;
		singles[i] = (struct virtqueue_single){virtio_net_span(frame, start, frame->capacity - start), frame};
	}
	return i;
}

int virtio_net_receive_add(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	struct virtqueue_single singles[NET_BURST];
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		unsigned described = pair->own_header ? 0 : describe_receive(pair, singles, frames + done, turn);
		int added = described ? virtio_queue_add_singles(&pair->receive.queue, singles, described, true)
				      : virtio_net_receive_add_other(pair, frames[done]);
		if (added <= 0)
			return done ? (int)done : added;
		done += (unsigned)added;
	}
	return (int)done;
}

int virtio_net_pair_release(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	int added = virtio_net_receive_add(pair, frames, count);
	if (added > 0)
		virtio_queue_submit(&pair->receive.queue);
	return added;
}

/*
 * Turn used buffers into frames. Nothing in the header counts, for nothing that gives it a meaning was negotiated:
 * no checksum, no segmentation, no merged buffers.
 */
NET_ALONE unsigned receive_accept(struct virtio_net_pair *pair, const struct virtqueue_used *used, unsigned count,
	struct virtio_net_frame **frames)
{
	struct virtio_net_frame *bad[NET_BURST];
	const uint32_t header = pair->header_size;
	const uint32_t least = header + VIRTIO_NET_ETHERNET;
	const uint32_t range = pair->receive.longest - VIRTIO_NET_ETHERNET;
	struct virtio_net_frame **good = frames;
	unsigned bad_count = 0;
	uint64_t bytes = 0;
	for (const struct virtqueue_used *end = used + count; used < end; used++) {
		struct virtio_net_frame *frame = used->token;
		uint32_t length = used->length;
		frame->offset = VIRTIO_NET_HEADROOM;
		frame->segments = 1;
		frame->flags = 0;
		frame->gso_type = VIRTIO_NET_GSO_NONE;
		frame->next = NULL;
		if (length - least > range) { /* wraps when it is too short: huge, so dropped */
			bad[bad_count++] = frame;
			continue;
		}
		length -= header;
		frame->length = length;
		bytes += length;
		*good++ = frame;
	}
	pair->receive.frames += (unsigned)(good - frames);
	pair->receive.bytes += bytes;
	if (bad_count)
		virtio_net_receive_drop(pair, bad, bad_count);
	return (unsigned)(good - frames);
}

int virtio_net_pair_receive(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count)
{
	struct virtqueue_used used[NET_BURST];
	unsigned done = 0;
	if (pair->receive.offload)
		return pair->receive.offload->receive(pair, frames, count);
	/* COUNT bounds what is looked at, not only what is found good: a device cannot keep us here with bad frames. */
	while (count > 0) {
		unsigned turn = count < NET_BURST ? count : NET_BURST;
		int got = virtio_queue_get(&pair->receive.queue, used, turn);
		if (got < 0 && done == 0)
			return got;
		if (got <= 0)
			break;
		done += receive_accept(pair, used, (unsigned)got, frames + done);
		if ((unsigned)got < turn)
			break;
		count -= turn;
	}
	return (int)done;
}

/* ---- transmit ---- */

/* What a plain frame of one segment has in place of segments, flags and gso_type: compared at once. */
static const struct virtio_net_frame plain_single = {.segments = 1};

/* Whether FRAME has one segment and asks for nothing. CHECKSUM_VALID asks for nothing either, but comes from offloads.
 */
NET_INLINE bool frame_is_plain_single(const struct virtio_net_frame *frame)
{
	uint32_t fields, plain;
	__builtin_memcpy(&fields, &frame->segments, sizeof fields);
	__builtin_memcpy(&plain, &plain_single.segments, sizeof plain);
	return fields == plain;
}

VIRTIO_STATIC_ASSERT(offsetof(struct virtio_net_frame, next) - offsetof(struct virtio_net_frame, segments) == 4,
	"segments, flags and gso_type are 4 bytes");

/* Describe plain frames of one segment, until COUNT or one that is something else. Nearly all frames pass through here;
 * not inlined, since the loop alone has enough registers. */
NET_ALONE void describe_singles(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count)
{
	/* Relaxed: a new MTU may be on its way (net_config.c). */
	const uint64_t longest = __atomic_load_n(&pair->transmit.longest, __ATOMIC_RELAXED);
	const uint64_t header = pair->header_size;
	struct virtio_net_frame *const *at = frames, *const *end = frames + count;
	struct virtqueue_single *single = burst->singles;
	uint64_t bytes = 0;
	for (; at < end; at++) {
		struct virtio_net_frame *frame = *at;
		if (!frame_is_plain_single(frame) ||
			!virtio_net_describe_single(frame, longest, header, &single->segment, &bytes))
			break;
		single++->token = frame;
	}
	burst->single = true;
	burst->count = (unsigned)(at - frames);
	burst->bytes = bytes;
}

/* Describe a burst: frames of one segment as long as there are any, or else those of another kind. */
static void describe_transmit(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count)
{
	if (pair->transmit.offload) {
		pair->transmit.offload->describe(pair, burst, frames, count);
		return;
	}
	burst->count = 0;
	if (!pair->own_header)
		describe_singles(pair, burst, frames, count);
	if (burst->count == 0)
		virtio_net_describe_others(pair, burst, frames, count);
}

/* Put frames into the ring, without telling the device. Results as virtio_net_pair_transmit. */
static int transmit_add(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		describe_transmit(pair, &burst, frames + done, turn);
		int added = burst.count == 0 ? burst.error
			    : burst.single
				    ? virtio_queue_add_singles(&pair->transmit.queue, burst.singles, burst.count, false)
				    : virtio_queue_add(&pair->transmit.queue, burst.buffers, burst.count);
		if (added <= 0)
			return done ? (int)done : added;
		pair->transmit.bytes += (unsigned)added == burst.count
						? burst.bytes
						: virtio_net_frames_bytes(frames + done, (unsigned)added);
		done += (unsigned)added;
	}
	return (int)done;
}

int virtio_net_pair_transmit(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	if (!__atomic_load_n(&pair->enabled, __ATOMIC_RELAXED))
		return VIRTIO_ERR_INVALID;
	int added = transmit_add(pair, frames, count);
	if (added <= 0)
		return added;
	pair->transmit.frames += (unsigned)added;
	pair->transmit.under_way += (unsigned)added;
	virtio_queue_submit(&pair->transmit.queue);
	return added;
}

int virtio_net_pair_transmitted(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count)
{
	/* The used length says nothing here, and some devices write rubbish there (5.1.6.1): tokens are all we need. */
	int got = virtio_queue_get_tokens(&pair->transmit.queue, (void **)frames, count);
	if (got > 0)
		pair->transmit.under_way -= (unsigned)got;
	return got;
}

/* ---- interrupts ---- */

bool virtio_net_pair_enable_receive_interrupts(struct virtio_net_pair *pair)
{
	return virtqueue_enable_interrupts(&pair->receive.queue.ring, 1);
}

void virtio_net_pair_disable_receive_interrupts(struct virtio_net_pair *pair)
{
	virtqueue_disable_interrupts(&pair->receive.queue.ring);
}

bool virtio_net_pair_enable_transmit_interrupts(struct virtio_net_pair *pair)
{
	uint32_t most = pair->transmit.under_way / 4 * 3;
	return virtqueue_enable_interrupts(&pair->transmit.queue.ring, (uint16_t)(most ? most : 1));
}

void virtio_net_pair_disable_transmit_interrupts(struct virtio_net_pair *pair)
{
	virtqueue_disable_interrupts(&pair->transmit.queue.ring);
}
