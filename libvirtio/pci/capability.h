/* SPDX-License-Identifier: ISC */
/* Walking the capability list of a function, which the device wrote and may have written wrong. */
#ifndef VIRTIO_PCI_CAPABILITY_H
#define VIRTIO_PCI_CAPABILITY_H

#include <virtio/pci.h>

#define PCI_CAPABILITY_MSIX 0x11
#define PCI_CAPABILITY_VENDOR 0x09

#define PCI_MSIX_CONTROL 2 /* 16 bits, offset within the MSI-X capability */
#define PCI_MSIX_CONTROL_ENABLE 0x8000

/*
 * A walk over the list:
 *
 *     struct virtio_pci_capabilities list = virtio_pci_capabilities(function);
 *     while (virtio_pci_capability_next(&list, PCI_CAPABILITY_MSIX))
 *             ... list.offset ...
 */
struct virtio_pci_capabilities {
	const struct virtio_pci_function *function; /* whose list it is */
	uint8_t offset;                             /* of the capability found */
	uint8_t next;                               /* of the one to look at then, 0: none */
	uint8_t left;                               /* how many more there can be without overlapping */
	const char *fault;                          /* what is wrong with the list, NULL while nothing is */
};

/* Start a walk. */
struct virtio_pci_capabilities virtio_pci_capabilities(const struct virtio_pci_function *function);

/* Go on to the next capability with this ID. False: there are no more, or list->fault says why it ended early. */
VIRTIO_MUST_CHECK bool virtio_pci_capability_next(struct virtio_pci_capabilities *list, uint8_t id);

#endif
