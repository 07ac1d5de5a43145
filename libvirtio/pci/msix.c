/* SPDX-License-Identifier: ISC */
/*
 * MSI-X (PCI 3.0, 6.8.2). The control register is written in one piece of 16 bits, and the table in pieces of 32,
 * because bhyve takes nothing else.
 */
#include "pci/msix.h"

#include "pci/bar.h"
#include "pci/capability.h"
#include "pci/config.h"

#define MSIX_TABLE 4 /* 32 bits, offset within the capability: BAR and, but for the three low bits, offset in it */
#define MSIX_TABLE_BAR 0x7u
#define MSIX_SIZE 0x7ffu /* of the control register: entries of the table, less one */
#define MSIX_MASK 0x4000u

/* An entry of the table. */
#define ENTRY_ADDRESS_LOW 0
#define ENTRY_ADDRESS_HIGH 4
#define ENTRY_DATA 8
#define ENTRY_CONTROL 12
#define ENTRY_MASKED 0x1u /* the other bits of its control are reserved */
#define ENTRY_BYTES 16

static uint16_t read_control(const struct virtio_pci_function *function, uint8_t capability)
{
	return (uint16_t)virtio_pci_read(function, capability + PCI_MSIX_CONTROL, 2);
}

static void change_control(const struct virtio_pci_function *function, uint8_t capability, unsigned set, unsigned clear)
{
	unsigned control = (read_control(function, capability) | set) & ~clear;

	virtio_pci_write(function, capability + PCI_MSIX_CONTROL, 2, control);
}

unsigned virtio_pci_msix_vectors(const struct virtio_pci_function *function)
{
	if (!function->access.ops)
		return 0;
	struct virtio_pci_capabilities list = virtio_pci_capabilities(function);
	if (!virtio_pci_capability_next(&list, PCI_CAPABILITY_MSIX))
		return 0;
	return (read_control(function, list.offset) & MSIX_SIZE) + 1u;
}

/* The table, all of it: entries that nobody uses are masked. */
static int map_table(const struct virtio_pci_function *function, const struct virtio_platform *platform,
	uint8_t capability, struct virtio_region *table)
{
	uint32_t place = virtio_pci_read(function, capability + MSIX_TABLE, 4);
	uint32_t entries = (read_control(function, capability) & MSIX_SIZE) + 1u;
	struct virtio_pci_bar bar;

	if (virtio_pci_bar_decode(function, place & MSIX_TABLE_BAR, &bar) < 0)
		return VIRTIO_ERR_PROTOCOL;
	return virtio_pci_bar_map(
		function, &bar, platform, place & ~MSIX_TABLE_BAR, (uint64_t)entries * ENTRY_BYTES, table);
}

static void fill_entry(const struct virtio_region *table, uint64_t entry, const struct virtio_msix_message *message)
{
	virtio_region_write32(table, entry + ENTRY_ADDRESS_LOW, (uint32_t)message->address);
	virtio_region_write32(table, entry + ENTRY_ADDRESS_HIGH, (uint32_t)(message->address >> 32));
	virtio_region_write32(table, entry + ENTRY_DATA, message->data);
	uint32_t control = virtio_region_read32(table, entry + ENTRY_CONTROL);
	virtio_region_write32(table, entry + ENTRY_CONTROL, control & ~ENTRY_MASKED);
}

static void mask_entry(const struct virtio_region *table, uint64_t entry)
{
	uint32_t control = virtio_region_read32(table, entry + ENTRY_CONTROL);

	if (!(control & ENTRY_MASKED))
		virtio_region_write32(table, entry + ENTRY_CONTROL, control | ENTRY_MASKED);
}

int virtio_pci_msix_start(const struct virtio_pci_function *function, const struct virtio_platform *platform,
	uint8_t capability, const struct virtio_msix_message *messages, uint16_t count)
{
	struct virtio_region table;
	int result = map_table(function, platform, capability, &table);

	if (result < 0) {
		virtio_pci_msix_stop(function, capability);
		return result;
	}
	change_control(function, capability, PCI_MSIX_CONTROL_ENABLE | MSIX_MASK, 0);
	for (uint64_t entry = 0; entry < table.length; entry += ENTRY_BYTES) {
		if (entry / ENTRY_BYTES < count)
			fill_entry(&table, entry, &messages[entry / ENTRY_BYTES]);
		else
			mask_entry(&table, entry);
	}
	return 0;
}

void virtio_pci_msix_mask(const struct virtio_pci_function *function, uint8_t capability, bool mask)
{
	change_control(function, capability, mask ? MSIX_MASK : 0, mask ? 0 : MSIX_MASK);
}

void virtio_pci_msix_stop(const struct virtio_pci_function *function, uint8_t capability)
{
	change_control(function, capability, 0, PCI_MSIX_CONTROL_ENABLE | MSIX_MASK);
}
