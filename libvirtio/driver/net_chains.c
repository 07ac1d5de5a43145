/* SPDX-License-Identifier: ISC */
/*
 * What few frames need: several segments, the device's header in a descriptor of its own (VIRTIO 5.1.6.6), going back
 * to the device unseen.
 */
#include "driver/net_internal.h"

int virtio_net_receive_add_apart(struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	const struct virtio_segment segments[2] = {
		virtio_net_span(frame, VIRTIO_NET_HEADROOM - pair->header_size, pair->header_size),
		virtio_net_span(frame, VIRTIO_NET_HEADROOM, frame->capacity - VIRTIO_NET_HEADROOM)};
	const struct virtqueue_buffer buffer = {segments, frame, 0, 2};
	return virtio_queue_add(&pair->receive.queue, &buffer, 1);
}

int virtio_net_receive_add_other(struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	if (frame->segments > 1)
		return pair->merge ? pair->receive.offload->add_chain(pair, frame) : VIRTIO_ERR_INVALID;
	return frame->capacity < pair->receive.least ? VIRTIO_ERR_INVALID : virtio_net_receive_add_apart(pair, frame);
}

void virtio_net_lose(struct virtio_net_pair *pair, struct virtio_net_frame *part, unsigned left)
{
	for (; left > 0; left--) {
		struct virtio_net_frame *next = part->next;
		part->next = pair->receive.lost;
		pair->receive.lost = part;
		part = next;
	}
}

void virtio_net_receive_drop(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count)
{
	int released = virtio_net_pair_release(pair, frames, count);
	pair->receive.dropped += count;
	for (unsigned i = released > 0 ? (unsigned)released : 0; i < count; i++)
		virtio_net_lose(pair, frames[i], frames[i]->segments);
}

int virtio_net_describe_chain(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame,
	uint32_t longest, struct virtio_segment *segments, uint64_t *bytes)
{
	const uint32_t header = pair->header_size;
	const struct virtio_net_frame *part = frame;
	struct virtio_segment *segment = segments + pair->own_header;
	unsigned left = frame->segments;
	uint64_t total = 0;
	if (left > pair->net->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	if (left == 0 || frame->offset < VIRTIO_NET_HEADROOM)
		return VIRTIO_ERR_INVALID;
	do {
		if (part->length == 0)
			return VIRTIO_ERR_INVALID;
		if ((total += part->length) > longest)
			return VIRTIO_ERR_TOO_LARGE;
		if ((uint64_t)part->offset + part->length > part->capacity)
			return VIRTIO_ERR_INVALID;
		*segment++ = virtio_net_span(part, part->offset, part->length);
		part = part->next;
	} while (--left > 0 && part);
	if (left > 0) /* it has fewer than it says */
		return VIRTIO_ERR_INVALID;
	segments[0] = virtio_net_span(frame, frame->offset - header, header + (pair->own_header ? 0 : frame->length));
	virtio_net_clear_header(frame);
	*bytes = total;
	return (int)(segment - segments);
}

/* Describe a plain FRAME of any number of segments. Results as virtio_net_describe_chain. */
NET_INLINE int describe_plain(const struct virtio_net_pair *pair, struct virtio_net_frame *frame,
	struct virtio_segment *segments, uint64_t *bytes)
{
	/* Relaxed: a new MTU may be on its way (net_config.c). */
	uint32_t longest = __atomic_load_n(&pair->transmit.longest, __ATOMIC_RELAXED);
	int used = virtio_net_describe_chain(pair, frame, longest, segments, bytes);
	if (used >= 0 && (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM || frame->gso_type != VIRTIO_NET_GSO_NONE))
		return VIRTIO_ERR_UNSUPPORTED;
	return used;
}

void virtio_net_describe_others(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count)
{
	virtio_net_describe_burst(pair, burst, frames, count, false, describe_plain);
}

uint64_t virtio_net_frames_bytes(struct virtio_net_frame *const *frames, unsigned count)
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
