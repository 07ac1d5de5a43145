/* SPDX-License-Identifier: ISC */
/* What the measured code stands on: hooks for memory and time, and a transport without registers. */
#ifndef TEST_BENCH_EXACT_MACHINE_H
#define TEST_BENCH_EXACT_MACHINE_H

#include <virtio/device.h>

#include "device.h"

#define MACHINE_QUEUES 8

/* A device: the library's view of it, and its own. */
struct machine {
	struct virtio_device device;              /* opened; for a driver's attach */
	struct device_ring rings[MACHINE_QUEUES]; /* the device's ends */
	uint64_t offered;                         /* features */
	uint8_t status;                           /* as the driver set it */
	_Alignas(8) uint8_t config[64];           /* configuration */
	const struct virtqueue_ops *kinds[2];     /* the ring to use */
	const struct virtio_transport_ops *transports[2];
	struct virtio_support support;
};

extern const struct virtio_platform machine_platform;

/* Give back all memory. */
void machine_empty(void);

/* A modern device of TYPE that offers FEATURES, and is driven through rings of KIND. */
void machine_open(struct machine *machine, uint32_t type, uint64_t features, const struct virtqueue_ops *kind);

#endif
