/* SPDX-License-Identifier: ISC */
/* Choosing MSI-X or INTx for a device, and telling it its vectors (VIRTIO 4.1.5.1.2). */
#include "device/log.h"
#include "device/vectors.h"
#include "pci/msix.h"
#include "transport/pci.h"

/* Write VECTOR to the register at OFFSET and see that it was taken. */
static int set_vector(struct virtio_device *dev, uint64_t offset, uint16_t vector)
{
	virtio_region_write16(&dev->common, offset, vector);
	if (virtio_region_read16(&dev->common, offset) == vector)
		return 0;
	virtio_device_log(dev, VIRTIO_LOG_WARNING, "refuses the interrupt vector %u", vector);
	return VIRTIO_ERR_UNSUPPORTED;
}

static int set_config(struct virtio_device *dev, uint16_t vector)
{
	return set_vector(dev, dev->transport->vectors.config, vector);
}

static int set_queue(struct virtio_device *dev, uint16_t index, uint16_t vector)
{
	virtio_region_write16(&dev->common, dev->transport->vectors.select, index);
	return set_vector(dev, dev->transport->vectors.queue, vector);
}

static void mask(struct virtio_device *dev, bool held)
{
	virtio_pci_msix_mask(&dev->function, dev->msix_capability, held);
}

static void leave(struct virtio_device *dev)
{
	virtio_pci_msix_stop(&dev->function, dev->msix_capability);
	dev->msix = false;
	dev->vectors = 0;
	/* Legacy registers move (4.1.4.10). They were found before in the same place, so they are found again. */
	if (dev->transport->open(dev) < 0)
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "lost without MSI-X");
}

const struct virtio_vector_ops virtio_pci_vector_ops = {
	.begin = virtio_vectors_begin,
	.assign = virtio_vectors_assign,
	.set_config = set_config,
	.set_queue = set_queue,
	.mask = mask,
	.leave = leave,
};

/* MSI-X was switched on or off: the registers may lie elsewhere now (4.1.4.10). */
static int switched(struct virtio_device *dev, uint16_t vectors)
{
	dev->msix = vectors != 0;
	dev->vectors = vectors;
	dev->vector_ops = &virtio_pci_vector_ops;
	return dev->transport->open(dev);
}

static int start(struct virtio_device *dev, const struct virtio_msix_message *messages, uint16_t count)
{
	const struct virtio_platform *platform = dev->platform;
	int result = virtio_pci_msix_start(&dev->function, platform, dev->msix_capability, messages, count);

	if (result < 0) {
		virtio_device_log(
			dev, VIRTIO_LOG_WARNING, "its MSI-X table cannot be reached: %s", virtio_error_name(result));
		return result;
	}
	result = switched(dev, count);
	return result < 0 ? result : count;
}

int virtio_pci_use_msix(struct virtio_device *dev, const struct virtio_msix_message *messages, unsigned count)
{
	unsigned most = virtio_pci_msix_vectors(&dev->function);

	if (dev->queues || dev->live)
		return VIRTIO_ERR_BUSY;
	if (most == 0 || !dev->msix_capability)
		return VIRTIO_ERR_UNSUPPORTED;
	int result = count == 0 ? VIRTIO_ERR_INVALID : start(dev, messages, (uint16_t)(count < most ? count : most));
	if (result < 0)
		leave(dev);
	return result;
}

void virtio_pci_use_intx(struct virtio_device *dev)
{
	if (dev->msix_capability)
		leave(dev);
}
