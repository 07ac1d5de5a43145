/* SPDX-License-Identifier: ISC */
/*
 * The layout that legacy devices demand (VIRTIO 2.7.2) is one that all devices take: the available ring right behind
 * the descriptors, then the used ring on a boundary. Modern devices leave the boundary to us: a cache line, which
 * keeps what the device writes away from what we write.
 */
#include "virtqueue/split_layout.h"

#include "virtqueue/internal.h"

static size_t align_up(size_t value, size_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

struct split_layout virtqueue_split_layout(uint16_t size, uint32_t alignment)
{
	struct split_layout layout;

	layout.alignment = alignment > VIRTQUEUE_CACHE_LINE ? alignment : VIRTQUEUE_CACHE_LINE;
	layout.driver = sizeof(struct virtq_desc) * size;
	layout.device = align_up(layout.driver + split_used_event(size) + sizeof(struct le16), layout.alignment);
	layout.bytes = align_up(layout.device + split_avail_event(size) + sizeof(struct le16), layout.alignment);
	return layout;
}
