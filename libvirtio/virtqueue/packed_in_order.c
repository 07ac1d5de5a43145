/* SPDX-License-Identifier: ISC */
/*
 * The packed virtqueue of a device that uses buffers in order (VIRTIO 2.8.9). The used slot of a batch lies where that
 * of its first buffer would; the next one lies behind the slots of all of them.
 */
#include "virtqueue/in_order.h"
#include "virtqueue/packed_slots.h"

/* Whether the device has used the next slot that it would. */
static bool any_used(const struct virtqueue *vq)
{
	return packed_is_used(packed_slot(vq, vq->seen), packed_used_flags(vq->seen));
}

/* Look for the next used slot. False: there is none, or the ring is broken. */
static bool next_batch(struct virtqueue *vq)
{
	const struct pvirtq_desc *desc = packed_slot(vq, vq->seen);

	if (!any_used(vq))
		return false;
	if (vq->held == 0)
		virtqueue_break(vq, "used buffer that it did not have");
	/* Relaxed, once each: the acquire of the flags orders them. */
	return !vq->fault && virtqueue_in_order_begin(vq, virtio_load_relaxed16(&desc->id),
				     virtio_load_relaxed32(&desc->len), vq->held, false);
}

/* The fast path: up to COUNT buffers that have one slot and a record each. Returns how many. */
VIRTQUEUE_INLINE unsigned take_run(struct virtqueue *vq, struct virtqueue_used *taken, unsigned count)
{
	const struct pvirtq_desc *desc = packed_slot(vq, vq->seen);
	struct virtqueue_slot *slots = vq->slots;
	unsigned expected = packed_used_flags(vq->seen);
	unsigned room = vq->size - (vq->seen & (unsigned)PVIRTQ_SLOT);
	uint16_t at = vq->oldest;
	unsigned left;

	room = room < vq->held ? room : vq->held;
	room = room < count ? room : count;
	for (left = room; left > 0 && packed_is_used(desc, expected); left--, desc++) {
		struct virtqueue_slot *slot = &slots[at];

		if (virtio_load_relaxed16(&desc->id) != at || !slot->token || slot->descriptors != 1)
			break;
		*taken++ = virtqueue_taken(slot, virtio_load_relaxed32(&desc->len));
		slot->token = NULL;
		at = slot->next;
	}
	room -= left;
	vq->oldest = at;
	vq->free_count = (uint16_t)(vq->free_count + room);
	vq->seen = packed_advance(vq, vq->seen, room);
	vq->held = (uint16_t)(vq->held - room);
	return room;
}

VIRTQUEUE_INLINE int take_all(
	struct virtqueue *vq, struct virtqueue_used *used, void **tokens, unsigned count, bool lengths)
{
	unsigned done = 0;
	unsigned descriptors;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	if (lengths && !vq->batch) {
		done = take_run(vq, used, count);
		used += done;
	}
	while (done < count && (vq->batch || next_batch(vq))) {
		unsigned taken = virtqueue_in_order_take(vq, used, tokens, count - done, &descriptors, false);

		vq->seen = packed_advance(vq, vq->seen, descriptors);
		vq->held = (uint16_t)(vq->held - taken);
		done += taken;
		if (lengths)
			used += taken;
		else
			tokens += taken;
	}
	return done || !vq->fault ? (int)done : VIRTIO_ERR_PROTOCOL;
}

static int in_order_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	return take_all(vq, used, NULL, count, true);
}

static int in_order_get_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return take_all(vq, NULL, tokens, count, false);
}

/* How far a batch reaches is known once it is taken: so any that waits counts. */
static bool in_order_enable_interrupts(struct virtqueue *vq, uint16_t after)
{
	virtqueue_packed_ask(vq, after);
	return vq->fault || vq->batch || any_used(vq);
}

const struct virtqueue_ops virtqueue_packed_in_order_ops = {
	.name = "packed in-order",
	.feature = VIRTIO_F_RING_PACKED | VIRTIO_F_IN_ORDER,
	.init = virtqueue_packed_init,
	.restart = virtqueue_packed_restart,
	.add = virtqueue_packed_add,
	.add_singles = virtqueue_packed_add_singles,
	.publish = virtqueue_packed_publish,
	.get = in_order_get,
	.get_tokens = in_order_get_tokens,
	.enable_interrupts = in_order_enable_interrupts,
	.disable_interrupts = virtqueue_packed_disable_interrupts,
};
