/* SPDX-License-Identifier: ISC */
/*
 * Which MSI-X vector tells of what (VIRTIO 4.1.5.1.2): the rule that pci.h documents. A device that refuses a vector is
 * asked for the shared one, and then driven with INTx: only the runtime's handlers see a difference.
 */
#include "device/vectors.h"
#include "device/log.h"

#include <virtio/spec/status.h>

static void leave_msix(struct virtio_device *dev)
{
	virtio_device_log(dev, VIRTIO_LOG_WARNING, "no vector to interrupt with: INTx instead of MSI-X");
	dev->vector_ops->leave(dev);
	for (struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		queue->vector = VIRTIO_NO_VECTOR;
}

void virtio_vectors_begin(struct virtio_device *dev)
{
	if (dev->vectors && dev->vector_ops->set_config(dev, 0) < 0)
		leave_msix(dev);
}

void virtio_vectors_assign(struct virtio_device *dev, struct virtio_queue *queue)
{
	uint16_t last = (uint16_t)(dev->vectors - 1);
	uint16_t wanted = queue->index < last ? (uint16_t)(queue->index + 1) : last;

	if (!dev->vectors)
		return;
	if (dev->vector_ops->set_queue(dev, queue->index, wanted) == 0)
		queue->vector = wanted;
	else if (wanted && dev->vector_ops->set_queue(dev, queue->index, 0) == 0)
		queue->vector = 0;
	else
		leave_msix(dev);
}
