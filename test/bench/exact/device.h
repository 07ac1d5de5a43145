/* SPDX-License-Identifier: ISC */
/*
 * The device's end of a virtqueue (VIRTIO 2.7, 2.8) and nothing more: it believes the driver, uses buffers in order,
 * and counts what a real one would cost. test/unit/fake/device.h is the strict one; this one is for measuring.
 */
#ifndef TEST_BENCH_EXACT_DEVICE_H
#define TEST_BENCH_EXACT_DEVICE_H

#include <virtio/virtqueue.h>

/* Where the device tells of used buffers: of several at once if they are used in order, and completely (2.7.9). */
struct device_record {
	uint16_t place; /* split: index; packed: slot */
	bool wrapped;   /* packed: as device_ring */
	bool open;      /* there are such buffers */
};

struct device_ring {
	struct virtqueue_addresses addresses; /* the driver's memory, which lies where it says */
	uint64_t features;                    /* negotiated */
	uint16_t size;                        /* entries */
	uint16_t next;                        /* split: index of the next buffer; packed: its slot */
	bool wrapped;                         /* packed: the lap is an odd one, whose wrap counter is 0 */
	uint16_t at;                          /* packed: slot where the buffers that are being used begin */
	struct device_record record;          /* of buffers that were used and not told of */
	unsigned notifications;               /* that the driver sent */
	unsigned interrupts;                  /* that the driver asked for */
};

/* Be the device of the virtqueue of SIZE entries at ADDRESSES. */
void device_attach(
	struct device_ring *ring, const struct virtqueue_addresses *addresses, uint16_t size, uint64_t features);

/*
 * Use up to COUNT of the available buffers, say that LENGTH bytes were written to each, and interrupt once if that is
 * asked for. With IN_ORDER, buffers of which all that may be written was are told of with one record. A last element
 * of one byte that may be written gets a 0: the status of a block request. Returns how many.
 */
unsigned device_use(struct device_ring *ring, unsigned count, uint32_t length);

#endif
