/* SPDX-License-Identifier: ISC */
/* What the files of the device layer share. */
#ifndef VIRTIO_DEVICE_INTERNAL_H
#define VIRTIO_DEVICE_INTERNAL_H

#include <virtio/device.h>

/* 3.1.1 step 4: decide what to accept and write it, once. Fills in dev->offered, dev->features and dev->ring. */
VIRTIO_MUST_CHECK int virtio_features_negotiate(
	struct virtio_device *dev, uint64_t wanted, uint64_t required, const struct virtio_feature_rule *rules);

/* patience.c: how long we have been waiting for a device. */
struct virtio_patience {
	uint64_t start; /* when that began */
	uint64_t step;  /* nanoseconds until the next look */
	bool over;      /* that was the last look */
};

/* Begin to wait. 0, or VIRTIO_ERR_UNSUPPORTED when there is no clock, which is logged. */
VIRTIO_MUST_CHECK int virtio_patience_begin(struct virtio_device *dev, struct virtio_patience *patience);

/* Let some time pass. True: look again. False: VIRTIO_RESET_TIMEOUT is over, and we have looked after that. */
VIRTIO_MUST_CHECK bool virtio_patience_lasts(struct virtio_device *dev, struct virtio_patience *patience);

/* What a queue's mapping adds to its life, where the device asks for it (mapping.c). */
struct virtio_mapping_ops {
	/* Set up queue->mapping, in front of the ring. 0, or VIRTIO_ERR_NO_MEMORY. The others come after this only. */
	int (*begin)(struct virtio_queue *queue);

	/*
	 * The device was reset: unmap what it held of QUEUE, so that it can be taken back as it was added. A STUCK
	 * device may still use it: then it stays mapped for ever.
	 */
	void (*recover)(struct virtio_queue *queue, bool stuck);

	/* Map again, after that. */
	void (*restart)(struct virtio_queue *queue);

	/* Free what begin allocated. */
	void (*end)(struct virtio_queue *queue);
};

/* From now on QUEUE notifies the device, first of what was put into it before. */
void virtio_queue_go_live(struct virtio_queue *queue);

/* From now on QUEUE remembers a notification, and forgets one that it remembered. */
void virtio_queue_hold(struct virtio_queue *queue);

/* From now on queues notify the device, first of what was put into them before. */
void virtio_queues_go_live(struct virtio_device *dev);

/* From now on queues remember notifications, and forget those that they remembered. */
void virtio_queues_hold(struct virtio_device *dev);

/* virtio_mapping_recover for all queues. */
void virtio_queues_recover(struct virtio_device *dev, bool stuck);

/* Free all queues, or only forget them when the device may still use their memory. */
void virtio_queues_drop(struct virtio_device *dev, bool free_memory);

#endif
