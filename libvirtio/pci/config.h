/* SPDX-License-Identifier: ISC */
/* Reading and writing the configuration space of one function, and where the standard header keeps what we need. */
#ifndef VIRTIO_PCI_CONFIG_H
#define VIRTIO_PCI_CONFIG_H

#include <virtio/pci.h>

#define PCI_CONFIG_SIZE 256 /* bytes that every function has */

#define PCI_VENDOR 0x00          /* 16 */
#define PCI_DEVICE 0x02          /* 16 */
#define PCI_COMMAND 0x04         /* 16 */
#define PCI_STATUS 0x06          /* 16 */
#define PCI_HEADER_TYPE 0x0e     /* 8 */
#define PCI_BAR0 0x10            /* 32, six of them */
#define PCI_SECONDARY_BUS 0x19   /* 8, bridges only */
#define PCI_SUBSYSTEM 0x2e       /* 16, not in bridges */
#define PCI_CAPABILITY_LIST 0x34 /* 8 */
#define PCI_INTERRUPT_LINE 0x3c  /* 8: as the firmware noted it */
#define PCI_INTERRUPT_PIN 0x3d   /* 8: 1 to 4 for INTA to INTD, 0 for none */

#define PCI_COMMAND_IO 0x1         /* answers in port space */
#define PCI_COMMAND_MEMORY 0x2     /* answers in memory space */
#define PCI_COMMAND_BUS_MASTER 0x4 /* may reach memory by itself */
#define PCI_COMMAND_NO_INTX 0x400  /* may not use its interrupt line */

#define PCI_STATUS_CAPABILITIES 0x10 /* there is a capability list */

#define PCI_HEADER_MULTIFUNCTION 0x80
#define PCI_HEADER_LAYOUT 0x7f
#define PCI_HEADER_BRIDGE 0x01

/* Read WIDTH bytes at OFFSET, a multiple of WIDTH. */
uint32_t virtio_pci_read(const struct virtio_pci_function *function, unsigned offset, unsigned width);

/* Write WIDTH bytes at OFFSET, a multiple of WIDTH. */
void virtio_pci_write(const struct virtio_pci_function *function, unsigned offset, unsigned width, uint32_t value);

/* Set the bits SET of the command register and clear the bits CLEAR; writes only what changes. Returns
 * what it was. */
uint16_t virtio_pci_command(const struct virtio_pci_function *function, uint16_t set, uint16_t clear);

#endif
