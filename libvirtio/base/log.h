/* SPDX-License-Identifier: ISC */
/* Messages for the runtime's log. Attach, reset and errors only: never on the data path. */
#ifndef VIRTIO_BASE_LOG_H
#define VIRTIO_BASE_LOG_H

#include <virtio/platform.h>

/* 0 in a library that is built without messages: the compiler still checks them, and then leaves them out. */
#ifndef VIRTIO_MESSAGES
#define VIRTIO_MESSAGES 1
#endif

/* TEXT that ends up in a message made elsewhere. */
#define VIRTIO_MESSAGE(text) (VIRTIO_MESSAGES ? (text) : "")

/*
 * Hand one line, made of FORMAT and what follows as virtio_format (base/text_format.h) makes it and cut off at 159
 * characters, to the log hook; nothing happens when the runtime has none. Callable wherever the hook is.
 */
#define virtio_log(platform, level, ...)                               \
	do {                                                           \
		if (VIRTIO_MESSAGES)                                   \
			virtio_log_line(platform, level, __VA_ARGS__); \
	} while (0)

/* What virtio_log calls. */
void virtio_log_line(const struct virtio_platform *platform, enum virtio_log_level level, const char *format, ...)
	VIRTIO_PRINTF(3, 4);

#endif
