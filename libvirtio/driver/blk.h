/* SPDX-License-Identifier: ISC */
/* What the files of the block driver share. */
#ifndef LIBVIRTIO_DRIVER_BLK_H
#define LIBVIRTIO_DRIVER_BLK_H

#include <virtio/blk.h>

#define BLK_MAX_SEGMENTS 32 /* data segments of a request at most: submit keeps them on its stack */
#define BLK_FRAMING 2       /* segments that each request has besides: its header and its status */

/* blk_check.c: whether the device may see REQUEST: 0 and how much data it has, or an error of virtio_blk_submit. */
VIRTIO_MUST_CHECK int virtio_blk_check_request(
	const struct virtio_blk *blk, const struct virtio_blk_request *request, uint32_t *length);

/* Give SLOT back. */
static inline void blk_slot_put(struct virtio_blk *blk, uint16_t slot)
{
	blk->requests[slot] = NULL;
	blk->free_slots[blk->free_count++] = slot;
}

#endif
