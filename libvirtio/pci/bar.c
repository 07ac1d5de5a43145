/* SPDX-License-Identifier: ISC */
/* Decoding and measuring base address registers, and reaching what they tell of. */
#include "pci/bar.h"

#include "base/hook.h"
#include "pci/config.h"

#define BAR_IO 0x1u
#define BAR_IO_FLAGS 0x3u
#define BAR_TYPE 0x6u
#define BAR_64 0x4u
#define BAR_MEMORY_FLAGS 0xfu

static unsigned bar_offset(unsigned number)
{
	return PCI_BAR0 + 4 * number;
}

static bool is_64bit(uint32_t low)
{
	return !(low & BAR_IO) && (low & BAR_TYPE) == BAR_64;
}

/* Whether BAR NUMBER starts one, rather than being the upper half of the one before. */
static bool starts_bar(const struct virtio_pci_function *function, unsigned number)
{
	unsigned start = 0;

	while (start < number)
		start += is_64bit(virtio_pci_read(function, bar_offset(start), 4)) ? 2 : 1;
	return start == number;
}

/* The bits of one register that can be set, which tell its size. */
static uint32_t writable_bits(const struct virtio_pci_function *function, unsigned offset)
{
	uint32_t old = virtio_pci_read(function, offset, 4);

	virtio_pci_write(function, offset, 4, UINT32_MAX);
	uint32_t bits = virtio_pci_read(function, offset, 4);
	virtio_pci_write(function, offset, 4, old);
	return bits;
}

int virtio_pci_bar_decode(const struct virtio_pci_function *function, unsigned number, struct virtio_pci_bar *bar)
{
	if (number >= PCI_BARS || !starts_bar(function, number))
		return VIRTIO_ERR_PROTOCOL;

	unsigned offset = bar_offset(number);
	uint32_t low = virtio_pci_read(function, offset, 4);
	uint32_t flags = low & BAR_IO ? BAR_IO_FLAGS : BAR_MEMORY_FLAGS;
	bool wide = is_64bit(low);
	if (wide && number + 1 == PCI_BARS)
		return VIRTIO_ERR_PROTOCOL;

	/* While a BAR holds all ones it must not answer, or it would stand in another device's place. */
	uint16_t command = virtio_pci_command(function, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	uint64_t address = low & ~flags;
	uint64_t bits = writable_bits(function, offset) & ~flags;
	if (wide) {
		address |= (uint64_t)virtio_pci_read(function, offset + 4, 4) << 32;
		bits |= (uint64_t)writable_bits(function, offset + 4) << 32;
	}
	virtio_pci_command(function, command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY), 0);

	bar->io = low & BAR_IO;
	bar->size = bits & -bits; /* the lowest bit that can be set */
	if (!bar->size)
		return VIRTIO_ERR_PROTOCOL;
	if (!address && function->access.assign) {
		function->access.assign(&function->access);
		address = virtio_pci_read(function, offset, 4) & ~flags; /* the upper half stays 0 */
	}
	bar->address = address;
	/* A place that does not lie within the 64 bits of an address is none. */
	return address <= UINT64_MAX - (bar->size - 1) ? 0 : VIRTIO_ERR_PROTOCOL;
}

int virtio_pci_bar_map(const struct virtio_pci_function *function, const struct virtio_pci_bar *bar,
	const struct virtio_platform *platform, uint64_t offset, uint64_t length, struct virtio_region *region)
{
	if (bar->io || offset > bar->size || length > bar->size - offset)
		return VIRTIO_ERR_PROTOCOL;
	if (!bar->address || !VIRTIO_HAS_HOOK(platform, map_device))
		return VIRTIO_ERR_UNSUPPORTED;
	void *registers = platform->map_device(platform->context, bar->address + offset, length);
	if (!registers)
		return VIRTIO_ERR_UNSUPPORTED;
	*region = virtio_region_memory(registers, length);
	virtio_pci_command(function, PCI_COMMAND_MEMORY, 0);
	return 0;
}
