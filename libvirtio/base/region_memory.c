/* SPDX-License-Identifier: ISC */
/* Registers mapped into memory: volatile accesses of the register's own width. */
#include <virtio/region.h>

static uint8_t memory_read8(const struct virtio_region *region, uint64_t offset)
{
	return *(const volatile uint8_t *)(region->base + offset);
}

static uint16_t memory_read16(const struct virtio_region *region, uint64_t offset)
{
	return *(const volatile uint16_t *)(region->base + offset);
}

static uint32_t memory_read32(const struct virtio_region *region, uint64_t offset)
{
	return *(const volatile uint32_t *)(region->base + offset);
}

static void memory_write8(const struct virtio_region *region, uint64_t offset, uint8_t value)
{
	*(volatile uint8_t *)(region->base + offset) = value;
}

static void memory_write16(const struct virtio_region *region, uint64_t offset, uint16_t value)
{
	*(volatile uint16_t *)(region->base + offset) = value;
}

static void memory_write32(const struct virtio_region *region, uint64_t offset, uint32_t value)
{
	*(volatile uint32_t *)(region->base + offset) = value;
}

static const struct virtio_region_ops memory_ops = {
	.read8 = memory_read8,
	.read16 = memory_read16,
	.read32 = memory_read32,
	.write8 = memory_write8,
	.write16 = memory_write16,
	.write32 = memory_write32,
};

struct virtio_region virtio_region_memory(void *registers, uint64_t length)
{
	return (struct virtio_region){.ops = &memory_ops, .base = (uintptr_t)registers, .length = length};
}
