/* SPDX-License-Identifier: ISC */
/* PCI Express's memory-mapped configuration space: 4 KiB for each function, in the order of their addresses. */
#include "pci/config.h"

#define FUNCTION_SHIFT 12
#define BUS_SHIFT 20

/* The place of a register in the window; beyond its end for buses that are not in it, also for those before it. */
static uint64_t ecam_place(const struct virtio_pci_access *access, uint16_t address, uint16_t offset)
{
	if (offset >= 1u << FUNCTION_SHIFT)
		return UINT64_MAX;
	return ((uint64_t)address << FUNCTION_SHIFT) - ((uint64_t)access->first_bus << BUS_SHIFT) + offset;
}

static uint32_t ecam_read(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width)
{
	uint64_t place = ecam_place(access, address, offset);

	if (place >= access->region.length)
		return UINT32_MAX;
	if (width == 1)
		return virtio_region_read8(&access->region, place);
	if (width == 2)
		return virtio_region_read16(&access->region, place);
	return virtio_region_read32(&access->region, place);
}

static void ecam_write(
	const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	uint64_t place = ecam_place(access, address, offset);

	if (place >= access->region.length)
		return;
	if (width == 1)
		virtio_region_write8(&access->region, place, (uint8_t)value);
	else if (width == 2)
		virtio_region_write16(&access->region, place, (uint16_t)value);
	else
		virtio_region_write32(&access->region, place, value);
}

static const struct virtio_pci_access_ops ecam_ops = {.read = ecam_read, .write = ecam_write};

struct virtio_pci_access virtio_pci_access_ecam(void *window, uint8_t first_bus, uint8_t last_bus)
{
	uint64_t buses = last_bus >= first_bus ? last_bus - first_bus + 1u : 0;

	return (struct virtio_pci_access){.ops = &ecam_ops,
		.region = virtio_region_memory(window, buses << BUS_SHIFT),
		.first_bus = first_bus,
		.last_bus = last_bus};
}
