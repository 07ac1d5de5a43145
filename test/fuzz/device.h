/* SPDX-License-Identifier: ISC */
/*
 * A virtio device that does what the input of a fuzz target says: behind each of the four transports, with its end of
 * every virtqueue. It answers registers as a good device would until the input tells of a lie, and whenever the driver
 * touches a register, waits, or the target asks for it, it may do something to a ring, to its configuration, or to
 * memory that it knows. After fuzz_device_behave it is a good device again, as a driver may expect after a reset.
 *
 * What the input begins with: the bus, the features, sizes of queues, an allocation to fail, changes to the
 * configuration. There is one device at a time.
 */
#ifndef FUZZ_DEVICE_H
#define FUZZ_DEVICE_H

#include <virtio/device.h>

#include "input.h"
#include "rings.h"
#include "runtime.h"

#define FUZZ_QUEUES 16
#define FUZZ_CONFIG 128  /* bytes of configuration at most */
#define FUZZ_HELD 8      /* buffers of a queue that it keeps for later at most */
#define FUZZ_MESSAGE 512 /* bytes of what it writes into a buffer with a meaning at most */

enum fuzz_bus { FUZZ_PCI_MODERN, FUZZ_MMIO_MODERN, FUZZ_PCI_LEGACY, FUZZ_MMIO_LEGACY, FUZZ_BUSES };

struct fuzz_device;

/* What a good device of this kind is. */
struct fuzz_kind {
	uint32_t type;         /* VIRTIO_ID_ */
	uint64_t features;     /* of the type, that the input may choose from */
	uint64_t needed;       /* of them, those that a good device offers always */
	const uint8_t *config; /* its configuration */
	uint32_t config_length;
	uint16_t queues; /* how many it has */

	/* Make up something that fits into CHAIN of virtqueue QUEUE, with the help of the input. How many bytes. */
	uint32_t (*message)(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes);
	/*
	 * What a good device answers to CHAIN: how many bytes it wrote into it. UINT32_MAX: it keeps the buffer.
	 */
	uint32_t (*answer)(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain);
};

/* One virtqueue. */
struct fuzz_queue {
	struct fuzz_ring ring;
	struct fuzz_chain held[FUZZ_HELD];
	unsigned held_count;
	uint16_t size; /* as it says */
	uint16_t vector;
	bool enabled;
	uint32_t page; /* legacy: as written */
};

struct fuzz_device {
	struct virtio_device driver; /* the driver's view of it; opened by fuzz_device_open */
	const struct virtio_platform *platform;
	struct fuzz_input *input;
	const struct fuzz_kind *kind;
	enum fuzz_bus bus;
	bool behaves;   /* no lies any more */
	unsigned quiet; /* touches of registers until the next of them */

	uint64_t offered, accepted;
	uint32_t device_select, driver_select, queue_select;
	uint8_t status, isr, generation;
	uint16_t config_vector;
	uint8_t config[FUZZ_CONFIG];
	struct fuzz_queue queues[FUZZ_QUEUES];
	struct fuzz_chain last; /* the buffer that was returned last: its memory is not the device's any more */
	uint8_t pci_config[256];
	uint32_t bar_sizes[6];
	unsigned pci_written;    /* which BARs hold all ones just now: a bit each */
	uint16_t pci_everywhere; /* bits of a function's address that do not matter */
};

/* Start a device of KIND on a runtime that is started here, too: INPUT begins with what it is like. */
void fuzz_device_start(struct fuzz_device *device, const struct fuzz_kind *kind, struct fuzz_input *input);

/* Find it on its bus and open it, as device->driver. Result as virtio_pci_open. */
int fuzz_device_open(struct fuzz_device *device);

/* From now on it is a good device, with what a good one offers; the reset that comes next makes it well. */
void fuzz_device_behave(struct fuzz_device *device);

/* Something that the device does by itself, as the input says; a good one serves its queues. */
void fuzz_device_act(struct fuzz_device *device);

/* Serve all that is available, as a good device. */
void fuzz_device_serve(struct fuzz_device *device);

/* A good device: hand BYTES to the driver in a buffer of QUEUE that it keeps. False: there is none. */
bool fuzz_device_deliver(struct fuzz_device *device, unsigned queue, const void *bytes, uint32_t length);

/* A register with this VALUE is read: what the driver sees, of WIDTH bytes. */
uint32_t fuzz_device_answer(struct fuzz_device *device, uint32_t value, unsigned width);

/* A register was written, or the driver waits: the device may act. */
void fuzz_device_touched(void);

/* ---- what registers mean (device_registers.c), for the buses ---- */

void fuzz_device_set_status(struct fuzz_device *device, uint8_t status);
uint16_t fuzz_device_queue_size(const struct fuzz_device *device);
struct fuzz_queue *fuzz_device_queue(struct fuzz_device *device);
void fuzz_device_enable(struct fuzz_device *device, bool on);
uint32_t fuzz_device_config_read(const struct fuzz_device *device, uint64_t offset, unsigned width);
void fuzz_device_config_write(struct fuzz_device *device, uint64_t offset, unsigned width, uint32_t value);
uint8_t fuzz_device_take_isr(struct fuzz_device *device);

/* ---- buses: bus.c ---- */

/* Where each thing is, and what answers there. */
#define FUZZ_MMIO_ADDRESS UINT64_C(0xd0000000)
#define FUZZ_BAR_ADDRESS UINT64_C(0xe0000000)  /* BAR 4: modern registers */
#define FUZZ_MSIX_ADDRESS UINT64_C(0xe1000000) /* BAR 1 */
#define FUZZ_PORTS UINT64_C(0xc040)            /* BAR 0 of a legacy device */

/* DEVICE is what all registers belong to. */
void fuzz_bus_start(struct fuzz_device *device);

/* A way to PCI configuration space, with DEVICE at 00:03.0 as its only function. */
struct virtio_pci_access fuzz_pci_access(struct fuzz_device *device);

/* Fill in DEVICE's configuration space as a good one has it. */
void fuzz_pci_describe(struct fuzz_device *device);

#endif
