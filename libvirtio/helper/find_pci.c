/* SPDX-License-Identifier: ISC */
/* Finding a device by what it is and how many of its kind come before it (VIRTIO 4.1.2). */
#include <virtio/helper.h>

#include "base/log.h"

int virtio_find_pci(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_pci_access *access, uint32_t type, unsigned nth, const struct virtio_support *support)
{
	struct virtio_pci_function function = virtio_pci_first(access);
	unsigned found = 0;
	while (virtio_pci_next(&function))
		if (virtio_pci_type(&function) == type && found++ == nth)
			return virtio_pci_open(dev, platform, &function, support);
	virtio_log(platform, VIRTIO_LOG_ERROR, "PCI: no virtio device %u of type %u (%s): found %u such", nth, type,
		virtio_type_name(type), found);
	return VIRTIO_ERR_NO_DEVICE;
}
