/* SPDX-License-Identifier: ISC */
/* Messages about a device, which begin with its name. */
#ifndef VIRTIO_DEVICE_LOG_H
#define VIRTIO_DEVICE_LOG_H

#include <virtio/device.h>

#include "base/log.h"

/* As virtio_log, to the log of DEVICE's runtime, with "NAME: " in front. */
#define virtio_device_log(device, level, ...)                               \
	do {                                                                \
		if (VIRTIO_MESSAGES)                                        \
			virtio_device_log_line(device, level, __VA_ARGS__); \
	} while (0)

/* What virtio_device_log calls. */
void virtio_device_log_line(const struct virtio_device *device, enum virtio_log_level level, const char *format, ...)
	VIRTIO_PRINTF(3, 4);

/* Tell the log what the PROBLEM of virtqueue INDEX is, and return ERROR. */
static inline int virtio_queue_complain(
	const struct virtio_device *device, uint16_t index, int error, const char *problem)
{
	virtio_device_log(device, VIRTIO_LOG_ERROR, "virtqueue %u: %s", index, problem);
	return error;
}

#endif
