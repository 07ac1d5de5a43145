/* SPDX-License-Identifier: ISC */
/* I/O BARs, which only x86 can reach. */
#include "pci/bar.h"
#include "pci/config.h"

int virtio_pci_bar_ports(
	const struct virtio_pci_function *function, const struct virtio_pci_bar *bar, struct virtio_region *region)
{
	if (!bar->io)
		return VIRTIO_ERR_PROTOCOL;
	if (!bar->address || bar->address > 0xffff || bar->size > 0x10000 - bar->address)
		return VIRTIO_ERR_UNSUPPORTED;
	*region = virtio_region_ports((uint16_t)bar->address, (uint16_t)bar->size);
	virtio_pci_command(function, PCI_COMMAND_IO, 0);
	return 0;
}
