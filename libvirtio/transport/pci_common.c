/* SPDX-License-Identifier: ISC */
/* What legacy and modern PCI devices do alike (VIRTIO 4.1.5). */
#include "base/barrier.h"
#include "pci/config.h"
#include "transport/pci.h"

void virtio_pci_set_dma(struct virtio_device *dev, bool on)
{
	if (on)
		virtio_pci_command(&dev->function, PCI_COMMAND_BUS_MASTER, PCI_COMMAND_NO_INTX);
	if (dev->vectors) /* nothing gets lost: the device is in reset, or as good as */
		dev->vector_ops->mask(dev, !on);
	if (!on)
		virtio_pci_command(&dev->function, PCI_COMMAND_NO_INTX, PCI_COMMAND_BUS_MASTER);
}

void virtio_pci_notify(struct virtio_queue *queue)
{
	virtio_fence_register_write(); /* MB-07: the buffers are there before the device looks for them */
	virtio_region_write16(&queue->window, 0, (uint16_t)queue->notify_value);
}

void virtio_pci_notify_with_data(struct virtio_queue *queue)
{
	virtio_fence_register_write(); /* as above */
	virtio_region_write32(&queue->window, 0, queue->notify_value | virtqueue_notification_data(&queue->ring));
}

uint8_t virtio_pci_interrupt_cause(struct virtio_device *dev)
{
	return virtio_region_read8(&dev->isr, 0);
}
