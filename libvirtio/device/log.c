/* SPDX-License-Identifier: ISC */
/* Which device a message is about. As in base/log.c nothing is allocated, and the stack is not gone through deeper. */
#include "device/log.h"

#include "base/hook.h"
#include "base/text_format.h"

void virtio_device_log_line(const struct virtio_device *device, enum virtio_log_level level, const char *format, ...)
{
	const struct virtio_platform *platform = device->platform;
	char line[160];
	size_t used = 0;
	va_list arguments;

	if (!VIRTIO_HAS_HOOK(platform, log))
		return;
	for (; used < sizeof device->name && device->name[used]; used++)
		line[used] = device->name[used];
	line[used++] = ':';
	line[used++] = ' ';
	va_start(arguments, format);
	virtio_format_list(line + used, sizeof line - used, format, arguments);
	va_end(arguments);
	platform->log(platform->context, (int)level, line);
}
