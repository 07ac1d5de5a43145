/* SPDX-License-Identifier: ISC */
/*
 * The device's end of a virtqueue for the fuzz targets, split or packed (VIRTIO 2.7, 2.8). It reads what the driver
 * made available, as far as that can be read, and writes what it is told to: right or wrong, into any part of the ring.
 */
#ifndef FUZZ_RINGS_H
#define FUZZ_RINGS_H

#include <virtio/virtqueue.h>

#include "input.h"

#define FUZZ_PARTS 40 /* elements of a buffer that are looked at */

/* A buffer that the device took. */
struct fuzz_chain {
	uint32_t id;
	uint16_t descriptors; /* slots that it takes in a packed ring */
	uint16_t count;       /* elements */
	uint32_t readable;    /* bytes of those that the device reads, */
	uint32_t writable;    /* and of those that it writes */
	struct {
		uint64_t address;
		uint32_t length;
		bool writable;
	} parts[FUZZ_PARTS];
};

/* Where the device stands in a ring. Zeroed, then fuzz_ring_start. */
struct fuzz_ring {
	struct virtqueue *vq; /* the driver's end, to know where the memory is */
	bool packed;
	bool wrap_seen, wrap_used; /* packed */
	uint16_t seen;             /* next to look at; split: a free-running index */
	uint16_t used;             /* next to use */
};

/* Start at the beginning of VQ, which has just been made or restarted. */
void fuzz_ring_start(struct fuzz_ring *ring, struct virtqueue *vq);

/* Take the next available buffer. False: there is none, or what stands there makes no sense. */
bool fuzz_ring_take(struct fuzz_ring *ring, struct fuzz_chain *chain);

/* Return ID, of a buffer of so many DESCRIPTORS, with LENGTH. Nothing is checked. */
void fuzz_ring_put(struct fuzz_ring *ring, uint32_t id, unsigned descriptors, uint32_t length);

/* Do something wrong, as INPUT says: move an index, write an entry, change flags or event fields, scribble. */
void fuzz_ring_attack(struct fuzz_ring *ring, struct fuzz_input *input);

/* Copy up to LENGTH bytes from OFFSET of what the device may read; how many there were. */
uint32_t fuzz_chain_read(const struct fuzz_chain *chain, uint32_t offset, void *bytes, uint32_t length);

/* Copy up to LENGTH BYTES to OFFSET of what it may write; how many went in. */
uint32_t fuzz_chain_write(const struct fuzz_chain *chain, uint32_t offset, const void *bytes, uint32_t length);

#endif
