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
struct virtio_queue;
struct virtqueue_ops;

/*
 * One register layout. The calls trust their arguments, which the device layer has checked, and nothing that
 * they read. None waits: the device layer does, with a deadline.
 */
struct virtio_transport_ops {
	const char *name;         /* for messages: "modern PCI", "legacy PCI", ... */
	unsigned feature_words;   /* how many 32-bit words of features the layout has */
	uint64_t features;        /* the transport-specific features (bits 24 to 41) that may be accepted over it */
	uint32_t ring_alignment;  /* 0: parts of a virtqueue may lie anywhere; else it is one block, parts and start so aligned (2.7.2) */
	bool ring_size_fixed;     /* the driver cannot choose a smaller size than the device's */

	/*
	 * Look at dev->function, or dev->window for MMIO, find the registers and fill in dev->common, notify, isr and config. Returns 0;
	 * VIRTIO_ERR_NO_DEVICE when the device is not of this layout (the next in the list is tried); VIRTIO_ERR_PROTOCOL or
	 * VIRTIO_ERR_UNSUPPORTED, after a log line, when it is and cannot be used.
	 */
	int (*open)(struct virtio_device *dev);

	uint8_t (*status)(struct virtio_device *dev);                                         /* read the device status (2.1) */
	void (*set_status)(struct virtio_device *dev, uint8_t status);                        /* write it; 0 starts a reset (2.4) */
	uint32_t (*features_offered)(struct virtio_device *dev, unsigned word);               /* features WORD*32 to WORD*32+31 */
	void (*accept_features)(struct virtio_device *dev, unsigned word, uint32_t features); /* write those */
	int (*confirm_features)(struct virtio_device *dev); /* 3.1.1 steps 5 and 6: 0, or VIRTIO_ERR_UNSUPPORTED when refused */
	uint16_t (*queue_size)(struct virtio_device *dev, uint16_t index); /* largest size of virtqueue INDEX, 0: there is none */

	/*
	 * Tell the device where queue->ring lies, with its interrupt vector, enable it, and prepare queue->notify. 0; VIRTIO_ERR_PROTOCOL or
	 * VIRTIO_ERR_UNSUPPORTED after a log line.
	 */
	int (*start_queue)(struct virtio_device *dev, struct virtio_queue *queue);

	void (*notify)(const struct virtio_queue *queue);            /* tell the device that there are new buffers */
	uint32_t (*config_generation)(struct virtio_device *dev);    /* changes with the configuration (2.5); 0 where there is none */
	uint8_t (*interrupt_cause)(struct virtio_device *dev);       /* VIRTIO_INTERRUPT_*, acknowledged by asking; 0: not ours */
	int (*set_config_vector)(struct virtio_device *dev, uint16_t vector); /* MSI-X vector for configuration changes, or VIRTIO_NO_VECTOR */
};

/* Modern PCI devices and transitional ones (VIRTIO 4.1). */
extern const struct virtio_transport_ops virtio_pci_modern_ops;

/* Legacy PCI devices (VIRTIO 4.1.4.10). */
extern const struct virtio_transport_ops virtio_pci_legacy_ops;

/*
 * What a runtime wants to link in: the transports, in the order in which they are tried, and the rings, most wanted
 * first. Both lists end in NULL and live as long as the devices.
 */
struct virtio_support {
	const struct virtio_transport_ops *const *transports; /* register layouts */
	const struct virtqueue_ops *const *rings;             /* kinds of virtqueue */
};

/* All that the library has. */
extern const struct virtio_support virtio_support_all;

VIRTIO_END_DECLS

#endif
