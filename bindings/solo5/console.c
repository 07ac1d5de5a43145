/* SPDX-License-Identifier: ISC */
/* The console: the first serial line. */
#include <boot/power.h>

#include "../common/machine.h"
#include "binding.h"

void solo5_console_write(const char *buf, size_t size)
{
	if (buf != NULL)
		machine_serial_write(buf, size);
}

void binding_say(const char *text)
{
	solo5_console_write(text, binding_length(text, SIZE_MAX));
}

void binding_say_number(uint64_t number)
{
	char digits[20];
	unsigned first = sizeof digits;

	do
		digits[--first] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	solo5_console_write(digits + first, sizeof digits - first);
}

_Noreturn void binding_fail(const char *before, const char *name, const char *after)
{
	binding_say("solo5: ");
	binding_say(before);
	binding_say(name);
	binding_say(after);
	binding_say("\n");
	boot_fatal_exit();
}
