/* SPDX-License-Identifier: ISC */
/* The two halves of the modern PCI transport: finding the registers, and using them. */
#ifndef VIRTIO_TRANSPORT_PCI_MODERN_H
#define VIRTIO_TRANSPORT_PCI_MODERN_H

#include <virtio/device.h>

/* The open of virtio_pci_modern_ops. */
int virtio_pci_modern_open(struct virtio_device *dev);

#endif
