/* SPDX-License-Identifier: ISC */
#include "failure.h"

#include <stdarg.h>

#include "format.h"
#include "serial.h"
#include "x86_64/port.h"

#define DEBUG_EXIT_PORT 0x501 /* QEMU's isa-debug-exit, where our tests and tools put it: exit status 2n + 1 */
#define DEBUG_EXIT_FAILURE 127
#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1

_Noreturn void boot_fail(void)
{
	uint8_t events;

	/* Where no such device is, nobody takes the write, and the next one is tried. */
	boot_out8(DEBUG_EXIT_PORT, DEBUG_EXIT_FAILURE);
	events = boot_in8(PVPANIC_PORT);
	if (events != 0xff && (events & PVPANIC_PANICKED))
		boot_out8(PVPANIC_PORT, PVPANIC_PANICKED);
	for (;;)
		__asm__ volatile("cli; hlt");
}

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
	boot_fail();
}
