/* SPDX-License-Identifier: ISC */
/*
 * A virtio device behind MMIO registers (VIRTIO 4.2), of version 2 or 1, with the device's ends of its virtqueues. It
 * fails the test on whatever the specification forbids a driver: registers of the other version, other widths than 32
 * bits, reads of what is only written and the other way round, features without their selector, a virtqueue changed
 * while it is in use, acknowledgements of what was not signalled, a wrong order of status bits.
 *
 *     struct fake_virtio_mmio fake;
 *     fake_virtio_mmio_start(&fake, 2, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
 *     virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all);
 *     fake_device_take(&fake.queues[0].ring, &buffer);
 */
#ifndef TEST_UNIT_FAKE_VIRTIO_MMIO_H
#define TEST_UNIT_FAKE_VIRTIO_MMIO_H

#include <virtio/mmio.h>

#include "fake/device.h"
#include "fake/pci.h"

#define FAKE_VIRTIO_MMIO_ADDRESS 0xd0000000u
#define FAKE_VIRTIO_MMIO_QUEUES 4
#define FAKE_VIRTIO_MMIO_CONFIG 64 /* bytes of device configuration */

/* One virtqueue. */
struct fake_virtio_mmio_queue {
	uint32_t size_max;            /* as shown; 0: there is none */
	uint32_t size;                /* as the driver wrote it */
	uint32_t align;               /* version 1: likewise */
	uint32_t page;                /* version 1: likewise */
	uint32_t address_words[6];    /* version 2: likewise; rubbish at first */
	bool ready;                   /* it is in use */
	unsigned resetting;           /* looks until its reset is done */
	unsigned notifications;       /* written for it */
	uint32_t notified;            /* the last of them */
	struct fake_device_ring ring; /* the device's end, while it is in use */
};

/* The device. */
struct fake_virtio_mmio {
	struct virtio_mmio_window window; /* where it is */
	struct fake_region registers;     /* behind it */

	/* What it says. */
	uint32_t magic, version, type;
	uint64_t offered;                                              /* features 0 to 63 */
	uint64_t offered_beyond;                                       /* features 64 to 127 */
	uint8_t config[FAKE_VIRTIO_MMIO_CONFIG];                       /* device configuration */
	struct fake_virtio_mmio_queue queues[FAKE_VIRTIO_MMIO_QUEUES]; /* 0 and 1 have 256 entries, the others none */
	uint32_t interrupt;                                            /* InterruptStatus */
	uint32_t generation;                                           /* ConfigGeneration */
	bool gone;                                                     /* all registers read as all ones */
	bool never_ready;                                              /* QueueReady stays 0 */
	bool firecracker; /* it obeys as Firecracker's devices do: one status bit at a time, no reset once in use */

	/* What happened. */
	uint64_t accepted;        /* features as the driver wrote them */
	unsigned accepted_writes; /* words of them since the last reset */
	uint32_t status;          /* as the driver wrote it */
	unsigned resets;          /* status 0 was written so often */
	uint32_t page_size;       /* version 1: GuestPageSize */

	/* Private. */
	uint32_t device_select, driver_select, queue_select;
	bool device_selected, driver_selected;
};

/* Start with no other registers anywhere, and one device of VERSION and TYPE. */
void fake_virtio_mmio_start(struct fake_virtio_mmio *fake, uint32_t version, uint32_t type, uint64_t offered);

/* Put another one at ADDRESS. */
void fake_virtio_mmio_add(
	struct fake_virtio_mmio *fake, uint64_t address, uint32_t version, uint32_t type, uint64_t offered);

#endif
