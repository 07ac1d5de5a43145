/* SPDX-License-Identifier: ISC */
/* The functions of a region that knows one way to read and one to write, for any width. */
#ifndef LIBVIRTIO_BASE_REGION_WIDTHS_H
#define LIBVIRTIO_BASE_REGION_WIDTHS_H

#include <virtio/region.h>

/* NAME##_read8 and NAME##_write8, which call NAME_read(region, offset, bytes) and NAME_write(..., bytes, value). */
#define REGION_WIDTH(name, bits)                                                                                  \
	static uint##bits##_t name##_read##bits(const struct virtio_region *region, uint64_t offset)              \
	{                                                                                                         \
		return (uint##bits##_t)name##_read(region, offset, bits / 8);                                     \
	}                                                                                                         \
	static void name##_write##bits(const struct virtio_region *region, uint64_t offset, uint##bits##_t value) \
	{                                                                                                         \
		name##_write(region, offset, bits / 8, value);                                                    \
	}

/* Define the table NAME##_ops from NAME##_read and NAME##_write. */
#define REGION_WIDTHS(name)                                  \
	REGION_WIDTH(name, 8)                                \
	REGION_WIDTH(name, 16)                               \
	REGION_WIDTH(name, 32)                               \
	static const struct virtio_region_ops name##_ops = { \
		.read8 = name##_read8,                       \
		.read16 = name##_read16,                     \
		.read32 = name##_read32,                     \
		.write8 = name##_write8,                     \
		.write16 = name##_write16,                   \
		.write32 = name##_write32,                   \
	}

#endif
