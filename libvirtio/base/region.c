/* SPDX-License-Identifier: ISC */
/* Cutting windows out of windows, with the bounds checked once, here; and registers whose width is not constant. */
#include <virtio/region.h>

int virtio_region_part(struct virtio_region *part, const struct virtio_region *whole, uint64_t offset, uint64_t length)
{
	if (offset > whole->length || length > whole->length - offset)
		return VIRTIO_ERR_INVALID;
	*part = *whole;
	part->base += (uintptr_t)offset;
	part->length = length;
	return 0;
}

uint32_t virtio_region_read(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	if (width == 1)
		return virtio_region_read8(region, offset);
	if (width == 2)
		return virtio_region_read16(region, offset);
	return virtio_region_read32(region, offset);
}
