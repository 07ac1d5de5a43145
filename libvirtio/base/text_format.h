/* SPDX-License-Identifier: ISC */
/* The little of printf that messages need, without a libc. */
#ifndef VIRTIO_BASE_TEXT_FORMAT_H
#define VIRTIO_BASE_TEXT_FORMAT_H

#include <stdarg.h>
#include <virtio/base.h>

/*
 * Write FORMAT into TEXT, at most SIZE bytes (at least 1) with the NUL that always ends it; what does not fit is cut
 * off. Returns the length of what was written. Knows %s (NULL prints as "(null)"), %u and %x, with ll before, and a
 * width, zero-padded as in %04x; any other conversion prints as "%?" and ends the text.
 */
size_t virtio_format(char *text, size_t size, const char *format, ...) VIRTIO_PRINTF(3, 4);

/* The same with the arguments in a list. */
size_t virtio_format_list(char *text, size_t size, const char *format, va_list arguments) VIRTIO_PRINTF(3, 0);

#endif
