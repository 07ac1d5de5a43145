/* SPDX-License-Identifier: ISC */
/* Messages go through a buffer on the stack: logging must work when memory is short, and allocates nothing. */
#include "base/log.h"

#include "base/hook.h"
#include "base/text_format.h"

void virtio_log_line(const struct virtio_platform *platform, enum virtio_log_level level, const char *format, ...)
{
	char line[160];
	va_list arguments;

	if (!VIRTIO_HAS_HOOK(platform, log))
		return;
	va_start(arguments, format);
	virtio_format_list(line, sizeof line, format, arguments);
	va_end(arguments);
	platform->log(platform->context, (int)level, line);
}
