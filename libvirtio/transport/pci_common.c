/* SPDX-License-Identifier: ISC */
/* What legacy and modern PCI devices do alike (VIRTIO 4.1.5). */
#include "base/barrier.h"
#include "base/log.h"
#include "pci/config.h"
#include "pci/msix.h"
#include "transport/pci.h"

void virtio_pci_set_dma(struct virtio_device *dev, bool on)
{
	if (on)
		virtio_pci_command(&dev->function, PCI_COMMAND_BUS_MASTER, PCI_COMMAND_NO_INTX);
	if (dev->vectors) /* nothing gets lost: the device is in reset, or as good as */
		virtio_pci_msix_mask(&dev->function, dev->msix_capability, !on);
	if (!on)
		virtio_pci_command(&dev->function, PCI_COMMAND_NO_INTX, PCI_COMMAND_BUS_MASTER);
}

void virtio_pci_leave_msix(struct virtio_device *dev)
{
	virtio_pci_msix_stop(&dev->function, dev->msix_capability);
	dev->msix = false;
	dev->vectors = 0;
	/* Legacy registers move (4.1.4.10). They were found before in the same place, so they are found again. */
	if (dev->transport->open(dev) < 0)
		virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: lost without MSI-X", dev->name);
}

int virtio_pci_set_vector(struct virtio_device *dev, uint64_t offset, uint16_t vector)
{
	if (!dev->msix) {
		virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: MSI-X is not enabled", dev->name);
		return VIRTIO_ERR_UNSUPPORTED;
	}
	virtio_region_write16(&dev->common, offset, vector);
	if (virtio_region_read16(&dev->common, offset) == vector)
		return 0;
	virtio_log(dev->platform, VIRTIO_LOG_WARNING, "%s: refuses the interrupt vector %u", dev->name, vector);
	return VIRTIO_ERR_UNSUPPORTED;
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
