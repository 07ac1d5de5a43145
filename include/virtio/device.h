/* SPDX-License-Identifier: ISC */
/*
 * A virtio device (VIRTIO 2 and 3), whatever its transport: initialisation by the steps of 3.1.1,
 * features, configuration, queues, interrupts. Drivers are written against this; a runtime opens a
 * device, hands it to a driver's attach, and has nothing else to do with it but to pass interrupts on:
 *
 *     struct virtio_device device;
 *     result = virtio_pci_open(&device, platform, &function, &virtio_support_all);   (pci.h; or mmio.h)
 *     result = virtio_net_attach(&net, &device, ...);                                (net.h)
 *
 * and a driver goes
 *
 *     virtio_device_begin(dev, wanted, required, rules);      steps 1 to 6
 *     virtio_device_config32(dev, ...);                       look at the configuration
 *     virtio_device_add_queue(dev, &queue, 0, 256, 1);        step 7, once for each queue
 *     virtio_device_ready(dev);                               step 8
 *     virtio_queue_add, virtio_queue_submit, virtio_queue_get
 *     virtio_device_reset(dev); virtqueue_take_back(...); virtio_device_detach(dev);
 *
 * A device belongs to one driver at a time. Different devices share nothing. Only begin, reset and detach
 * wait, each with a deadline. Unless a call says otherwise it is not for interrupt handlers.
 */
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include <virtio/base.h>
#include <virtio/error.h>
#include <virtio/mmio.h>
#include <virtio/pci.h>
#include <virtio/platform.h>
#include <virtio/region.h>
#include <virtio/transport.h>
#include <virtio/virtqueue.h>

VIRTIO_BEGIN_DECLS

/* How long a device may take for a reset before it counts as stuck: nanoseconds. */
#define VIRTIO_RESET_TIMEOUT UINT64_C(1000000000)

/*
 * A virtqueue of a device: the ring and how to notify of it. Caller-owned (the driver's), filled in by
 * virtio_device_add_queue; fields are for reading only.
 */
struct virtio_queue {
	struct virtqueue ring;                      /* the ring itself; first, so that one is found from the other */
	void (*notify)(struct virtio_queue *queue); /* the transport's; while the device is not ready: remember it */
	struct virtio_region window;                /* for the transport: where to write a notification */
	uint32_t notify_value;                      /* for the transport: what to write there */
	uint16_t index;                             /* its number in the device */
	uint16_t vector;                /* its MSI-X vector, or VIRTIO_NO_VECTOR: then interrupts are INTx's */
	bool notify_pending;            /* a notification waits for virtio_device_ready */
	bool fault_logged;              /* that the ring is broken has been told */
	bool in_reset;                  /* virtio_queue_reset has reset it */
	struct virtio_mapping *mapping; /* private: with ACCESS_PLATFORM, else NULL */
	struct virtio_device *device;   /* whose it is */
	struct virtio_queue *next;      /* next queue of the same device */
};

/* Memory that a driver got from dma_alloc: the device finds it without a mapping. The driver's; private. */
struct virtio_own_memory {
	const uint8_t *data;            /* where it begins */
	size_t length;                  /* bytes */
	struct virtio_own_memory *next; /* of the same device */
};

/*
 * A device. Caller-owned, opened by virtio_pci_open or virtio_mmio_open, and stays where it is from then on. Fields
 * are for reading only, and for the layers below the drivers.
 */
