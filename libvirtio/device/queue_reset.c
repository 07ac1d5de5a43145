/* SPDX-License-Identifier: ISC */
/*
 * Resetting one virtqueue while the others run (VIRTIO 2.6.1, with RING_RESET). The device may use the ring and its
 * buffers until it says that the reset is done, so they are ours again only then.
 */
#include <virtio/spec/features.h>

#include "device/internal.h"
#include "device/log.h"

int virtio_queue_reset(struct virtio_queue *queue)
{
	struct virtio_device *dev = queue->device;
	struct virtio_patience patience;
	int result;

	if (!virtio_device_has(dev, VIRTIO_F_RING_RESET))
		return VIRTIO_ERR_UNSUPPORTED;
	if (!dev->live)
		return VIRTIO_ERR_BUSY;
	result = virtio_patience_begin(dev, &patience);
	if (result < 0)
		return result;
	virtio_queue_hold(queue);
	queue->ring.fault = VIRTIO_MESSAGE("it was reset"); /* until it is restarted: nothing goes in or out */
	dev->transport->reset_queue(dev, queue->index);
	while (dev->transport->queue_in_reset(dev, queue->index))
		if (!virtio_patience_lasts(dev, &patience))
			return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_TIMEOUT, "its reset does not end");
	if (queue->mapping)
		dev->support->mapping->recover(queue, false);
	queue->in_reset = true;
	return 0;
}

int virtio_queue_restart(struct virtio_queue *queue)
{
	struct virtio_device *dev = queue->device;
	int result;

	if (!queue->in_reset || !dev->live)
		return VIRTIO_ERR_BUSY;
	if (dev->transport->queue_size(dev, queue->index) < queue->ring.size)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_PROTOCOL, "the device has made it shorter");
	if (queue->mapping)
		dev->support->mapping->restart(queue);
	virtqueue_restart(&queue->ring);
	queue->fault_logged = false;
	if (dev->vector_ops)
		dev->vector_ops->assign(dev, queue);
	result = dev->transport->start_queue(dev, queue);
	if (result < 0) {
		queue->ring.fault = VIRTIO_MESSAGE("it was not restarted");
		return result;
	}
	queue->in_reset = false;
	virtio_queue_go_live(queue);
	return 0;
}
