/* SPDX-License-Identifier: ISC */
/*
 * A window of device registers: memory-mapped, in x86's port space, or a test's fake. Whoever holds a
 * region does not know which. Registers are little-endian; values here are in the processor's order.
 *
 * Every access happens exactly once and in one piece, in program order with the other accesses of the
 * same window. Offsets are checked when a region is made or cut, not at each access: a caller reads and
 * writes only within `length`. All calls are allowed in interrupt handlers and never block.
 */
#ifndef VIRTIO_REGION_H
#define VIRTIO_REGION_H

#include <virtio/base.h>
#include <virtio/error.h>

VIRTIO_BEGIN_DECLS

struct virtio_region;

/* How to reach the registers of one kind of window. OFFSET is in bytes, a multiple of the access's width. */
struct virtio_region_ops {
	uint8_t (*read8)(const struct virtio_region *region, uint64_t offset);                /* one byte */
	uint16_t (*read16)(const struct virtio_region *region, uint64_t offset);              /* two bytes at once */
	uint32_t (*read32)(const struct virtio_region *region, uint64_t offset);              /* four bytes at once */
	void (*write8)(const struct virtio_region *region, uint64_t offset, uint8_t value);   /* one byte */
	void (*write16)(const struct virtio_region *region, uint64_t offset, uint16_t value); /* two bytes at once */
	void (*write32)(const struct virtio_region *region, uint64_t offset, uint32_t value); /* four bytes at once */
};

/* A window. Plain data: copy it freely; it owns nothing. `ops` NULL means that there is no such window. */
struct virtio_region {
	const struct virtio_region_ops *ops; /* how to reach it */
	uintptr_t base;                      /* pointer, port number, or whatever ops makes of it */
	uint64_t length;                     /* bytes that may be accessed from base on */
	void *context;                       /* for ops; NULL for memory and ports */
};

/* LENGTH bytes of mapped device memory at REGISTERS (from the map_device hook), aligned to 4 bytes. */
struct virtio_region virtio_region_memory(void *registers, uint64_t length);

/* LENGTH I/O ports from PORT on. x86 only: elsewhere this function does not exist. */
struct virtio_region virtio_region_ports(uint16_t port, uint16_t length);

/*
 * Cut LENGTH bytes at OFFSET out of WHOLE and store them in *PART (which may be WHOLE itself).
 * Returns 0, or VIRTIO_ERR_INVALID, with *PART untouched, when they do not lie within WHOLE.
 */
VIRTIO_MUST_CHECK int virtio_region_part(
	struct virtio_region *part, const struct virtio_region *whole, uint64_t offset, uint64_t length);

/* Read one byte at OFFSET. */
static inline uint8_t virtio_region_read8(const struct virtio_region *region, uint64_t offset)
{
	return region->ops->read8(region, offset);
}

/* Read two bytes at OFFSET, a multiple of 2, at once. */
static inline uint16_t virtio_region_read16(const struct virtio_region *region, uint64_t offset)
{
	return region->ops->read16(region, offset);
}

/* Read four bytes at OFFSET, a multiple of 4, at once. */
static inline uint32_t virtio_region_read32(const struct virtio_region *region, uint64_t offset)
{
	return region->ops->read32(region, offset);
}

/* Read WIDTH bytes at OFFSET, a multiple of WIDTH, which is 1, 2 or 4, at once. */
uint32_t virtio_region_read(const struct virtio_region *region, uint64_t offset, unsigned width);

/* Write one byte at OFFSET. */
static inline void virtio_region_write8(const struct virtio_region *region, uint64_t offset, uint8_t value)
{
	region->ops->write8(region, offset, value);
}

/* Write two bytes at OFFSET, a multiple of 2, at once. */
static inline void virtio_region_write16(const struct virtio_region *region, uint64_t offset, uint16_t value)
{
	region->ops->write16(region, offset, value);
}

/* Write four bytes at OFFSET, a multiple of 4, at once. */
static inline void virtio_region_write32(const struct virtio_region *region, uint64_t offset, uint32_t value)
{
	region->ops->write32(region, offset, value);
}

VIRTIO_END_DECLS

#endif
