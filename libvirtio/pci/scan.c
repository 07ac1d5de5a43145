/* SPDX-License-Identifier: ISC */
/*
 * Finding functions. A bridge tells the bus behind it, which always has a higher number, so one pass over the buses
 * in rising order visits all that there are, and a machine with one bus costs 32 probes instead of 65536.
 */
#include <virtio/spec/ids.h>

#include "pci/config.h"

#define SEARCH_END 0x10000u /* one past the last address */
#define FUNCTIONS 8u        /* of each device */

static bool bus_known(const struct virtio_pci_function *function, uint32_t bus)
{
	return function->buses[bus / 32] >> bus % 32 & 1;
}

struct virtio_pci_function virtio_pci_first(const struct virtio_pci_access *access)
{
	struct virtio_pci_function function = {.access = *access, .next = (uint32_t)access->first_bus << 8};

	function.buses[access->first_bus / 32] = 1u << access->first_bus % 32;
	return function;
}

/* Remember the bus behind a bridge. One that firmware did not number, or numbered backwards, is passed already. */
static void look_behind(struct virtio_pci_function *function)
{
	uint32_t bus = virtio_pci_read(function, PCI_SECONDARY_BUS, 1);

	if (bus <= function->access.last_bus)
		function->buses[bus / 32] |= 1u << bus % 32;
}

/* Whether there is a function at function->address; if so, what it is. */
static bool identify(struct virtio_pci_function *function)
{
	uint32_t ids = virtio_pci_read(function, PCI_VENDOR, 4);

	function->vendor = (uint16_t)ids;
	function->device = (uint16_t)(ids >> 16);
	function->subsystem = 0;
	function->multifunction = false;
	if (function->vendor == 0xffff || function->vendor == 0)
		return false;

	uint32_t header = virtio_pci_read(function, PCI_HEADER_TYPE, 1);
	function->multifunction = header & PCI_HEADER_MULTIFUNCTION;
	if ((header & PCI_HEADER_LAYOUT) == PCI_HEADER_BRIDGE)
		look_behind(function);
	else if ((header & PCI_HEADER_LAYOUT) == 0)
		function->subsystem = (uint16_t)virtio_pci_read(function, PCI_SUBSYSTEM, 2);
	return true;
}

/* Where to look after `address`: a device without function 0, or with that one alone, has no others. */
static uint32_t following(const struct virtio_pci_function *function)
{
	uint32_t address = function->address;

	address += address % FUNCTIONS == 0 && !function->multifunction ? FUNCTIONS : 1;
	while (!(address & 0xff) && address < SEARCH_END && !bus_known(function, address >> 8))
		address += 0x100;
	return address;
}

bool virtio_pci_next(struct virtio_pci_function *function)
{
	bool found = false;

	while (!found && function->next < SEARCH_END) {
		function->address = (uint16_t)function->next;
		found = identify(function);
		function->next = following(function);
	}
	return found;
}

/* 4.1.2.1: the types behind the device numbers 0x1000 to 0x1009; others have theirs in the subsystem number. */
static const uint8_t transitional_types[] = {1, 2, 5, 3, 8, 4, 0, 0, 0, 9};

uint32_t virtio_pci_type(const struct virtio_pci_function *function)
{
	if (function->vendor != VIRTIO_PCI_VENDOR)
		return 0;
	if (function->device >= VIRTIO_PCI_MODERN_FIRST && function->device <= VIRTIO_PCI_MODERN_LAST)
		return function->device - VIRTIO_PCI_MODERN_FIRST;
	if (function->device < VIRTIO_PCI_TRANSITIONAL_FIRST || function->device > VIRTIO_PCI_TRANSITIONAL_LAST)
		return 0;
	unsigned number = function->device - VIRTIO_PCI_TRANSITIONAL_FIRST;
	if (number < sizeof transitional_types && transitional_types[number])
		return transitional_types[number];
	return function->subsystem;
}
