/* SPDX-License-Identifier: ISC */
/*
 * Frames through the queues, as they are (VIRTIO 5.1.6): described in place, in bursts, with nothing allocated and
 * nothing copied. Tokens in the ring are the frames themselves, and the device's header lies right before the data: in
 * the same descriptor, or, where `apart`, in one of its own (5.1.6.6). Here the header says nothing; where it does,
 * direction.offload takes over (net_offload.c).
 */
#include "driver/net_internal.h"

/* LENGTH bytes of the memory of FRAME, from START on. */
NET_INLINE struct virtio_segment span(const struct virtio_net_frame *frame, uint64_t start, uint64_t length)
{
	return (struct virtio_segment){frame->buffer + start, frame->device_address + start, (uint32_t)length};
}

/* Put BURST into the ring. Results as virtqueue_add. */
NET_INLINE int burst_add(struct virtio_queue *queue, const struct net_burst *burst, bool writable)
{
	return burst->single ? virtio_queue_add_singles(queue, burst->singles, burst->count, writable)
			     : virtio_queue_add(queue, burst->buffers, burst->count);
}

/* ---- receive ---- */

/* Describe all of FRAME's memory behind the headroom, and the header before it, as one buffer to receive into. */
NET_ALONE void describe_buffer(
	const struct virtio_net_pair *pair, struct net_burst *burst, unsigned at, struct virtio_net_frame *frame)
{
	struct virtio_segment *segments = &burst->segments[2 * (size_t)at];
	uint64_t start = VIRTIO_NET_HEADROOM - pair->header_size;
	burst->single = !pair->own_header;
	burst->count = at + 1;
	if (burst->single) {
		burst->singles[at] = (struct virtqueue_single){span(frame, start, frame->capacity - start), frame};
		return;
	}
	segments[0] = span(frame, start, pair->header_size);
	segments[1] = span(frame, VIRTIO_NET_HEADROOM, frame->capacity - VIRTIO_NET_HEADROOM);
	burst->buffers[at] = (struct virtqueue_buffer){segments, frame, 0, 2};
}

/* Describe frames of one segment, until COUNT or one that is something else. */
NET_INLINE void describe_receive(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool apart)
{
	const uint32_t least = pair->receive.least;
	const uint64_t start = VIRTIO_NET_HEADROOM - pair->header_size;
	unsigned i;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		if (frame->capacity < least || frame->segments > 1)
			break;
		if (apart)
			describe_buffer(pair, burst, i, frame);
		else
			burst->singles[i] =
				(struct virtqueue_single){span(frame, start, frame->capacity - start), frame};
	}
	burst->single = !apart;
	burst->count = i;
}

/* Whether all segments of FRAME are there and large enough. */
static bool receive_chain_valid(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame)
{
	for (unsigned left = frame->segments; left > 0; left--, frame = frame->next)
		if (!frame || frame->capacity < pair->receive.least)
			return false;
	return true;
}

/* Add FRAME of several segments, each of which becomes a buffer, or nothing: 1, 0 without room, or an error. */
NET_ALONE int receive_add_chain(struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	struct virtqueue *ring = &pair->receive.queue.ring;
	unsigned left = frame->segments;
	unsigned descriptors = pair->own_header && !ring->tables ? 2 : 1;
	struct net_burst burst;
	if (!pair->merge || left <= 1 || !receive_chain_valid(pair, frame))
		return VIRTIO_ERR_INVALID;
	if (ring->fault)
		return VIRTIO_ERR_PROTOCOL;
	if (left * descriptors > ring->free_count)
		return 0;
	while (left > 0) {
		unsigned turn = left < NET_BURST ? left : NET_BURST;
		for (unsigned i = 0; i < turn; i++, frame = frame->next)
			describe_buffer(pair, &burst, i, frame);
		/* All go in: there was room, and nothing is wrong with them. */
		if (burst_add(&pair->receive.queue, &burst, true) != (int)turn)
			return VIRTIO_ERR_PROTOCOL;
		left -= turn;
	}
	return 1;
}

