/* SPDX-License-Identifier: ISC */
/* Rings that are used in order: which buffers a used record stands for (VIRTIO 2.7.9, 2.8.9). */
#include "virtqueue/in_order.h"

/* The slot of the buffer after the one in slot AT. */
static uint16_t next_buffer(const struct virtqueue *vq, uint16_t at, bool chains)
{
	for (unsigned slots = chains ? vq->slots[at].descriptors : 1; slots > 0; slots--)
		at = vq->slots[at].next;
	return at;
}

bool virtqueue_in_order_begin(struct virtqueue *vq, uint32_t id, uint32_t length, unsigned limit, bool chains)
{
	uint16_t at = vq->oldest;
	unsigned count = 1;

	/* Every one up to ID must be there, or the promise of order was broken. */
	while (at != id && count < limit && vq->slots[at].token) {
		at = next_buffer(vq, at, chains);
		count++;
	}
	if (at != id || !vq->slots[at].token) {
		virtqueue_break(vq, "used id out of order");
		return false;
	}
	vq->batch = (uint16_t)count;
	vq->batch_length = length;
	return true;
}

unsigned virtqueue_in_order_take(struct virtqueue *vq, struct virtqueue_used *taken, bool chains)
{
	struct virtqueue_slot *slot = &vq->slots[vq->oldest];
	unsigned descriptors = slot->descriptors;
	bool told = --vq->batch == 0; /* of the others no length is known: all of them counts */

	vq->oldest = next_buffer(vq, vq->oldest, chains);
	taken->token = slot->token;
	taken->length = told && vq->batch_length < slot->writable ? vq->batch_length : slot->writable;
	slot->token = NULL;
	slot->descriptors = 1;
	vq->free_count = (uint16_t)(vq->free_count + descriptors);
	return descriptors;
}
