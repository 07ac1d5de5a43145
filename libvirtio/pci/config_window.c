/* SPDX-License-Identifier: ISC */
/*
 * The configuration access capability (VIRTIO 4.1.4.9): write which BAR, which offset in it and how many bytes, then
 * read or write the data, all in configuration space. A window's base is BAR << 32 | offset.
 */
#include <virtio/spec/pci.h>

#include "base/region_widths.h"
#include "pci/capability.h"
#include "pci/config.h"

#define BAR_SHIFT 32

_Static_assert(sizeof(uintptr_t) == 8, "a BAR's number stands above its offset");

/* Aim the capability at WIDTH bytes; the result is where the data is then. */
static unsigned window_aim(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	const struct virtio_pci_function *function = region->context;
	unsigned capability = function->config_access;
	uint64_t place = region->base + offset;

	virtio_pci_write(function, capability + VIRTIO_PCI_CAP_BAR, 1, (uint8_t)(place >> BAR_SHIFT));
	virtio_pci_write(function, capability + VIRTIO_PCI_CAP_OFFSET, 4, (uint32_t)place);
	virtio_pci_write(function, capability + VIRTIO_PCI_CAP_LENGTH, 4, width);
	return capability + VIRTIO_PCI_CAP_PCI_CFG_DATA;
}

static uint32_t window_read(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	return virtio_pci_read(region->context, window_aim(region, offset, width), width);
}

static void window_write(const struct virtio_region *region, uint64_t offset, unsigned width, uint32_t value)
{
	virtio_pci_write(region->context, window_aim(region, offset, width), width, value);
}

REGION_WIDTHS(window);

/* Where FUNCTION has a usable configuration access capability, 0: nowhere. */
static uint8_t find_capability(const struct virtio_pci_function *function)
{
	struct virtio_pci_capabilities list = virtio_pci_capabilities(function);

	while (virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR)) {
		uint16_t at = list.offset;

		if (at + VIRTIO_PCI_CFG_CAP_SIZE <= PCI_CONFIG_SIZE &&
			virtio_pci_read(function, at + VIRTIO_PCI_CAP_CFG_TYPE, 1) == VIRTIO_PCI_CAP_PCI_CFG &&
			virtio_pci_read(function, at + VIRTIO_PCI_CAP_LEN, 1) >= VIRTIO_PCI_CFG_CAP_SIZE)
			return list.offset;
	}
	return 0;
}

int virtio_pci_config_window(struct virtio_pci_function *function, unsigned bar, uint32_t offset, uint32_t length,
	struct virtio_region *region)
{
	if (!function->config_access)
		function->config_access = find_capability(function);
	if (!function->config_access || length > UINT32_MAX - offset)
		return VIRTIO_ERR_UNSUPPORTED;
	*region = (struct virtio_region){.ops = &window_ops,
		.base = (uintptr_t)bar << BAR_SHIFT | offset,
		.length = length,
		.context = function};
	return 0;
}
