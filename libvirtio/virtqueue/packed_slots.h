/* SPDX-License-Identifier: ISC */
/*
 * Slots of a packed virtqueue (VIRTIO 2.8.1): places in the ring, and whose a slot is. A place is a slot's number and
 * the wrap counter of the lap, PVIRTQ_SLOT and PVIRTQ_WRAP together. vq->added is the first that was not filled in,
 * vq->published the first that the device was not told of, vq->seen the first that we did not see used.
 */
#ifndef LIBVIRTIO_VIRTQUEUE_PACKED_SLOTS_H
#define LIBVIRTIO_VIRTQUEUE_PACKED_SLOTS_H

#include <virtio/spec/packed.h>
#include <virtio/virtqueue.h>

#include "base/barrier.h"

#define PACKED_FLAGS (PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED) /* that tell whose a slot is */

/* 2.8.1: the flags by which a slot is available in the lap of PLACE. */
static inline unsigned packed_available_flags(uint16_t place)
{
	return place & PVIRTQ_WRAP ? PVIRTQ_DESC_F_AVAIL : PVIRTQ_DESC_F_USED;
}

/* 2.8.1: those of PACKED_FLAGS by which a slot is used in the lap of PLACE. */
static inline unsigned packed_used_flags(uint16_t place)
{
	return place & PVIRTQ_WRAP ? PACKED_FLAGS : 0;
}

static inline struct pvirtq_desc *packed_slot(const struct virtqueue *vq, uint16_t place)
{
	return (struct pvirtq_desc *)vq->descriptors + (place & PVIRTQ_SLOT);
}

/* PLACE moved on by SLOTS, at most once around the ring. */
static inline uint16_t packed_advance(const struct virtqueue *vq, uint16_t place, unsigned slots)
{
	unsigned slot = (place & PVIRTQ_SLOT) + slots;
	unsigned wrap = place & PVIRTQ_WRAP;

	return (uint16_t)(slot < vq->size ? slot | wrap : (slot - vq->size) | (wrap ^ PVIRTQ_WRAP));
}

/* Whether the device has used the slot at DESC, in the lap of which EXPECTED are the flags. */
static inline bool packed_is_used(const struct pvirtq_desc *desc, unsigned expected)
{
	/* HP-05: acquire, and once: id, length and data are what the device wrote before the flags. */
	return (virtio_load_acquire16(&desc->flags) & PACKED_FLAGS) == expected;
}

/* What the two packed rings have in common, in packed.c. */
int virtqueue_packed_init(struct virtqueue *vq, const struct virtqueue_config *config);
void virtqueue_packed_restart(struct virtqueue *vq);
int virtqueue_packed_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count);
int virtqueue_packed_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable);
bool virtqueue_packed_publish(struct virtqueue *vq);
void virtqueue_packed_disable_interrupts(struct virtqueue *vq);

/* Ask for an interrupt once the device is past AFTER slots, or as many as it has buffers. Returns how many. */
unsigned virtqueue_packed_ask(struct virtqueue *vq, uint16_t after);

#endif
