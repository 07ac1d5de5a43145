/* SPDX-License-Identifier: ISC */
/*
 * The split virtqueue of a device that uses buffers in order (VIRTIO 2.7.9). Descriptors are then taken one after the
 * other, around the table, as that section wants it: it is the circle of in_order.h. The record of a batch lies where
 * that of its first buffer would; the next record lies a batch further on.
 */
#include "virtqueue/in_order.h"
#include "virtqueue/split_ring.h"

/* Look at the next record, which stands for READY buffers at most. False: there is none, or the ring is broken. */
static bool next_batch(struct virtqueue *vq, unsigned ready)
{
	const struct used *used = vq->device;
	const struct virtq_used_elem *entry = &used->ring[vq->seen & vq->mask];

	/* Relaxed, once each: the acquire of the index orders them. */
	return ready && virtqueue_in_order_begin(
				vq, virtio_load_relaxed32(&entry->id), virtio_load_relaxed32(&entry->len), ready, true);
}

/* The fast path: up to COUNT of the READY buffers that have one segment and a record each. Returns how many. */
VIRTQUEUE_INLINE unsigned take_run(struct virtqueue *vq, struct virtqueue_used *taken, unsigned count, unsigned ready)
{
	unsigned position = vq->seen & (unsigned)vq->mask;
	const struct virtq_used_elem *entry = ((const struct used *)vq->device)->ring + position;
	struct virtqueue_slot *slots = vq->slots;
	unsigned room = vq->size - position;
	uint32_t at = vq->oldest;
	unsigned left;

	room = room < ready ? room : ready;
	room = room < count ? room : count;
	for (left = room; left > 0; left--, entry++) {
		struct virtqueue_slot *slot = &slots[at];

		if (virtio_load_relaxed32(&entry->id) != at || !slot->token || slot->descriptors != 1)
			break;
		*taken++ = virtqueue_taken(slot, virtio_load_relaxed32(&entry->len));
		slot->token = NULL;
		at = slot->next;
	}
	room -= left;
	vq->oldest = (uint16_t)at;
	vq->free_count = (uint16_t)(vq->free_count + room);
	vq->seen = (uint16_t)(vq->seen + room);
	return room;
}

VIRTQUEUE_INLINE int take_all(
	struct virtqueue *vq, struct virtqueue_used *used, void **tokens, unsigned count, bool lengths)
{
	unsigned done = 0;
	unsigned ready;
	unsigned descriptors;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	ready = split_waiting(vq);
	if (ready > split_held(vq))
		return virtqueue_break(vq, "used index jumped");
	if (lengths && !vq->batch) {
		done = take_run(vq, used, count, ready);
		used += done;
		ready -= done;
	}
	while (done < count && (vq->batch || next_batch(vq, ready))) {
		unsigned taken = virtqueue_in_order_take(vq, used, tokens, count - done, &descriptors, true);

		vq->seen = (uint16_t)(vq->seen + taken);
		ready -= taken;
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

const struct virtqueue_ops virtqueue_split_in_order_ops = {
	.name = "split in-order",
	.feature = VIRTIO_F_IN_ORDER,
	.init = virtqueue_split_init,
	.restart = virtqueue_split_disable_interrupts,
	.add = virtqueue_split_add,
	.add_singles = virtqueue_split_add_singles,
	.publish = virtqueue_split_publish,
	.get = in_order_get,
	.get_tokens = in_order_get_tokens,
	.enable_interrupts = virtqueue_split_enable_interrupts,
	.disable_interrupts = virtqueue_split_disable_interrupts,
};
