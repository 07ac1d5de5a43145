/* SPDX-License-Identifier: ISC */
/*
 * The runtime over Solo5's interface, for MirageOS's programs: what it calls the shim and the machine for is a call of
 * solo5.h here. The binding's own copies of these functions cannot be seen from here, so these are linked, and any
 * binding of Solo5's will do.
 */
#include <boot/clock.h>
#include <boot/power.h>
#include <solo5.h>

#include "../../../boot/serial.h"
#include "../runtime/libc.h"
#include "../runtime/runtime.h"

uint64_t boot_clock_now(void)
{
	return solo5_clock_monotonic();
}

uint64_t boot_clock_wall(void)
{
	return solo5_clock_wall();
}

_Noreturn void boot_exit(int status)
{
	solo5_exit(status);
}

_Noreturn void boot_fatal_exit(void)
{
	solo5_abort();
}

/* The page allocator's complaints. */
void boot_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	runtime_console_print(format, arguments);
	va_end(arguments);
}

void runtime_console_write(const char *text, size_t length)
{
	solo5_console_write(text, length);
}

void runtime_thread_point(uint64_t base)
{
	if (solo5_set_tls_base(base) != SOLO5_R_OK)
		runtime_fail("there is no thread-local storage");
}