int virtio_net_receive_add(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		if (pair->own_header)
			describe_receive(pair, &burst, frames + done, turn, true);
		else
			describe_receive(pair, &burst, frames + done, turn, false);
		int added = burst.count ? burst_add(&pair->receive.queue, &burst, true)
					: receive_add_chain(pair, frames[done]);
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

void virtio_net_receive_drop(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count)
{
	int released = virtio_net_pair_release(pair, frames, count);
	pair->receive.dropped += count;
	for (unsigned i = released > 0 ? (unsigned)released : 0; i < count; i++) {
		struct virtio_net_frame *part = frames[i];
		for (unsigned left = part->segments; left > 0; left--) {
			struct virtio_net_frame *next = part->next;
			part->next = pair->receive.lost;
			pair->receive.lost = part;
			part = next;
		}
	}
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

/* Why the first segment of FRAME, or their number, is wrong. */
static int transmit_error(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame, uint32_t longest)
{
	if (frame->offset < VIRTIO_NET_HEADROOM || frame->length == 0 || frame->segments == 0)
		return VIRTIO_ERR_INVALID;
	if (frame->length > longest || frame->segments > pair->net->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	return VIRTIO_ERR_INVALID;
}

/* Describe the second and later segments of FRAME, and add up *BYTES. 0, or an error. */
static int describe_rest(const struct virtio_net_frame *frame, struct virtio_segment *segments, uint64_t *bytes)
{
	const struct virtio_net_frame *part = frame->next;
	for (int left = frame->segments - 1; left > 0; left--, part = part->next) {
		if (!part || part->length == 0 || (uint64_t)part->offset + part->length > part->capacity)
			return VIRTIO_ERR_INVALID;
		*segments++ = (struct virtio_segment){
			part->buffer + part->offset, part->device_address + part->offset, part->length};
		*bytes += part->length;
	}
	return 0;
}

/*
 * Describe the first segment of FRAME, and the header before it: in one segment or, where APART, in two. The header is
 * all zeros, since a plain frame asks for nothing (5.1.6.2). Adds its length to *BYTES. False: something is wrong.
 */
NET_INLINE bool describe_first(const struct virtio_net_frame *frame, uint64_t longest, uint64_t header, bool apart,
	struct virtio_segment *segments, uint64_t *bytes)
{
	uint64_t offset = frame->offset, length = frame->length; /* wide: their sum does not wrap */
	if (offset < VIRTIO_NET_HEADROOM || length - 1 >= longest || offset + length > frame->capacity)
		return false;
	*bytes += length;
	segments[0] = span(frame, offset - header, header + (apart ? 0 : length));
	if (apart)
		segments[1] = span(frame, offset, length);
	__builtin_memset(frame->buffer + offset - VIRTIO_NET_HDR_SIZE, 0, VIRTIO_NET_HDR_SIZE);
	return true;
}

int virtio_net_describe_chain(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame,
	uint32_t longest, struct virtio_segment *segments, uint64_t *bytes)
{
	int first = pair->own_header ? 2 : 1;
	if (frame->segments == 0 || frame->segments > pair->net->max_segments)
		return transmit_error(pair, frame, longest);
	*bytes = 0;
	if (!describe_first(frame, longest, pair->header_size, pair->own_header, segments, bytes))
		return transmit_error(pair, frame, longest);
	int result = describe_rest(frame, segments + first, bytes);
	if (result < 0)
		return result;
	return *bytes > longest ? VIRTIO_ERR_TOO_LARGE : first + frame->segments - 1;
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
			!describe_first(frame, longest, header, false, &single->segment, &bytes))
			break;
		single++->token = frame;
	}
	burst->single = true;
	burst->count = (unsigned)(at - frames);
	burst->bytes = bytes;
}

/* Describe a plain FRAME of any number of segments. Results as virtio_net_describe_chain. */
NET_INLINE int describe_plain(const struct virtio_net_pair *pair, struct virtio_net_frame *frame,
	struct virtio_segment *segments, uint64_t *bytes)
{
	uint32_t longest = __atomic_load_n(&pair->transmit.longest, __ATOMIC_RELAXED);
	int used = virtio_net_describe_chain(pair, frame, longest, segments, bytes);
	if (used >= 0 && (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM || frame->gso_type != VIRTIO_NET_GSO_NONE))
		return VIRTIO_ERR_UNSUPPORTED;
	return used;
}

NET_ALONE void describe_others(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count)
{
	virtio_net_describe_burst(pair, burst, frames, count, describe_plain);
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
		describe_others(pair, burst, frames, count);
}

/* Put frames into the ring, without telling the device. Results as virtio_net_pair_transmit. */
static int transmit_add(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count)
{
	struct net_burst burst;
	unsigned done = 0;
	while (done < count) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		describe_transmit(pair, &burst, frames + done, turn);
		int added = burst.count ? burst_add(&pair->transmit.queue, &burst, false) : burst.error;
		if (added <= 0)
			return done ? (int)done : added;
		pair->transmit.bytes +=
			(unsigned)added == burst.count ? burst.bytes : frames_bytes(frames + done, (unsigned)added);
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
