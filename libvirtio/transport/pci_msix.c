/* SPDX-License-Identifier: ISC */
/* Choosing MSI-X or INTx for a device (VIRTIO 4.1.5.1.2). */
#include "base/log.h"
#include "pci/msix.h"
#include "transport/pci.h"

/* MSI-X was switched on or off: the registers may lie elsewhere now (4.1.4.10). */
static int switched(struct virtio_device *dev, uint16_t vectors)
{
	dev->msix = vectors != 0;
	dev->vectors = vectors;
	return dev->transport->open(dev);
}

static int start(struct virtio_device *dev, const struct virtio_msix_message *messages, uint16_t count)
{
	const struct virtio_platform *platform = dev->platform;
	int result = virtio_pci_msix_start(&dev->function, platform, dev->msix_capability, messages, count);

	if (result < 0) {
		virtio_log(platform, VIRTIO_LOG_WARNING, "%s: its MSI-X table cannot be reached: %s", dev->name,
			virtio_error_name(result));
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
		virtio_pci_leave_msix(dev);
	return result;
}

void virtio_pci_use_intx(struct virtio_device *dev)
{
	if (dev->msix_capability)
		virtio_pci_leave_msix(dev);
}
