/* SPDX-License-Identifier: ISC */
/*
 * PCI configuration mechanism 1: the address goes to port 0xCF8, always as 32 bits, because bhyve answers to nothing
 * else there; the data passes through 0xCFC to 0xCFF in the width of the register that is meant.
 */
#include "pci/config.h"

#define ADDRESS_PORT 0xcf8
#define ADDRESS 0 /* offsets within the two ports */
#define DATA 4
#define ADDRESS_ENABLE 0x80000000u

static uint64_t port_select(const struct virtio_pci_access *access, uint16_t address, uint16_t offset)
{
	virtio_region_write32(&access->region, ADDRESS, ADDRESS_ENABLE | (uint32_t)address << 8 | (offset & 0xfcu));
	return DATA + (offset & 3u);
}

static uint32_t port_read(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width)
{
	if (offset >= PCI_CONFIG_SIZE)
		return UINT32_MAX;
	return virtio_region_read(&access->region, port_select(access, address, offset), width);
}

static void port_write(
	const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	if (offset >= PCI_CONFIG_SIZE)
		return;
	uint64_t data = port_select(access, address, offset);
	if (width == 1)
		virtio_region_write8(&access->region, data, (uint8_t)value);
	else if (width == 2)
		virtio_region_write16(&access->region, data, (uint16_t)value);
	else
		virtio_region_write32(&access->region, data, value);
}

static const struct virtio_pci_access_ops port_ops = {.read = port_read, .write = port_write};

struct virtio_pci_access virtio_pci_access_ports(void)
{
	return (struct virtio_pci_access){
		.ops = &port_ops, .region = virtio_region_ports(ADDRESS_PORT, 8), .first_bus = 0, .last_bus = 255};
}
