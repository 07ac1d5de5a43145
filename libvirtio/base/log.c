/* SPDX-License-Identifier: ISC */
/* Messages go through a buffer on the stack: logging must work when memory is short, and allocates nothing. */
#include "base/log.h"

#include "base/hook.h"
#include "base/text_format.h"

void virtio_log_list(const struct virtio_platform *platform, enum virtio_log_level level, const char *name,
	const char *format, va_list arguments)
{
	char line[160];
	size_t used = 0;

	if (!VIRTIO_HAS_HOOK(platform, log))
		return;
	if (name)
		used = virtio_format(line, sizeof line, "%s: ", name);
	virtio_format_list(line + used, sizeof line - used, format, arguments);
	platform->log(platform->context, (int)level, line);
}

void virtio_log_line(const struct virtio_platform *platform, enum virtio_log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	virtio_log_list(platform, level, NULL, format, arguments);
	va_end(arguments);
}
