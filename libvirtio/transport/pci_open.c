/* SPDX-License-Identifier: ISC */
/* Opening a PCI function as a virtio device: the first transport that recognises it drives it. */
#include <virtio/spec/ids.h>

#include "base/log.h"
#include "base/text_format.h"
#include "pci/capability.h"
#include "pci/config.h"
#include "transport/pci.h"

static const char *type_name(uint32_t type)
{
	switch (type) {
	case VIRTIO_ID_NET:
		return "net";
	case VIRTIO_ID_BLOCK:
		return "block";
	case VIRTIO_ID_CONSOLE:
		return "console";
	case VIRTIO_ID_ENTROPY:
		return "entropy";
	case VIRTIO_ID_BALLOON:
		return "balloon";
	case VIRTIO_ID_9P:
		return "9p";
	case VIRTIO_ID_VSOCK:
		return "vsock";
	default:
		return "virtio";
	}
}

static void set_name(struct virtio_device *dev, const char *type)
{
	uint16_t address = dev->function.address;

	virtio_format(dev->name, sizeof dev->name, "%s at %02x:%02x.%x", type, address >> 8u, address >> 3u & 0x1fu,
		address & 7u);
}

/* Where MSI-X is, and whether somebody enabled it already; legacy devices move their configuration then. */
static void look_for_msix(struct virtio_device *dev)
{
	struct virtio_pci_capabilities list = virtio_pci_capabilities(&dev->function);

	if (!virtio_pci_capability_next(&list, PCI_CAPABILITY_MSIX))
		return;
	dev->msix_capability = list.offset;
	dev->msix = virtio_pci_read(&dev->function, (uint16_t)(list.offset + PCI_MSIX_CONTROL), 2) &
		    PCI_MSIX_CONTROL_ENABLE;
}

static int open_with_first_fit(struct virtio_device *dev)
{
	const struct virtio_transport_ops *const *transport = dev->support->transports;
	int result = VIRTIO_ERR_NO_DEVICE;

	for (; *transport && result == VIRTIO_ERR_NO_DEVICE; transport++) {
		dev->transport = *transport;
		result = dev->transport->open(dev);
	}
	if (result == 0)
		virtio_log(dev->platform, VIRTIO_LOG_DEBUG, "%s: %s", dev->name, dev->transport->name);
	if (result != VIRTIO_ERR_NO_DEVICE)
		return result;
	virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: no transport that we have fits", dev->name);
	return VIRTIO_ERR_UNSUPPORTED;
}

int virtio_pci_open(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_function *function, const struct virtio_support *support)
{
	*dev = (struct virtio_device){.platform = platform, .support = support, .function = *function};
	dev->type = virtio_pci_type(function);
	if (!dev->type) {
		set_name(dev, "PCI");
		virtio_log(platform, VIRTIO_LOG_ERROR, "%s: %04x:%04x is not a virtio device", dev->name,
			function->vendor, function->device);
		return VIRTIO_ERR_NO_DEVICE;
	}
	set_name(dev, type_name(dev->type));
	look_for_msix(dev);
	return open_with_first_fit(dev);
}
