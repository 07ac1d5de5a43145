/* SPDX-License-Identifier: ISC */
/* Registers behind a BAR that cannot be mapped, reached through configuration space (VIRTIO 4.1.4.9). */
#ifndef VIRTIO_PCI_CONFIG_WINDOW_H
#define VIRTIO_PCI_CONFIG_WINDOW_H

#include <virtio/pci.h>

/*
 * Make LENGTH bytes at OFFSET of BAR, which a virtio capability of FUNCTION names, accessible through its configuration
 * access capability, and store the window in *REGION. It refers to FUNCTION, which must stay where it is. Each access
 * is several of configuration space, so nothing may come between: one user at a time, and none in an interrupt handler.
 * 0; VIRTIO_ERR_UNSUPPORTED when FUNCTION has no such capability, or the window passes the end of what it reaches.
 */
VIRTIO_MUST_CHECK int virtio_pci_config_window(struct virtio_pci_function *function, unsigned bar, uint32_t offset,
	uint32_t length, struct virtio_region *region);

#endif
