/* SPDX-License-Identifier: ISC */
/* Opening a device on whatever bus: the first transport that recognises it drives it. */
#include "transport/open.h"

#include <virtio/spec/ids.h>

#include "base/log.h"

const char *virtio_type_name(uint32_t type)
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

int virtio_transport_open(struct virtio_device *dev)
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
