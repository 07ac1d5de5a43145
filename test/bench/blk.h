/* SPDX-License-Identifier: ISC */
/* What the files of the block program share. */
#ifndef BENCH_BLK_H
#define BENCH_BLK_H

#include <virtio/blk.h>

#include "vhost_user/runtime.h"

/* What there is to work with. */
struct blk_bench {
	struct runtime *runtime;
	struct virtio_blk blk;
	uint8_t *memory;         /* for data, BLK_MEMORY bytes */
	uint64_t device_address; /* of it */
	bool sleep;              /* wait for interrupts, do not poll */
};

#define BLK_SLOTS 128
#define BLK_MEMORY (16 << 20)

/* blk_check.c: write SECTORS sectors in requests of all shapes, many at once, and read them back. 0, or -1 after a line
 * on stderr. */
int blk_write_all(struct blk_bench *bench, uint64_t sectors, uint64_t seed);
int blk_read_all(struct blk_bench *bench, uint64_t sectors, uint64_t seed);

/* blk_rate.c: so many reads of SIZE bytes at once for so many milliseconds; tell how many there were. As above. */
int blk_rate(struct blk_bench *bench, unsigned depth, uint32_t size, uint64_t milliseconds);

#endif
