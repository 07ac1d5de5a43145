/* SPDX-License-Identifier: ISC */
/* Opening a PCI function as a virtio device (VIRTIO 4.1.2). */
#include "base/text_format.h"
#include "device/log.h"
#include "pci/capability.h"
#include "pci/config.h"
#include "transport/open.h"
#include "transport/pci.h"

static void set_name(struct virtio_device *dev)
{
	uint16_t address = dev->function.address;

	if (VIRTIO_MESSAGES)
		virtio_format(dev->name, sizeof dev->name, "%s at %02x:%02x.%x",
			dev->type ? virtio_type_name(dev->type) : "PCI", address >> 8u, address >> 3u & 0x1fu,
			address & 7u);
}

/* Where MSI-X is, and whether somebody enabled it already; legacy devices move their configuration then. */
static void look_for_msix(struct virtio_device *dev)
{
	struct virtio_pci_capabilities list = virtio_pci_capabilities(&dev->function);

	if (!virtio_pci_capability_next(&list, PCI_CAPABILITY_MSIX))
		return;
	dev->msix_capability = list.offset;
	dev->msix = virtio_pci_read(&dev->function, list.offset + PCI_MSIX_CONTROL, 2) & PCI_MSIX_CONTROL_ENABLE;
}

int virtio_pci_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_function *function, const struct virtio_support *support)
{
	*dev = (struct virtio_device){.platform = platform, .support = support, .function = *function};
	dev->type = virtio_pci_type(function);
	set_name(dev);
	if (!dev->type) {
		virtio_device_log(
			dev, VIRTIO_LOG_ERROR, "%04x:%04x is not a virtio device", function->vendor, function->device);
		return VIRTIO_ERR_NO_DEVICE;
	}
	look_for_msix(dev);
	return virtio_transport_open(dev);
}
