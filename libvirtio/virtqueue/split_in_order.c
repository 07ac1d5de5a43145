/* SPDX-License-Identifier: ISC */
/*
 * The split virtqueue of a device that uses buffers in order (VIRTIO 2.7.9). Descriptors are then taken one after the
 * other, around the table, as that section wants it: it is the circle of in_order.h. The record of a batch lies where
 * that of its first buffer would; the next record lies a batch further on.
 */
#include "virtqueue/in_order.h"
#include "virtqueue/split_ring.h"

/* Look for the next record. False: there is none, or the ring is broken. */
static bool next_batch(struct virtqueue *vq)
{
	const struct used *used = vq->device;
	const struct virtq_used_elem *entry = &used->ring[vq->seen & vq->mask];
	unsigned ready = split_waiting(vq);

	if (ready > split_held(vq))
		virtqueue_break(vq, "used index jumped");
	if (ready == 0 || vq->fault)
		return false;
	/* Relaxed, once each: the acquire of the index orders them. */
	return virtqueue_in_order_begin(
		vq, virtio_load_relaxed32(&entry->id), virtio_load_relaxed32(&entry->len), ready, true);
}

static int in_order_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	unsigned done;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	for (done = 0; done < count && (vq->batch || next_batch(vq)); done++) {
		virtqueue_in_order_take(vq, &used[done], true);
		vq->seen++;
	}
	return done || !vq->fault ? (int)done : VIRTIO_ERR_PROTOCOL;
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
	.get_tokens = virtqueue_get_tokens_slowly,
	.enable_interrupts = virtqueue_split_enable_interrupts,
	.disable_interrupts = virtqueue_split_disable_interrupts,
};
