/* SPDX-License-Identifier: ISC */
/* Where the areas of a split virtqueue lie in its memory (VIRTIO 2.7, and 2.7.2 for legacy devices). */
#ifndef LIBVIRTIO_VIRTQUEUE_SPLIT_LAYOUT_H
#define LIBVIRTIO_VIRTQUEUE_SPLIT_LAYOUT_H

#include <virtio/base.h>

/* Bytes and offsets; the Descriptor Area is at 0. */
struct split_layout {
	size_t driver;    /* offset of the Driver Area: the available ring */
	size_t device;    /* offset of the Device Area: the used ring */
	size_t bytes;     /* of all three */
	size_t alignment; /* of their start */
};

/*
 * The layout for SIZE entries. ALIGNMENT is that of the Device Area and of the whole: the page size of a legacy
 * device, or 0 where the device is told of each area.
 */
struct split_layout virtqueue_split_layout(uint16_t size, uint32_t alignment);

/* Offset of used_event in the Driver Area: right behind the entries, so it moves with the size (2.7.7). */
static inline size_t split_used_event(uint16_t size)
{
	return 4 + 2 * (size_t)size;
}

/* Offset of avail_event in the Device Area (2.7.10). */
static inline size_t split_avail_event(uint16_t size)
{
	return 4 + 8 * (size_t)size;
}

#endif
