/* SPDX-License-Identifier: ISC */
/*
 * Rings that are used in order (VIRTIO 2.7.9, 2.8.9). Slots stay in the circle in which virtqueue_slots_reset linked
 * them: free ones from vq->free_head on, those that the device holds from vq->oldest on, so adding needs to know
 * nothing of it. One used record may stand for a batch of buffers, whose last it names.
 */
#ifndef LIBVIRTIO_VIRTQUEUE_IN_ORDER_H
#define LIBVIRTIO_VIRTQUEUE_IN_ORDER_H

#include "virtqueue/internal.h"

/*
 * A used record names buffer ID, of which the device wrote LENGTH bytes, and may stand for up to LIMIT buffers. CHAINS:
 * a buffer has a slot for each of its descriptors (split), else one (packed). False: it cannot be, and the ring is
 * broken. True: vq->batch are to be taken.
 */
bool virtqueue_in_order_begin(struct virtqueue *vq, uint32_t id, uint32_t length, unsigned limit, bool chains);

/*
 * Take up to COUNT buffers of the batch, the oldest first, into TAKEN or, where that is NULL, into TOKENS. Returns how
 * many; *DESCRIPTORS is how many they had together.
 */
unsigned virtqueue_in_order_take(struct virtqueue *vq, struct virtqueue_used *taken, void **tokens, unsigned count,
	unsigned *descriptors, bool chains);

#endif
