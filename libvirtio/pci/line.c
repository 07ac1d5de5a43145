/* SPDX-License-Identifier: ISC */
/* Which interrupt line a function is connected to (PCI 3.0, 6.2.4). */
#include "pci/config.h"

#define LINES 16 /* inputs of the two 8259; the firmware writes 255 for "not connected" */

int virtio_pci_interrupt_line(const struct virtio_pci_function *function)
{
	if (virtio_pci_interrupt_pin(function) == 0)
		return VIRTIO_ERR_UNSUPPORTED;
	uint32_t line = virtio_pci_read(function, PCI_INTERRUPT_LINE, 1);
	return line > 0 && line < LINES ? (int)line : VIRTIO_ERR_UNSUPPORTED;
}

unsigned virtio_pci_interrupt_pin(const struct virtio_pci_function *function)
{
	if (!function->access.ops)
		return 0;
	uint32_t pin = virtio_pci_read(function, PCI_INTERRUPT_PIN, 1);
	return pin <= 4 ? pin : 0;
}
