/* SPDX-License-Identifier: ISC */
/*
 * Transports: how to reach a device's registers (VIRTIO 4). One table of operations for each register
 * layout; the device layer (device.h) calls them, drivers never do. A runtime names a table to link
 * that transport in, usually through struct virtio_support.
 */
#ifndef VIRTIO_TRANSPORT_H
#define VIRTIO_TRANSPORT_H

#include <virtio/base.h>
#include <virtio/error.h>

VIRTIO_BEGIN_DECLS

struct virtio_device;
struct virtio_mapping_ops;
struct virtio_pci_function;
struct virtio_queue;
struct virtio_region;
struct virtqueue_ops;

/*
 * One register layout. The calls trust their arguments, which the device layer has checked, and nothing that
 * they read. None waits: the device layer does, with a deadline.
 */
struct virtio_transport_ops {
	const char *name;           /* for messages: "modern PCI", "legacy MMIO", ... */
	uint64_t features;          /* common features (bits 24 to 49) that may be accepted over it */
	uint64_t required_features; /* those of them that every device of this layout must offer */
	unsigned feature_words;     /* how many 32-bit words of features it has, 1 or 2 */
	bool confirms_features;     /* the device answers FEATURES_OK (3.1.1 steps 5 and 6) */
	bool ring_size_fixed;       /* the driver cannot choose a smaller size than the device's */
	uint32_t ring_alignment; /* 0: parts of a virtqueue lie anywhere; else all in one block, so aligned (2.7.2) */

	/*
	 * Look at dev->function, or for MMIO at dev->mmio_version and dev->common (all of the window), find the
	 * registers and fill in dev->common, notify, isr and config, without touching them. Returns 0;
	 * VIRTIO_ERR_NO_DEVICE when the device is not of this layout, or not on this bus (the next in the list is
	 * tried); VIRTIO_ERR_PROTOCOL or VIRTIO_ERR_UNSUPPORTED, after a log line, when it is and cannot be used.
	 */
	int (*open)(struct virtio_device *dev);

	/*
	 * Let the device reach memory and interrupt (PCI: bus mastering, the masks of INTx and MSI-X), or stop both.
	 * Called while the device is in reset, so no interrupt gets lost. NULL where the bus has no such switch.
	 */
	void (*set_dma)(struct virtio_device *dev, bool on);

	uint8_t (*status)(struct virtio_device *dev);                  /* read the device status (2.1) */
	void (*set_status)(struct virtio_device *dev, uint8_t status); /* write it; 0 starts a reset (2.4) */

	/* Read the features WORD*32 to WORD*32+31 that the device offers. */
	uint32_t (*features_offered)(struct virtio_device *dev, unsigned word);

	/* Write those that we accept. */
	void (*accept_features)(struct virtio_device *dev, unsigned word, uint32_t features);

	/* Read the largest size of virtqueue INDEX; 0: there is none; above 32768: it cannot be used. */
	uint16_t (*queue_size)(struct virtio_device *dev, uint16_t index);

	/*
	 * Tell the device where queue->ring lies, prepare queue->window for notify, and enable it. 0;
	 * VIRTIO_ERR_PROTOCOL or VIRTIO_ERR_UNSUPPORTED after a log line, and then it is not enabled.
	 */
	int (*start_queue)(struct virtio_device *dev, struct virtio_queue *queue);

	/* Tell the device that there are new buffers: everything written to memory before is seen by it. */
	void (*notify)(struct virtio_queue *queue);

	/* The same, telling where the ring stands (2.9). NULL where NOTIFICATION_DATA is not among `features`. */
	void (*notify_with_data)(struct virtio_queue *queue);

	/* Start the reset of virtqueue INDEX alone (2.6.1). NULL where RING_RESET is not among `features`. */
	void (*reset_queue)(struct virtio_device *dev, uint16_t index);

	/* Whether that reset goes on. Goes with reset_queue. */
	bool (*queue_in_reset)(struct virtio_device *dev, uint16_t index);

