/* SPDX-License-Identifier: ISC */
/* Registers in x86's I/O port space: legacy PCI devices and the 16550 live there. */
#include <virtio/region.h>

#if !defined(__x86_64__)
#error "port I/O exists on x86 only: leave this file out of the build"
#endif

static uint16_t port_number(const struct virtio_region *region, uint64_t offset)
{
	return (uint16_t)(region->base + offset);
}

static uint8_t port_read8(const struct virtio_region *region, uint64_t offset)
{
	uint8_t value;
	__asm__ volatile("inb %w1, %b0" : "=a"(value) : "Nd"(port_number(region, offset)) : "memory");
	return value;
}

static uint16_t port_read16(const struct virtio_region *region, uint64_t offset)
{
	uint16_t value;
	__asm__ volatile("inw %w1, %w0" : "=a"(value) : "Nd"(port_number(region, offset)) : "memory");
	return value;
}

static uint32_t port_read32(const struct virtio_region *region, uint64_t offset)
{
	uint32_t value;
	__asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(port_number(region, offset)) : "memory");
	return value;
}

static void port_write8(const struct virtio_region *region, uint64_t offset, uint8_t value)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port_number(region, offset)) : "memory");
}

static void port_write16(const struct virtio_region *region, uint64_t offset, uint16_t value)
{
	__asm__ volatile("outw %w0, %w1" : : "a"(value), "Nd"(port_number(region, offset)) : "memory");
}

static void port_write32(const struct virtio_region *region, uint64_t offset, uint32_t value)
{
	__asm__ volatile("outl %0, %w1" : : "a"(value), "Nd"(port_number(region, offset)) : "memory");
}

static const struct virtio_region_ops port_ops = {
	.read8 = port_read8,
	.read16 = port_read16,
	.read32 = port_read32,
	.write8 = port_write8,
	.write16 = port_write16,
	.write32 = port_write32,
};

struct virtio_region virtio_region_ports(uint16_t port, uint16_t length)
{
	return (struct virtio_region){.ops = &port_ops, .base = port, .length = length};
}
