/* SPDX-License-Identifier: ISC */
/* Base address registers: which windows a function has, and how to reach a part of one. */
#ifndef VIRTIO_PCI_BAR_H
#define VIRTIO_PCI_BAR_H

#include <virtio/pci.h>

#define PCI_BARS 6

/* One BAR, decoded. */
struct virtio_pci_bar {
	uint64_t address; /* where it answers; 0: nothing is assigned */
	uint64_t size;    /* bytes, a power of two */
	bool io;          /* in port space, else in memory */
};

/*
 * Decode BAR NUMBER and measure it: for a moment it holds all ones, and the function does not answer to its BARs. One
 * that has no address is given one if virtio_pci_assign_from said from where.
 * Returns 0; VIRTIO_ERR_PROTOCOL when there is no such BAR: the number is above 5, it is not implemented, or it is the
 * upper half of another, or it passes the end of memory.
 */
VIRTIO_MUST_CHECK int virtio_pci_bar_decode(
	const struct virtio_pci_function *function, unsigned number, struct virtio_pci_bar *bar);

/*
 * Make LENGTH bytes at OFFSET of a memory BAR accessible through the map_device hook, store the window in *REGION and
 * turn on decoding. 0; VIRTIO_ERR_PROTOCOL when they do not lie in it; VIRTIO_ERR_UNSUPPORTED when it has no address or
 * cannot be mapped.
 */
VIRTIO_MUST_CHECK int virtio_pci_bar_map(const struct virtio_pci_function *function, const struct virtio_pci_bar *bar,
	const struct virtio_platform *platform, uint64_t offset, uint64_t length, struct virtio_region *region);

/* The whole of an I/O BAR, with decoding on; errors as virtio_pci_bar_map. x86 only. */
VIRTIO_MUST_CHECK int virtio_pci_bar_ports(
	const struct virtio_pci_function *function, const struct virtio_pci_bar *bar, struct virtio_region *region);

#endif
