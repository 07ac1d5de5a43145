/* SPDX-License-Identifier: ISC */
/* Which device a message is about. */
#include "device/log.h"

void virtio_device_log_line(const struct virtio_device *device, enum virtio_log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	virtio_log_list(device->platform, level, device->name, format, arguments);
	va_end(arguments);
}
