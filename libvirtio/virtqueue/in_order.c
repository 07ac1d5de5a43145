/* SPDX-License-Identifier: ISC */
/* Rings that are used in order: which buffers a used record stands for (VIRTIO 2.7.9, 2.8.9). */
#include "virtqueue/in_order.h"

/* The slot of the buffer after the one in slot AT. */
VIRTQUEUE_ALONE unsigned next_buffer(const struct virtqueue *vq, unsigned at, bool chains)
{
	for (unsigned slots = chains ? vq->slots[at].descriptors : 1; slots > 0; slots--)
		at = vq->slots[at].next;
	return at;
}

bool virtqueue_in_order_begin(struct virtqueue *vq, uint32_t id, uint32_t length, unsigned limit, bool chains)
{
	const struct virtqueue_slot *slots = vq->slots;
	unsigned at = vq->oldest;
	unsigned count = 1;

	/* Every one up to ID must be there, or the promise of order was broken. */
	for (; at != id && count < limit && slots[at].token; count++)
		at = slots[at].descriptors == 1 ? slots[at].next : next_buffer(vq, at, chains);
	if (at != id || !slots[at].token) {
		virtqueue_break(vq, "used id out of order");
		return false;
	}
	vq->batch = (uint16_t)count;
	vq->batch_length = length;
	return true;
}

unsigned virtqueue_in_order_take(struct virtqueue *vq, struct virtqueue_used *taken, void **tokens, unsigned count,
	unsigned *descriptors, bool chains)
{
	unsigned room = vq->batch < count ? vq->batch : count;
	struct virtqueue_slot *slots = vq->slots;
	unsigned at = vq->oldest;
	unsigned sum = 0;

	for (unsigned i = 0; i < room; i++) {
		struct virtqueue_slot *slot = &slots[at];

		if (taken) /* of all but the last no length is known: all of it counts */
			taken[i] = (struct virtqueue_used){slot->token, slot->writable};
		else
			tokens[i] = slot->token;
		at = slot->descriptors == 1 ? slot->next : next_buffer(vq, at, chains);
		sum += slot->descriptors;
		slot->token = NULL;
		slot->descriptors = 1;
	}
	if (taken && room == vq->batch && vq->batch_length < taken[room - 1].length)
		taken[room - 1].length = vq->batch_length;
	vq->batch = (uint16_t)(vq->batch - room);
	vq->oldest = (uint16_t)at;
	vq->free_count = (uint16_t)(vq->free_count + sum);
	*descriptors = sum;
	return room;
}