struct virtio_device {
	const struct virtio_platform *platform;       /* hooks */
	const struct virtio_support *support;         /* what may be used with it */
	const struct virtio_transport_ops *transport; /* the register layout that fitted */
	const struct virtqueue_ops *ring;             /* the kind of ring that was negotiated */
	const struct virtio_vector_ops *vector_ops;   /* private: MSI-X; NULL: virtio_pci_use_msix was not called */
	struct virtio_queue *queues;                  /* queues that were added, linked by next */
	struct virtio_own_memory *own_memory;         /* memory that needs no mapping, linked by next */
	uint64_t offered;                             /* features 0 to 63 as the device offered them */
	uint64_t features;                            /* those that both sides agreed on */
	struct virtio_pci_function function;          /* PCI: which function it is; access.ops NULL: not on PCI */
	struct virtio_mmio_window window;             /* MMIO: where its registers are */
	struct virtio_region common;                  /* registers common to all devices */
	struct virtio_region notify;                  /* notifications */
	struct virtio_region isr;                     /* interrupt status */
	struct virtio_region config;                  /* device-specific configuration; ops NULL: none */
	uint32_t notify_multiplier;                   /* modern PCI: bytes between the notify addresses */
	uint32_t mmio_version;                        /* MMIO: what its Version register says; 0: not MMIO */
	uint32_t type;                                /* VIRTIO_ID_: what it is */
	uint8_t status;                               /* the status bits that we have set since the last reset */
	bool live;                                    /* DRIVER_OK is set */
	bool stuck;                                   /* the last reset did not end */
	bool msix;                                    /* MSI-X is enabled on it; after attach: and used */
	uint8_t msix_capability;                      /* PCI: where its MSI-X capability is, 0: it has none */
	uint16_t vectors;                             /* MSI-X vectors to choose from (virtio_pci_use_msix) */
	char name[40];                                /* for messages: "net at 00:03.0", "net at mmio 0xfeb00e00" */
};

/* A feature that may only be accepted together with another (2.2.1): a driver's table of these ends with {0, 0}. */
struct virtio_feature_rule {
	uint64_t feature; /* one bit */
	uint64_t needs;   /* at least one of these */
};

/*
 * Steps 1 to 6 of 3.1.1: reset, acknowledge, and agree on features: those of WANTED that the device offers, less
 * those whose RULES (NULL: none) do not hold. WANTED are the features of the device type (bits 0 to 23 and 50 to 63),
 * and VIRTIO_F_IN_ORDER if the driver can do without the lengths that such rings do not tell (virtqueue.h);
 * the common ones the common layers add by themselves (VERSION_1, ANY_LAYOUT, EVENT_IDX, INDIRECT_DESC,
 * NOTIFICATION_DATA, RING_RESET, ACCESS_PLATFORM where there are the hooks for it, the ring's own, ...).
 * REQUIRED are those without which the driver cannot work. On success dev->features tells what was agreed on,
 * dev->ring which ring. May wait for the reset.
 *
 * VIRTIO_ERR_UNSUPPORTED: a required feature is missing, the device refused the set, no ring of dev->support fits, or
 * the now hook is missing; VIRTIO_ERR_TIMEOUT: the reset did not finish; VIRTIO_ERR_NO_DEVICE: registers read all
 * ones, it has gone; all these are logged. VIRTIO_ERR_BUSY: it is attached already. FAILED is set where the spec wants
 * it.
 */
VIRTIO_MUST_CHECK int virtio_device_begin(
	struct virtio_device *dev, uint64_t wanted, uint64_t required, const struct virtio_feature_rule *rules);

/*
 * Step 7: set up virtqueue INDEX of the device in QUEUE, with at most MAX_SIZE entries (0: as many as the device
 * has; some devices do not let us choose, and then it has more) for buffers of up to MAX_SEGMENTS segments (0 counts
 * as 1), or of as many as it has entries if those are fewer: queue->ring.max_segments tells. Interrupts are off at
 * first. Allocates; QUEUE belongs to the device until virtio_device_detach. Between begin and ready only, else
 * VIRTIO_ERR_BUSY.
 *
 * VIRTIO_ERR_NO_DEVICE: the device has no such queue; VIRTIO_ERR_PROTOCOL: its size, or what it says of notifications,
 * is impossible; VIRTIO_ERR_UNSUPPORTED: its memory is out of the device's reach; VIRTIO_ERR_NO_MEMORY. Each is logged,
 * and leaves nothing behind.
 */
VIRTIO_MUST_CHECK int virtio_device_add_queue(struct virtio_device *dev, struct virtio_queue *queue, uint16_t index,
	uint16_t max_size, uint16_t max_segments);

/*
 * Step 8: set DRIVER_OK, and send the notifications that were asked for before. 0; VIRTIO_ERR_PROTOCOL when the device
 * says NEEDS_RESET, VIRTIO_ERR_NO_DEVICE when it has gone, VIRTIO_ERR_BUSY when this is not the time for it.
 */
