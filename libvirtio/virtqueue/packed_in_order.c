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

static int in_order_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	unsigned done;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	for (done = 0; done < count && (vq->batch || next_batch(vq)); done++) {
		vq->seen = packed_advance(vq, vq->seen, virtqueue_in_order_take(vq, &used[done], false));
		vq->held--;
	}
	return done || !vq->fault ? (int)done : VIRTIO_ERR_PROTOCOL;
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
	.get_tokens = virtqueue_get_tokens_slowly,
	.enable_interrupts = in_order_enable_interrupts,
	.disable_interrupts = virtqueue_packed_disable_interrupts,
};
