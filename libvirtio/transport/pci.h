/* SPDX-License-Identifier: ISC */
/* What the two PCI transports share. */
#ifndef VIRTIO_TRANSPORT_PCI_H
#define VIRTIO_TRANSPORT_PCI_H

#include <virtio/device.h>

/* The set_dma of both: bus mastering, and the masks of MSI-X and INTx. */
void virtio_pci_set_dma(struct virtio_device *dev, bool on);

/* MSI-X for both (pci_msix.c). */
extern const struct virtio_vector_ops virtio_pci_vector_ops;

/* The notify of both: 16 bits, queue->notify_value to queue->window (4.1.5.2). */
void virtio_pci_notify(struct virtio_queue *queue);

/* The notify_with_data of modern devices: 32 bits, the upper half telling where the ring stands (4.1.5.2). */
void virtio_pci_notify_with_data(struct virtio_queue *queue);

/* The interrupt_cause of both: reading the ISR status acknowledges it (4.1.4.5). */
uint8_t virtio_pci_interrupt_cause(struct virtio_device *dev);

#endif