VIRTIO_MUST_CHECK int virtio_device_ready(struct virtio_device *dev);

/* Give up: set FAILED (3.1.1), where that was not done yet. For errors from begin to ready; follow with
 * virtio_device_detach. */
void virtio_device_fail(struct virtio_device *dev);

/*
 * Reset the device (2.4) and wait until it has: afterwards it touches no memory of ours, and buffers that it held can
 * be taken back from its queues (virtqueue_take_back). 0, also when it has gone (all ones): that is as good as reset.
 * VIRTIO_ERR_TIMEOUT: it is stuck, and may still write to memory where the bus cannot stop it; nothing that it knows
 * may be freed. VIRTIO_ERR_UNSUPPORTED: the now hook is missing.
 */
VIRTIO_MUST_CHECK int virtio_device_reset(struct virtio_device *dev);

/*
 * Reset the device and free its queues; whatever they still hold is forgotten, so take it back between
 * virtio_device_reset and this. The device may be attached again. Errors as virtio_device_reset: after one of them the
 * memory of the queues is leaked rather than freed, because the device may still use it. After a reset that timed out
 * this does not try another.
 */
int virtio_device_detach(struct virtio_device *dev);

/*
 * Reset one queue while the device's others run (2.6.1), and wait until it is done. Afterwards the device touches no
 * memory of it, and its buffers can be taken back (virtqueue_take_back); until virtio_queue_restart its calls answer
 * VIRTIO_ERR_PROTOCOL. 0; VIRTIO_ERR_UNSUPPORTED: RING_RESET was not agreed on, or the now hook is missing;
 * VIRTIO_ERR_BUSY: the device is not live; VIRTIO_ERR_TIMEOUT: it is stuck, and only a reset of the device helps. Two
 * users of one device's queues must not call this at the same time: it selects a queue in the registers.
 */
VIRTIO_MUST_CHECK int virtio_queue_reset(struct virtio_queue *queue);

/*
 * Use a queue again after virtio_queue_reset: empty, interrupts off, in the same memory. Take its buffers back before.
 * 0; VIRTIO_ERR_BUSY: it is not reset, or the device is not live; VIRTIO_ERR_PROTOCOL: what the device says of the
 * queue now is impossible (logged), and it stays as it was.
 */
VIRTIO_MUST_CHECK int virtio_queue_restart(struct virtio_queue *queue);

/*
 * Suspend the device (3.4), and wait until it has: it keeps everything, and touches nothing, until
 * virtio_device_resume. Add no buffers meanwhile, and read no configuration. 0; VIRTIO_ERR_UNSUPPORTED: SUSPEND was
 * not agreed on, or the now hook is missing; VIRTIO_ERR_BUSY: the device is not live; VIRTIO_ERR_TIMEOUT,
 * VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_NO_DEVICE: it has not; reset it.
 */
VIRTIO_MUST_CHECK int virtio_device_suspend(struct virtio_device *dev);

/* Go on after virtio_device_suspend. VIRTIO_ERR_BUSY: it is not suspended; else errors as there. */
VIRTIO_MUST_CHECK int virtio_device_resume(struct virtio_device *dev);

/*
 * Read LENGTH bytes at OFFSET of the device-specific configuration (2.5), in fields of WIDTH bytes (1, 2 or 4; a
 * 64-bit field is two of 4), into BYTES, which keep the device's little-endian order. Reads until the generation
 * stands still and two reads agree, so the bytes belong together. 0; VIRTIO_ERR_UNSUPPORTED when the device's
 * configuration is too short; VIRTIO_ERR_PROTOCOL when it never stands still (both are logged); VIRTIO_ERR_INVALID when
 * OFFSET or LENGTH is no multiple of WIDTH. After begin only; never before a feature bit says that the field exists.
 */
VIRTIO_MUST_CHECK int virtio_device_read_config(
	struct virtio_device *dev, uint32_t offset, void *bytes, uint32_t length, uint32_t width);

