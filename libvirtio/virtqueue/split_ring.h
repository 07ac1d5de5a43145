/* SPDX-License-Identifier: ISC */
/* What the two split rings share: where things are, and all but the way in which used buffers are taken. */
#ifndef LIBVIRTIO_VIRTQUEUE_SPLIT_RING_H
#define LIBVIRTIO_VIRTQUEUE_SPLIT_RING_H

#include <virtio/spec/split.h>
#include <virtio/virtqueue.h>

#include "base/barrier.h"

/* The available ring (2.7.6). */
struct available {
	struct virtq_avail head;
	struct le16 ring[];
};

/* The used ring (2.7.8). */
struct used {
	struct virtq_used head;
	struct virtq_used_elem ring[];
};

/* How many buffers the device holds: published and not taken back. */
static inline uint16_t split_held(const struct virtqueue *vq)
{
	return (uint16_t)(vq->published - vq->seen);
}

/* How many used entries wait for us. More than the device holds: it lies. */
static inline uint16_t split_waiting(const struct virtqueue *vq)
{
	const struct used *used = vq->device;

	/* Acquire: the entries up to this index, and the data behind them, are what the device wrote before it. */
	return (uint16_t)(virtio_load_acquire16(&used->head.idx) - vq->seen);
}

/* The calls of both, in split.c. */
int virtqueue_split_init(struct virtqueue *vq, const struct virtqueue_config *config);
int virtqueue_split_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count);
int virtqueue_split_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable);
bool virtqueue_split_publish(struct virtqueue *vq);
bool virtqueue_split_enable_interrupts(struct virtqueue *vq, uint16_t after);
void virtqueue_split_disable_interrupts(struct virtqueue *vq);

#endif
