/* SPDX-License-Identifier: ISC */
/* What the files of the block guest share. */
#ifndef GUEST_BLK_GUEST_H
#define GUEST_BLK_GUEST_H

#include <virtio/blk.h>

#define GUEST_DISKS 8 /* with interrupts of their own */

/* What the command line asked for; main.c describes the words. */
struct guest_options {
	unsigned disks;      /* how many there must be, 0: at least one */
	uint64_t sectors;    /* of each disk to work on at most */
	uint64_t seed;       /* what to write to the first disk; one more for each further disk */
	uint64_t found;      /* what is on the first disk already, likewise */
	bool has_found;      /* whether that was given */
	uint16_t ring;       /* for virtio_blk_options */
	uint16_t segments;   /* likewise */
	uint16_t interrupts; /* how to wait */
	uint16_t queues;     /* likewise: so many there must be */
	uint16_t eject;      /* slot of the disk to pull out, 0: none */
	bool commands;       /* try all commands but reads and writes at the end */
	bool resize;         /* wait until the disk was resized */
	bool reset;          /* reset one queue while another is in use */
	bool unmapped;       /* do without the map_device hook */
	uint16_t find;       /* where to look for disks */
};

/* pattern.c: fill MEMORY with COUNT sectors of the pattern, from SECTOR on. */
void pattern_fill(uint8_t *memory, uint64_t sector, uint64_t count, uint64_t seed);

/* pattern.c: whether that is there; else *WRONG is the first sector that differs. */
bool pattern_check(const uint8_t *memory, uint64_t sector, uint64_t count, uint64_t seed, uint64_t *wrong);

/* work.c: get memory for the requests, once, and wait for interrupts from now on if SLEEP. False: there is none. */
bool work_prepare(bool sleep);

/* work.c: read, or write, the first SECTORS of the disk with many requests of odd shapes at once. NULL, or what went
 * wrong. */
const char *work_read(struct virtio_blk *blk, uint64_t sectors, uint64_t seed);
const char *work_write(struct virtio_blk *blk, uint64_t sectors, uint64_t seed);

/* features.c: discard, write zeroes, the write cache. NULL, or what went wrong. Sectors 64 to 255 are then 64 of
 * anything and 128 of zeroes. */
const char *features_commands(struct virtio_blk *blk);

/* features.c: reset the first of several queues while another is in use. NULL, or what went wrong. */
const char *features_reset(struct virtio_blk *blk);

/* features.c: say so, and wait until the disk has another capacity. NULL, or what went wrong. */
const char *features_resize(struct virtio_blk *blk);

/* features.c: pull the disk out of SLOT while requests are in flight; BLK is not attached then. NULL, or what went
 * wrong. */
const char *features_eject(struct virtio_blk *blk, unsigned slot);

/* work.c: a flush. NULL, or what went wrong. */
const char *work_flush(struct virtio_blk *blk);

/* work.c: everything that the driver must refuse is refused. NULL, or what was not. */
const char *work_refusals(struct virtio_blk *blk);

#endif
