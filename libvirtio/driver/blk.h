/* SPDX-License-Identifier: ISC */
/* What the two halves of the block driver, blk.c and blk_queue.c, share. */
#ifndef LIBVIRTIO_DRIVER_BLK_H
#define LIBVIRTIO_DRIVER_BLK_H

#include <virtio/blk.h>

#define BLK_MAX_SEGMENTS 32 /* data segments of a request at most: submit keeps them on its stack */
#define BLK_FRAMING 2       /* segments that each request has besides: its header and its status */

/* Give SLOT back. */
static inline void blk_slot_put(struct virtio_blk *blk, uint16_t slot)
{
	blk->requests[slot] = NULL;
	blk->free_slots[blk->free_count++] = slot;
}

#endif
