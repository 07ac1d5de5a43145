/* SPDX-License-Identifier: ISC */
/*
 * The device's end of a virtqueue (VIRTIO 2.7, 2.8) and nothing more: it believes the driver, uses buffers in order,
 * and counts what a real one would cost. test/unit/fake/device.h is the strict one; this one is for measuring.
 */
#ifndef TEST_BENCH_EXACT_DEVICE_H
#define TEST_BENCH_EXACT_DEVICE_H

#include <virtio/virtqueue.h>

struct device_ring {
	struct virtqueue_addresses addresses; /* the driver's memory, which lies where it says */
	uint64_t features;                    /* negotiated */
	uint16_t size;                        /* entries */
	uint16_t next;                        /* split: index of the next buffer; packed: its slot */
	bool wrapped;                         /* packed: the lap is an odd one, whose wrap counter is 0 */
	uint16_t at;                          /* packed: slot where the buffer being taken begins */
	unsigned notifications;               /* that the driver sent */
	unsigned interrupts;                  /* that the driver asked for */
};

/* Be the device of the virtqueue of SIZE entries at ADDRESSES. */
void device_attach(
	struct device_ring *ring, const struct virtqueue_addresses *addresses, uint16_t size, uint64_t features);

/*
 * Use up to COUNT of the available buffers, say that LENGTH bytes were written to each, and interrupt once if that is
 * asked for. A last element of one byte that may be written gets a 0: the status of a block request. Returns how many.
 */
unsigned device_use(struct device_ring *ring, unsigned count, uint32_t length);

#endif
