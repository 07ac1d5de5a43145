/* SPDX-License-Identifier: ISC */
/* The MSI-X capability of a function and its table of messages (PCI 3.0, 6.8.2). */
#ifndef VIRTIO_PCI_MSIX_H
#define VIRTIO_PCI_MSIX_H

#include <virtio/pci.h>

/*
 * Switch MSI-X on, with all vectors held back by the function's mask, and write MESSAGES into the first COUNT entries
 * of its table; the others are masked one by one. CAPABILITY is where its capability is. Returns 0; VIRTIO_ERR_PROTOCOL
 * when the table does not lie in a BAR, VIRTIO_ERR_UNSUPPORTED when it cannot be reached: MSI-X is off then.
 */
VIRTIO_MUST_CHECK int virtio_pci_msix_start(const struct virtio_pci_function *function,
	const struct virtio_platform *platform, uint8_t capability, const struct virtio_msix_message *messages,
	uint16_t count);

/* Hold all vectors back, or no longer. What a device would have sent meanwhile may be lost (bhyve loses it). */
void virtio_pci_msix_mask(const struct virtio_pci_function *function, uint8_t capability, bool mask);

/* Switch MSI-X off: interrupts are INTx again. */
void virtio_pci_msix_stop(const struct virtio_pci_function *function, uint8_t capability);

#endif
