/* SPDX-License-Identifier: ISC */
/*
 * What this runtime wants of the machine itself, besides what the shim gives: the first serial line, for standard
 * output and error, and the register that points to the thread. ../solo5/host.c has it where Solo5 is in between.
 */
#include <boot/clock.h>
#include <virtio/uart16550.h>

#include "libc.h"
#include "runtime.h"

#define COM1 0x3f8
#define PATIENCE UINT64_C(1000000000) /* nanoseconds */
#define MSR_FS_BASE 0xc0000100

static struct virtio_uart16550 console_uart;
static bool console_works;

void runtime_console_init(void)
{
	struct virtio_region registers = virtio_region_ports(COM1, VIRTIO_UART16550_REGISTERS);

	console_works = virtio_uart16550_init(&console_uart, &registers) == 0;
}

/* Wait until all of it is taken; a line that takes nothing for so long is dead. */
static void console_put(const char *text, size_t length)
{
	uint64_t deadline = boot_clock_now() + PATIENCE;

	while (length > 0 && console_works) {
		int taken = virtio_uart16550_write(&console_uart, text, length);

		if (taken > 0) {
			text += taken;
			length -= (size_t)taken;
			deadline = boot_clock_now() + PATIENCE;
		} else if (taken < 0 || boot_clock_now() >= deadline) {
			console_works = false;
		}
	}
}

void runtime_console_write(const char *text, size_t length)
{
	size_t start = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\n')
			continue;
		console_put(text + start, i - start);
		console_put("\r\n", 2);
		start = i + 1;
	}
	console_put(text + start, length - start);
}

void runtime_thread_point(uint64_t base)
{
	__asm__ volatile("wrmsr" : : "c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)) : "memory");
}

_Noreturn void __stack_chk_fail(void)
{
	runtime_fail("a C function wrote past the end of an array on the stack");
}