/* Read an 8-bit field of the device-specific configuration into *VALUE; errors as virtio_device_read_config. */
VIRTIO_MUST_CHECK int virtio_device_config8(struct virtio_device *dev, uint32_t offset, uint8_t *value);
/* As above for 16 bits. */
VIRTIO_MUST_CHECK int virtio_device_config16(struct virtio_device *dev, uint32_t offset, uint16_t *value);
/* As above for 32 bits. */
VIRTIO_MUST_CHECK int virtio_device_config32(struct virtio_device *dev, uint32_t offset, uint32_t *value);
/* As above for 64 bits. */
VIRTIO_MUST_CHECK int virtio_device_config64(struct virtio_device *dev, uint32_t offset, uint64_t *value);

/*
 * Write a 32-bit field of the device-specific configuration (2.5), in one access. 0; VIRTIO_ERR_UNSUPPORTED when the
 * device's configuration is too short. Nothing tells whether the device took it. Only for fields that the specification
 * lets drivers write, once their feature is agreed on. Callable anywhere.
 */
VIRTIO_MUST_CHECK int virtio_device_write_config32(struct virtio_device *dev, uint32_t offset, uint32_t value);

/* The features that the device offers: as virtio_device_begin read them, or, before that, as its registers say now.
 * For what may be used without being agreed on. Callable anywhere. */
uint64_t virtio_device_offer(struct virtio_device *dev);

/*
 * Whether the device is still well: 0; VIRTIO_ERR_PROTOCOL when it asks for a reset (NEEDS_RESET), has lost the status
 * that we set (somebody else reset it, or it was pulled out and its window reads as zeroes), or a virtqueue is broken;
 * VIRTIO_ERR_NO_DEVICE when its registers read all ones. Reads a register: for timeouts and configuration interrupts,
 * not for the data path. Callable anywhere.
 */
VIRTIO_MUST_CHECK int virtio_device_check(struct virtio_device *dev);

/*
 * For the runtime's interrupt handler, INTx or MMIO: reads and acknowledges the cause, once. Returns
 * VIRTIO_INTERRUPT_QUEUE and VIRTIO_INTERRUPT_CONFIG as they apply, which may be both; 0 when the interrupt was another
 * device's, or this one is not ready. Lines are shared: call this for each device on the line, whatever the others
 * answered. Nothing else is needed in the handler: the work is the driver's, later.
 *
 * With MSI-X (virtio_pci_use_msix) the vector tells, and there is nothing to read or to acknowledge in the device: the
 * handler need not call anything. If it does, the answer is both, without looking; 0 while the device is not ready.
 */
uint8_t virtio_device_interrupt(struct virtio_device *dev);

/* Whether FEATURE (one bit) was agreed on. Callable anywhere after begin. */
static inline bool virtio_device_has(const struct virtio_device *dev, uint64_t feature)
{
	return (dev->features & feature) != 0;
}

/*
 * virtqueue_add on the queue's ring. Same results; with ACCESS_PLATFORM also what the dma_map hook answered, when it
 * refused the first buffer.
 */
VIRTIO_MUST_CHECK static inline int virtio_queue_add(
	struct virtio_queue *queue, const struct virtqueue_buffer *buffers, unsigned count)
{
	return queue->ring.ops->add(&queue->ring, buffers, count);
}

/* virtqueue_add_singles on the queue's ring. Results as virtio_queue_add. */
VIRTIO_MUST_CHECK static inline int virtio_queue_add_singles(
	struct virtio_queue *queue, const struct virtqueue_single *singles, unsigned count, bool writable)
{
	return queue->ring.ops->add_singles(&queue->ring, singles, count, writable);
}

/*
 * Publish what was added and notify the device if it wants that, once at most. Before virtio_device_ready the device
 * must not be notified (3.1.1): then ready does it. Callable where virtqueue_publish is.
 */
static inline void virtio_queue_submit(struct virtio_queue *queue)
{
	if (queue->ring.ops->publish(&queue->ring))
		queue->notify(queue);
}

/* virtqueue_get on the queue's ring. A broken ring is logged once, with the device's name. Same results. */
VIRTIO_MUST_CHECK int virtio_queue_get(struct virtio_queue *queue, struct virtqueue_used *used, unsigned count);

/* virtqueue_get_tokens on the queue's ring. A broken ring is logged likewise. Same results. */
VIRTIO_MUST_CHECK int virtio_queue_get_tokens(struct virtio_queue *queue, void **tokens, unsigned count);

VIRTIO_END_DECLS

#endif