	/* Read a number that changes with the configuration (2.5); always 0 where there is none. */
	uint32_t (*config_generation)(struct virtio_device *dev);

	/* Read why it interrupts, VIRTIO_INTERRUPT_*, and acknowledge that; 0: it does not. */
	uint8_t (*interrupt_cause)(struct virtio_device *dev);

	/* Where the registers for MSI-X are in dev->common, of 16 bits each; all 0 where there is no MSI-X. */
	struct {
		uint16_t config; /* the vector of configuration changes */
		uint16_t select; /* which virtqueue the next one means */
		uint16_t queue;  /* its vector */
	} vectors;
};

/*
 * MSI-X (4.1.5.1.2), in dev->vector_ops once virtio_pci_use_msix was called: who does not use it does not link it. For
 * devices with vectors only.
 */
struct virtio_vector_ops {
	/* Choose the vector for configuration changes, after step 6 of 3.1.1; where the device refuses it, INTx does.
	 */
	void (*begin)(struct virtio_device *dev);

	/* Choose the vector of a queue, before it is started; likewise. */
	void (*assign)(struct virtio_device *dev, struct virtio_queue *queue);

	/* Write the vector of configuration changes, or VIRTIO_NO_VECTOR. 0; VIRTIO_ERR_UNSUPPORTED: it is refused. */
	int (*set_config)(struct virtio_device *dev, uint16_t vector);

	/* The same for virtqueue INDEX, which is not started yet. */
	int (*set_queue)(struct virtio_device *dev, uint16_t index, uint16_t vector);

	/* Hold all vectors back, or no longer. */
	void (*mask)(struct virtio_device *dev, bool mask);

	/* Switch MSI-X off: from now on dev->interrupt_cause tells. dev->msix is false and dev->vectors 0 then. */
	void (*leave)(struct virtio_device *dev);
};

/* Modern PCI devices and transitional ones (VIRTIO 4.1). */
extern const struct virtio_transport_ops virtio_pci_modern_ops;

/* Legacy PCI devices (VIRTIO 4.1.4.10). x86 only: elsewhere this table does not exist. */
extern const struct virtio_transport_ops virtio_pci_legacy_ops;

/* MMIO devices of version 2 (VIRTIO 4.2.2). */
extern const struct virtio_transport_ops virtio_mmio_modern_ops;

/* MMIO devices of version 1, the legacy one (VIRTIO 4.2.4). */
extern const struct virtio_transport_ops virtio_mmio_legacy_ops;

/* Buffers that pass the dma_map and dma_unmap hooks on their way. For virtio_support.mapping. */
extern const struct virtio_mapping_ops virtio_mapping_by_hooks;

/*
 * What a runtime wants to link in: the transports, in the order in which they are tried (modern before legacy), and
 * the rings, most wanted first. Both lists end in NULL and live as long as the devices. What follows them may be NULL.
 */
struct virtio_support {
	const struct virtio_transport_ops *const *transports; /* register layouts */
	const struct virtqueue_ops *const *rings;             /* kinds of virtqueue */

	/* &virtio_mapping_by_hooks: devices may ask that memory be mapped for them. NULL: ACCESS_PLATFORM is never
	 * accepted, whatever hooks there are. */
	const struct virtio_mapping_ops *mapping;

	/* virtio_pci_config_window (pci.h): registers that cannot be mapped are reached through configuration space.
	 * NULL: such a device is refused. */
	int (*config_window)(struct virtio_pci_function *function, unsigned bar, uint32_t offset, uint32_t length,
		struct virtio_region *region);
};

/* All that the library has. */
extern const struct virtio_support virtio_support_all;

/* What messages call a device of TYPE (VIRTIO_ID_): "net", "block", ...; "virtio" when nobody here knows it. The text
 * is constant. Callable anywhere. */
const char *virtio_type_name(uint32_t type);

VIRTIO_END_DECLS

#endif
