/* SPDX-License-Identifier: ISC */
/* Messages for the runtime's log. Attach, reset and errors only: never on the data path. */
#ifndef VIRTIO_BASE_LOG_H
#define VIRTIO_BASE_LOG_H

#include <virtio/platform.h>

/*
 * Hand one line, made as virtio_format (base/text_format.h) makes it and cut off at 159 characters, to the log hook;
 * nothing happens when the runtime has none. Callable wherever the hook is.
 */
void virtio_log(const struct virtio_platform *platform, enum virtio_log_level level, const char *format, ...)
	VIRTIO_PRINTF(3, 4);

#endif
