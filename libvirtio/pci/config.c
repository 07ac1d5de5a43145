/* SPDX-License-Identifier: ISC */
/* Configuration space of one function, by whatever way there is to it. */
#include "pci/config.h"

uint32_t virtio_pci_read(const struct virtio_pci_function *function, unsigned offset, unsigned width)
{
	return function->access.ops->read(&function->access, function->address, (uint16_t)offset, width);
}

void virtio_pci_write(const struct virtio_pci_function *function, unsigned offset, unsigned width, uint32_t value)
{
	function->access.ops->write(&function->access, function->address, (uint16_t)offset, width, value);
}

uint16_t virtio_pci_command(const struct virtio_pci_function *function, uint16_t set, uint16_t clear)
{
	uint32_t old = virtio_pci_read(function, PCI_COMMAND, 2);
	uint32_t command = (old | set) & ~(uint32_t)clear;

	if (command != old)
		virtio_pci_write(function, PCI_COMMAND, 2, command);
	return (uint16_t)old;
}
