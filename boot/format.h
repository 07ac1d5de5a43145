/* SPDX-License-Identifier: ISC */
/* A printf for messages: small, without buffers, locale or floating point. */
#ifndef BOOT_FORMAT_H
#define BOOT_FORMAT_H

#include <stdarg.h>

#include <boot/base.h>

/*
 * Format ARGUMENTS after FORMAT and hand each piece of text to PUT. Understands %d %i %u %x %c %s %p %%, the lengths h,
 * hh, l, ll, z and j, a width, and the flags 0 and -; other conversions are printed as they stand. A NULL text prints
 * "(null)".
 */
void boot_format(void (*put)(void *context, const char *text, size_t length), void *context, const char *format,
	va_list arguments);

#endif
