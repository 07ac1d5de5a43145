/* SPDX-License-Identifier: ISC */
/* Setting up the virtqueues of a device (VIRTIO 3.1.1 step 7), and joining ring and notification. */
#include <virtio/spec/features.h>
#include <virtio/spec/split.h>
#include <virtio/spec/status.h>

#include "device/internal.h"
#include "device/log.h"

/* 3.1.1: no notification before DRIVER_OK. This stands in for the transport's until then, so submit need not ask. */
static void remember_notification(struct virtio_queue *queue)
{
	queue->notify_pending = true;
}

void virtio_queue_go_live(struct virtio_queue *queue)
{
	const struct virtio_device *dev = queue->device;
	bool with_data = virtio_device_has(dev, VIRTIO_F_NOTIFICATION_DATA);

	queue->notify = with_data ? dev->transport->notify_with_data : dev->transport->notify;
	if (queue->notify_pending)
		queue->notify(queue);
}

void virtio_queue_hold(struct virtio_queue *queue)
{
	queue->notify = remember_notification;
	queue->notify_pending = false;
}

void virtio_queues_go_live(struct virtio_device *dev)
{
	for (struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		virtio_queue_go_live(queue);
}

void virtio_queues_hold(struct virtio_device *dev)
{
	for (struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		virtio_queue_hold(queue);
}

void virtio_queues_recover(struct virtio_device *dev, bool stuck)
{
	for (struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		if (queue->mapping)
			dev->support->mapping->recover(queue, stuck);
}

/* Free QUEUE, or only forget its ring. */
static void drop(struct virtio_queue *queue, bool free_memory)
{
	if (queue->mapping)
		queue->device->support->mapping->end(queue);
	if (free_memory)
		virtqueue_free(&queue->ring);
}

void virtio_queues_drop(struct virtio_device *dev, bool free_memory)
{
	for (struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		drop(queue, free_memory);
	dev->queues = NULL;
}

/* The size to use: what the device has, or less, by the power of two that every kind of ring takes. */
static uint16_t choose_size(const struct virtio_device *dev, uint16_t device_size, uint16_t max_size)
{
	uint16_t size = 1;

	if (!max_size || max_size >= device_size || dev->transport->ring_size_fixed)
		return device_size;
	while (size <= max_size / 2)
		size = (uint16_t)(size * 2);
	return size;
}

static int create_ring(struct virtio_device *dev, struct virtio_queue *queue, uint16_t device_size, uint16_t max_size,
	uint16_t segments)
{
	uint16_t size = choose_size(dev, device_size, max_size);
	struct virtqueue_config config = {
		.platform = dev->platform,
		.ops = dev->ring,
		.features = dev->features,
		.alignment = dev->transport->ring_alignment,
		.size = size,
		.max_segments = segments < size ? segments : size, /* no chain is longer than its queue (2.7.5.3.1) */
	};
	int result = virtqueue_init(&queue->ring, &config);

	/* Not our bug: the size comes from the device. */
	if (result == VIRTIO_ERR_INVALID) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "virtqueue %u: its size %u does not do for a %s ring",
			queue->index, device_size, dev->ring->name);
		return VIRTIO_ERR_PROTOCOL;
	}
	return result < 0 ? virtio_queue_complain(dev, queue->index, result, "no memory for the ring") : 0;
}

/* Its buffers are mapped where the device wants that, it has a vector, and the device knows where it is. */
static int start(struct virtio_device *dev, struct virtio_queue *queue)
{
	if (virtio_device_has(dev, VIRTIO_F_ACCESS_PLATFORM)) {
		int result = dev->support->mapping->begin(queue);
		if (result < 0)
			return virtio_queue_complain(
				dev, queue->index, result, "no memory for the mapping of its buffers");
	}
	if (dev->vector_ops)
		dev->vector_ops->assign(dev, queue);
	return dev->transport->start_queue(dev, queue);
}

int virtio_device_add_queue(
	struct virtio_device *dev, struct virtio_queue *queue, uint16_t index, uint16_t max_size, uint16_t max_segments)
{
	if (!(dev->status & VIRTIO_STATUS_DRIVER) || dev->status & VIRTIO_STATUS_FAILED || dev->live)
		return VIRTIO_ERR_BUSY;
	uint16_t device_size = dev->transport->queue_size(dev, index); /* once: it may say something else next time */
	if (device_size == 0)
		return virtio_queue_complain(dev, index, VIRTIO_ERR_NO_DEVICE, "the device does not have it");
	if (device_size > VIRTQ_MAX_SIZE)
		return virtio_queue_complain(dev, index, VIRTIO_ERR_PROTOCOL, "its size is above 32768");

	*queue = (struct virtio_queue){
		.device = dev, .index = index, .vector = VIRTIO_NO_VECTOR, .notify = remember_notification};
	int result = create_ring(dev, queue, device_size, max_size, max_segments);
	if (result < 0)
		return result;
	result = start(dev, queue);
	if (result < 0) {
		drop(queue, true);
		return result;
	}
	queue->next = dev->queues;
	dev->queues = queue;
	return 0;
}

/* GOT is what was taken from QUEUE, or why nothing was. */
static int taken(struct virtio_queue *queue, int got)
{
	if (got < 0 && !queue->fault_logged) {
		queue->fault_logged = true;
		virtio_queue_complain(
			queue->device, queue->index, got, queue->ring.fault ? queue->ring.fault : "broken");
	}
	return got;
}

int virtio_queue_get(struct virtio_queue *queue, struct virtqueue_used *used, unsigned count)
{
	return taken(queue, virtqueue_get(&queue->ring, used, count));
}

int virtio_queue_get_tokens(struct virtio_queue *queue, void **tokens, unsigned count)
{
	return taken(queue, virtqueue_get_tokens(&queue->ring, tokens, count));
}
