/* SPDX-License-Identifier: ISC */
/* Whether a device is free to be taken by a driver. */
#include "driver/attach.h"

#include "device/log.h"

int virtio_attach_refuse(const struct virtio_device *device, int error, const char *why)
{
	virtio_device_log(device, VIRTIO_LOG_ERROR, "%s", why);
	return error;
}

int virtio_attach_failed(const struct virtio_device *device, int error)
{
	virtio_device_log(device, VIRTIO_LOG_ERROR, "cannot be used: %s", virtio_error_name(error));
	return error;
}

int virtio_attach_check(const struct virtio_device *device, uint32_t type)
{
	if (!device->platform) /* never opened: nor is there a log to tell it to */
		return VIRTIO_ERR_INVALID;
	if (device->type != type) {
		virtio_device_log(device, VIRTIO_LOG_ERROR, "it is no %s device", virtio_type_name(type));
		return VIRTIO_ERR_NO_DEVICE;
	}
	if (device->live || device->queues)
		return virtio_attach_refuse(
			device, VIRTIO_ERR_BUSY, VIRTIO_MESSAGE("a driver is attached already: detach that first"));
	return 0;
}
