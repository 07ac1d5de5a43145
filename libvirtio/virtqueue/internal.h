/* SPDX-License-Identifier: ISC */
/*
 * What the kinds of ring share: memory, slots (what we know of each buffer, out of the device's reach), and
 * the arithmetic of event indices. Nothing here knows how a ring is laid out.
 */
#ifndef LIBVIRTIO_VIRTQUEUE_INTERNAL_H
#define LIBVIRTIO_VIRTQUEUE_INTERNAL_H

#include <virtio/spec/features.h>
#include <virtio/spec/split.h>
#include <virtio/virtqueue.h>

#include "base/log.h"

/* What is inlined and what is not was measured (docs/performance.md). */
#define VIRTQUEUE_INLINE static inline __attribute__((always_inline))
#define VIRTQUEUE_ALONE static __attribute__((noinline))

/* Keeps the areas apart, so that the device's stores do not take our cache lines away. */
#define VIRTQUEUE_CACHE_LINE 64

/*
 * virtqueue.c: allocate RING_BYTES of device memory, aligned to ALIGNMENT, at vq->descriptors, the slots, and
 * the tables if the features and max_segments ask for them. 0, or VIRTIO_ERR_NO_MEMORY; virtqueue_free frees
 * what is there.
 */
int virtqueue_allocate(
	struct virtqueue *vq, const struct virtqueue_config *config, size_t ring_bytes, size_t alignment);

/* slots.c: forget all buffers; every slot is free, in order. */
void virtqueue_slots_reset(struct virtqueue *vq);

/*
 * slots.c: give back all but one descriptor of the chain that starts at HEAD, which becomes one of a single
 * descriptor. Returns the chain's last slot, which the caller links to the free list.
 */
struct virtqueue_slot *virtqueue_slots_chain(struct virtqueue *vq, struct virtqueue_slot *head);

/* The device cannot be believed any more: WHY is a constant text. Returns what the call answers. */
static inline int virtqueue_break(struct virtqueue *vq, const char *why)
{
	vq->fault = VIRTIO_MESSAGE(why);
	return VIRTIO_ERR_PROTOCOL;
}

/* How many segments BUFFER has. */
static inline unsigned virtqueue_segments(const struct virtqueue_buffer *buffer)
{
	return (unsigned)buffer->readable + buffer->writable;
}

/* What to tell of the buffer in SLOT, of which the device says that it wrote LENGTH bytes. */
VIRTQUEUE_INLINE struct virtqueue_used virtqueue_taken(const struct virtqueue_slot *slot, uint32_t length)
{
	return (struct virtqueue_used){slot->token, length < slot->writable ? length : slot->writable};
}

/* Adds one buffer of so many segments: 1, 0 when there is no room, or what is wrong. */
typedef int virtqueue_add_one(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned segments);

/* Add one buffer of any shape: INDIRECT where it has several segments and there are tables, else DIRECT. */
VIRTQUEUE_INLINE int virtqueue_add_any(struct virtqueue *vq, const struct virtqueue_buffer *buffer,
	virtqueue_add_one *direct, virtqueue_add_one *indirect)
{
	unsigned count = virtqueue_segments(buffer);

	if (!buffer->token || count == 0)
		return VIRTIO_ERR_INVALID;
	if (count > vq->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	return count > 1 && vq->tables ? indirect(vq, buffer, count) : direct(vq, buffer, count);
}

/* Add COUNT buffers, one by one. Results as virtqueue_add. */
VIRTQUEUE_INLINE int virtqueue_add_each(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count,
	virtqueue_add_one *direct, virtqueue_add_one *indirect)
{
	unsigned done;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	for (done = 0; done < count; done++) {
		int result = virtqueue_add_any(vq, &buffers[done], direct, indirect);

		if (result <= 0)
			return done ? (int)done : result;
	}
	return (int)done;
}

/* Add COUNT singles: RUN takes them up to the end of the ring, so two are enough. Results as virtqueue_add_singles. */
VIRTQUEUE_INLINE int virtqueue_add_runs(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count,
	unsigned (*run)(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count))
{
	unsigned done;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	done = run(vq, singles, count);
	if (done < count)
		done += run(vq, singles + done, count - done);
	return (int)done;
}

/*
 * 2.7.7, 2.7.10: whether moving an index from OLD to NOW passed EVENT, the index after which the other side wants to
 * hear of it. Indices run freely, so it is the distances that count.
 */
static inline bool virtqueue_event_passed(uint16_t event, uint16_t now, uint16_t old)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

#endif
