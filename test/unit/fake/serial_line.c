/* SPDX-License-Identifier: ISC */
/* Stands in for boot/serial.c and keeps the text. */
#include "fake/serial_line.h"

#include <stdio.h>
#include <string.h>

#include "serial.h"

static char printed[65536];
static size_t used;

void fake_serial_clear(void)
{
	used = 0;
	printed[0] = '\0';
}

bool fake_serial_has(const char *text)
{
	return strstr(printed, text) != NULL;
}

void boot_serial_init(void)
{
}

void boot_serial_write(const char *text, size_t length)
{
	if (length >= sizeof printed - used)
		length = sizeof printed - used - 1;
	memcpy(printed + used, text, length);
	used += length;
	printed[used] = '\0';
}

void boot_printf(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	boot_serial_write(line, strlen(line));
}
