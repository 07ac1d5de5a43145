/* SPDX-License-Identifier: ISC */
/* The last words before boot_fatal_exit(). */
#include "failure.h"

#include <boot/power.h>
#include <stdarg.h>

#include "format.h"
#include "serial.h"

static void failure_put(void *context, const char *text, size_t length)
{
	(void)context;
	boot_serial_write(text, length);
}

_Noreturn void boot_panic(const char *format, ...)
{
	va_list arguments;

	boot_printf("boot: ");
	va_start(arguments, format);
	boot_format(failure_put, NULL, format, arguments);
	va_end(arguments);
	boot_printf("\n");
	boot_fatal_exit();
}
