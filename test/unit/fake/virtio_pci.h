/* SPDX-License-Identifier: ISC */
/*
 * Virtio PCI devices at register level, behind the fake bus (fake/pci.h): one with modern registers (VIRTIO 4.1.4), one
 * with legacy ones (4.1.4.10), as strict as bhyve is: whatever it answers with all ones, or kills the virtual
 * machine for, fails the test.
 *
 *     struct fake_virtio_pci fake;
 *     fake_virtio_pci_start_modern(&fake, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
 *     virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all);
 */
#ifndef TEST_UNIT_FAKE_VIRTIO_PCI_H
#define TEST_UNIT_FAKE_VIRTIO_PCI_H

#include "fake/device.h"
#include "fake/pci.h"

#define FAKE_VIRTIO_PCI_ADDRESS 0x0018    /* 00:03.0 */
#define FAKE_VIRTIO_PCI_BAR 0xe000000000u /* where the modern registers are */
#define FAKE_VIRTIO_PCI_PORTS 0xc040      /* where the legacy registers are */
#define FAKE_VIRTIO_PCI_QUEUES 4
#define FAKE_VIRTIO_PCI_CONFIG 32 /* bytes of device configuration */

/* Where the modern structures are in BAR 4. */
#define FAKE_VIRTIO_PCI_COMMON 0x0000
#define FAKE_VIRTIO_PCI_ISR 0x1000
#define FAKE_VIRTIO_PCI_DEVICE 0x2000
#define FAKE_VIRTIO_PCI_NOTIFY 0x3000
#define FAKE_VIRTIO_PCI_BAR_SIZE 0x4000

/* One virtqueue. */
struct fake_virtio_pci_queue {
	uint16_t size;                /* as shown; the driver may write a smaller one to a modern device */
	uint16_t vector;              /* MSI-X */
	uint16_t notify_off;          /* modern: where its notifications go */
	uint16_t notify_data;         /* modern: queue_notif_config_data */
	uint16_t resetting;           /* modern: looks until its reset is done */
	uint32_t notified;            /* the last that was written */
	uint64_t addresses[3];        /* modern: descriptors, driver, device; legacy: the page number in the first */
	bool enabled;                 /* modern: queue_enable; legacy: the page number was written */
	unsigned notifications;       /* written for it */
	struct fake_device_ring ring; /* modern, with_rings: the device's end, while it is enabled */
};

/* The device. */
struct fake_virtio_pci {
	struct fake_pci_function *function; /* its place on the bus, to change what it says */
	struct virtio_pci_function found;   /* the same as a search finds it */
	struct fake_region registers;       /* behind BAR 4, or BAR 0 */

	uint64_t offered;                                            /* features */
	uint8_t config[FAKE_VIRTIO_PCI_CONFIG];                      /* device configuration */
	struct fake_virtio_pci_queue queues[FAKE_VIRTIO_PCI_QUEUES]; /* 0 and 1 have 256 entries, the others none */
	uint32_t multiplier;                                         /* modern: bytes between notify addresses */
	bool refuses_vectors;                                        /* writing a vector reads back as none */
	uint16_t keeps_vector;                                       /* not 0: any vector reads back as this */
	bool with_rings;                                             /* modern: what is enabled must be a ring */

	uint64_t accepted;        /* features as the driver wrote them */
	unsigned accepted_writes; /* since the last reset */
	uint8_t status;           /* as the driver wrote it */
	uint8_t isr;              /* reading clears it */
	uint8_t generation;       /* modern: of the configuration */
	uint16_t config_vector;   /* MSI-X */

	uint32_t device_select, driver_select; /* modern: feature words */
	uint16_t queue_select;                 /* which queue the registers are of */
};

/* The capabilities of the modern device, in this order; where they are in its configuration space. */
enum fake_virtio_pci_capability {
	FAKE_VIRTIO_PCI_CAP_COMMON = 0x40,
	FAKE_VIRTIO_PCI_CAP_NOTIFY = 0x50,
	FAKE_VIRTIO_PCI_CAP_ISR = 0x64,
	FAKE_VIRTIO_PCI_CAP_DEVICE = 0x74,
	FAKE_VIRTIO_PCI_CAP_ACCESS = 0x84,
};

/* Start the bus with one modern device of TYPE on it. */
void fake_virtio_pci_start_modern(struct fake_virtio_pci *fake, uint16_t type, uint64_t offered);

/* Put another one of these at ADDRESS of the bus, its registers at BAR. */
void fake_virtio_pci_add_modern(
	struct fake_virtio_pci *fake, uint16_t address, uint64_t bar, uint16_t type, uint64_t offered);

/* Start the bus with one legacy device of TYPE (VIRTIO_ID_NET, _BLOCK or _ENTROPY) on it. */
void fake_virtio_pci_start_legacy(struct fake_virtio_pci *fake, uint16_t type, uint32_t offered);

/* Look for it again, after a change to what a search finds. */
void fake_virtio_pci_find(struct fake_virtio_pci *fake);

#endif
