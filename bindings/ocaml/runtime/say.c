/* SPDX-License-Identifier: ISC */
/* Formatted text on the console, and the last words. */
#include <boot/power.h>

#include "libc.h"
#include "runtime.h"

#define LINE 1024

void runtime_console_print(const char *format, va_list arguments)
{
	char line[LINE];
	int length = vsnprintf(line, sizeof line, format, arguments);

	if (length > 0)
		runtime_console_write(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

_Noreturn void runtime_fail(const char *format, ...)
{
	va_list arguments;

	runtime_console_write("ocaml: ", 7);
	va_start(arguments, format);
	runtime_console_print(format, arguments);
	va_end(arguments);
	runtime_console_write("\n", 1);
	boot_fatal_exit();
}
