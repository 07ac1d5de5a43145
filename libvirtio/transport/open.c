/* SPDX-License-Identifier: ISC */
/* Opening a device on whatever bus: the first transport that recognises it drives it. */
#include "transport/open.h"
#include "device/log.h"

#include <virtio/spec/ids.h>

static const struct {
	uint8_t type;
	char name[8];
} names[] = {
	{VIRTIO_ID_NET, "net"},
	{VIRTIO_ID_BLOCK, "block"},
	{VIRTIO_ID_CONSOLE, "console"},
	{VIRTIO_ID_ENTROPY, "entropy"},
	{VIRTIO_ID_BALLOON, "balloon"},
	{VIRTIO_ID_9P, "9p"},
	{VIRTIO_ID_VSOCK, "vsock"},
};

const char *virtio_type_name(uint32_t type)
{
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].type == type)
			return names[i].name;
	return "virtio";
}

int virtio_transport_open(struct virtio_device *dev)
{
	const struct virtio_transport_ops *const *transport = dev->support->transports;
	int result = VIRTIO_ERR_NO_DEVICE;

	for (; *transport && result == VIRTIO_ERR_NO_DEVICE; transport++) {
		dev->transport = *transport;
		result = dev->transport->open(dev);
	}
	if (result == 0)
		virtio_device_log(dev, VIRTIO_LOG_DEBUG, "%s", dev->transport->name);
	if (result != VIRTIO_ERR_NO_DEVICE)
		return result;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "no transport that we have fits");
	for (transport = dev->support->transports; *transport; transport++)
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "it is not %s", (*transport)->name);
	return VIRTIO_ERR_UNSUPPORTED;
}
