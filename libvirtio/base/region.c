/* SPDX-License-Identifier: ISC */
/* Cutting windows out of windows, with the bounds checked once, here. */
#include <virtio/region.h>

int virtio_region_part(struct virtio_region *part, const struct virtio_region *whole, uint64_t offset, uint64_t length)
{
	if (offset > whole->length || length > whole->length - offset)
		return VIRTIO_ERR_INVALID;
	struct virtio_region cut = *whole;
	cut.base += (uintptr_t)offset;
	cut.length = length;
	*part = cut;
	return 0;
}
