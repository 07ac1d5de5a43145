/* SPDX-License-Identifier: ISC */
/*
 * Hot unplugging as QEMU's machines do it: pc by its ACPI ports (docs/specs/acpi_pci_hotplug.txt of QEMU), a PCI
 * Express root port by its slot registers (PCI Express 4.0, 6.7): the attention button asks, power off lets go.
 */
#include <virtio/region.h>

#include "guest.h"

#define ACPI_PORTS 0xae00
#define ACPI_ASKED 4 /* a bit for each slot */
#define ACPI_EJECT 8 /* likewise */

#define HEADER_TYPE 0x0e
#define SECONDARY_BUS 0x19
#define CAPABILITIES 0x34
#define PCI_EXPRESS 0x10
#define SLOT_CONTROL 0x18
#define SLOT_STATUS 0x1a
#define BUTTON_PRESSED 1
#define POWER_OFF 0x0700 /* the power, and its light */

static uint32_t read(const struct virtio_pci_function *function, uint16_t offset, unsigned width)
{
	return function->access.ops->read(&function->access, function->address, offset, width);
}

static uint16_t express_capability(const struct virtio_pci_function *function)
{
	uint16_t at = (uint16_t)read(function, CAPABILITIES, 1);

	for (unsigned left = 48; at && left; left--, at = (uint16_t)read(function, (uint16_t)(at + 1), 1))
		if (read(function, at, 1) == PCI_EXPRESS)
			return at;
	return 0;
}

struct slot slot_of(const struct virtio_pci_access *access, const struct virtio_pci_function *function)
{
	struct virtio_pci_function port = virtio_pci_first(access);
	struct slot slot = {.number = function->address >> 3 & 31};

	while (function->address >> 8 && virtio_pci_next(&port))
		if ((read(&port, HEADER_TYPE, 1) & 0x7f) == 1 &&
			read(&port, SECONDARY_BUS, 1) == function->address >> 8)
			slot = (struct slot){.port = port, .capability = express_capability(&port)};
	return slot;
}

bool slot_asks(const struct slot *slot)
{
	struct virtio_region ports = virtio_region_ports(ACPI_PORTS, 16);

	if (slot->capability)
		return read(&slot->port, (uint16_t)(slot->capability + SLOT_STATUS), 2) & BUTTON_PRESSED;
	return virtio_region_read32(&ports, ACPI_ASKED) >> slot->number & 1;
}

void slot_let_go(const struct slot *slot)
{
	struct virtio_region ports = virtio_region_ports(ACPI_PORTS, 16);
	const struct virtio_pci_function *port = &slot->port;
	uint16_t control = (uint16_t)(slot->capability + SLOT_CONTROL);

	if (slot->capability)
		port->access.ops->write(&port->access, port->address, control, 2, read(port, control, 2) | POWER_OFF);
	else
		virtio_region_write32(&ports, ACPI_EJECT, 1u << slot->number);
}
