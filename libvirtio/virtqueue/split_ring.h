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

/* A descriptor's flags and next, as they lie behind its length in 64 bits. */
static inline uint64_t split_flags(unsigned flags, unsigned next)
{
	return (uint64_t)flags << 32 | (uint64_t)next << 48;
}

static inline void split_describe(struct virtq_desc *desc, uint64_t address, uint32_t length, uint64_t flags_next)
{
	struct le64 rest = le64_from(length | flags_next);

	desc->addr = le64_from(address);
	__builtin_memcpy((uint8_t *)desc + offsetof(struct virtq_desc, len), &rest, sizeof rest);
}

/* BUFFER, of which the device may write WRITABLE bytes, takes the DESCRIPTORS free ones before NEXT. Returns 1. */
static inline int split_add_described(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned descriptors,
	unsigned next, int64_t writable)
{
	struct available *available = vq->driver;
	struct virtqueue_slot *slot = &vq->slots[vq->free_head];

	slot->token = buffer->token;
	slot->writable = (uint32_t)writable;
	slot->descriptors = (uint16_t)descriptors;
	available->ring[vq->added++ & vq->mask] = le16_from(vq->free_head);
	vq->free_head = (uint16_t)next;
	vq->free_count = (uint16_t)(vq->free_count - descriptors);
	return 1;
}

/* split_chain.c: add BUFFER of COUNT segments as a chain of the ring's own descriptors: 1, 0 without room, an error. */
int virtqueue_split_add_chain(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned count);

/* The calls of both, in split.c. */
int virtqueue_split_init(struct virtqueue *vq, const struct virtqueue_config *config);
int virtqueue_split_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count);
int virtqueue_split_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable);
bool virtqueue_split_publish(struct virtqueue *vq);
bool virtqueue_split_enable_interrupts(struct virtqueue *vq, uint16_t after);
void virtqueue_split_disable_interrupts(struct virtqueue *vq);

#endif
