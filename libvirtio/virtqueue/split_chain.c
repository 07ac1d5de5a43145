/* SPDX-License-Identifier: ISC */
/*
 * Buffers of several segments for devices without INDIRECT_DESC: a chain of the split ring's own descriptors (VIRTIO
 * 2.7.5). Free descriptors are linked already, by their slots, and stay linked so.
 */
#include "virtqueue/internal.h"
#include "virtqueue/split_ring.h"

/*
 * Descriptors are written before all is known to be right: they are free ones, which nobody sees before the slot and
 * the available ring tell.
 */
int virtqueue_split_add_chain(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned count)
{
	const struct virtio_segment *segment = buffer->segments;
	unsigned at = vq->free_head;
	uint64_t bytes = 0;
	uint64_t written = 0;

	if (count > vq->free_count)
		return 0;
	for (unsigned left = count; left > 0; left--, segment++) {
		struct virtq_desc *desc = (struct virtq_desc *)vq->descriptors + at;
		unsigned flags = left > 1 ? VIRTQ_DESC_F_NEXT : 0;

		if (segment->length == 0)
			return VIRTIO_ERR_INVALID;
		bytes += segment->length;
		if (left <= buffer->writable) {
			flags |= VIRTQ_DESC_F_WRITE;
			written += segment->length;
		}
		at = vq->slots[at].next;
		split_describe(desc, segment->device_address, segment->length, split_flags(flags, at));
	}
	if (bytes > UINT32_MAX)
		return VIRTIO_ERR_INVALID;
	return split_add_described(vq, buffer, count, at, (uint32_t)written);
}
