/* SPDX-License-Identifier: ISC */
/* Both ends of one virtqueue, and the few steps that most tests of a ring are made of. */
#ifndef TEST_UNIT_FAKE_RING_PAIR_H
#define TEST_UNIT_FAKE_RING_PAIR_H

#include "fake/device.h"

#include <virtio/virtqueue.h>

/* The driver's end and the device's. */
struct ring_pair {
	struct virtqueue vq;
	struct fake_device_ring device;
	struct virtio_segment memory; /* DMA memory that buffers are cut from */
	const struct fake_device_ops *kind;
};

/* Set up a virtqueue of a KIND and attach the fake device to it. Fails the test if that does not work. */
void ring_pair_open(struct ring_pair *pair, const struct fake_device_ops *kind, uint16_t size, uint16_t max_segments,
	uint64_t features);

/* Reset the device, and free the virtqueue. */
void ring_pair_close(struct ring_pair *pair);

/* For lies: the same with HELD buffers of 2 descriptors each, tokens 1 to HELD, published. */
void ring_pair_open_held(
	struct ring_pair *pair, const struct fake_device_ops *kind, uint16_t size, unsigned held, uint64_t features);

/*
 * Fail the test unless the virtqueue is broken and says so to every call, until it is restarted after a reset, and
 * then works. Ends with ring_pair_close.
 */
void ring_pair_close_broken(struct ring_pair *pair);

/* LENGTH bytes of the pair's memory at OFFSET. */
struct virtio_segment ring_pair_segment(const struct ring_pair *pair, uint32_t offset, uint32_t length);

/*
 * Add one buffer with TOKEN, of READABLE and then WRITABLE segments of 16 bytes each. Returns what virtqueue_add does.
 * The device does not see it yet.
 */
int ring_pair_add(struct ring_pair *pair, void *token, uint16_t readable, uint16_t writable);

/* The same for one writable segment, published; fails the test if it does not go in. Returns whether to notify. */
bool ring_pair_send(struct ring_pair *pair, void *token);

/*
 * Let the device take one buffer and return it with LENGTH; returns whether it interrupts. Fails the test if there
 * is none.
 */
bool ring_pair_serve(struct ring_pair *pair, uint32_t length);

/* Take one used buffer: its token. Fails the test unless there is one. LENGTH may be NULL. */
void *ring_pair_get(struct ring_pair *pair, uint32_t *length);

/*
 * Run BODY on a pair of SIZE entries, opened and closed around it, for each kind of ring with each combination of
 * EVENT_IDX and INDIRECT_DESC. Kinds that do not have that size are left out.
 */
void ring_pair_over_all(uint16_t size, uint16_t max_segments, void (*body)(struct ring_pair *pair));

/* A token made of a NUMBER. */
void *ring_pair_token(uintptr_t number);

#endif
