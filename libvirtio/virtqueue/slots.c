/* SPDX-License-Identifier: ISC */
/*
 * Slots: our own record of which buffer sits where, and of what is free. The device never sees it, so whatever it
 * writes to the ring, a buffer goes back to its owner once and the free list stays a list.
 */
#include "virtqueue/internal.h"

void virtqueue_slots_reset(struct virtqueue *vq)
{
	for (unsigned i = 0; i < vq->size; i++)
		vq->slots[i] = (struct virtqueue_slot){.descriptors = 1, .next = (uint16_t)(i + 1)};
	vq->slots[vq->size - 1].next = 0; /* in a circle, for rings that are used in order */
	vq->free_head = 0;
	vq->free_count = vq->size;
}

struct virtqueue_slot *virtqueue_slots_chain(struct virtqueue *vq, struct virtqueue_slot *head)
{
	struct virtqueue_slot *last = head;
	unsigned rest = head->descriptors - 1u;

	head->descriptors = 1;
	vq->free_count = (uint16_t)(vq->free_count + rest);
	while (rest--)
		last = &vq->slots[last->next];
	return last;
}

void *virtqueue_take_back(struct virtqueue *vq)
{
	while (vq->taken_back < vq->size) {
		struct virtqueue_slot *slot = &vq->slots[vq->taken_back++];
		void *token = slot->token;

		slot->token = NULL;
		if (token)
			return token;
	}
	return NULL;
}

void virtqueue_replace_tokens(struct virtqueue *vq, void *(*replace)(struct virtqueue *vq, void *token))
{
	for (unsigned i = 0; i < vq->size; i++)
		if (vq->slots[i].token)
			vq->slots[i].token = replace(vq, vq->slots[i].token);
}
