/* SPDX-License-Identifier: ISC */
/* The console: the first serial line. A line that takes nothing for a second is dead, and what is written is lost. */
#include <boot/clock.h>
#include <boot/power.h>
#include <virtio/uart16550.h>

#include "binding.h"

#define COM1 0x3f8

static struct virtio_uart16550 console_uart;
static bool console_works;

void binding_console_start(void)
{
	struct virtio_region registers = virtio_region_ports(COM1, VIRTIO_UART16550_REGISTERS);

	console_works = virtio_uart16550_init(&console_uart, &registers) == 0;
}

static void console_put(const char *text, size_t length)
{
	uint64_t deadline = boot_clock_now() + BINDING_NANOSECONDS_PER_SECOND;

	while (length > 0 && console_works) {
		int taken = virtio_uart16550_write(&console_uart, text, length);

		if (taken > 0) {
			text += taken;
			length -= (size_t)taken;
			deadline = boot_clock_now() + BINDING_NANOSECONDS_PER_SECOND;
		} else if (taken < 0 || boot_clock_now() >= deadline) {
			console_works = false;
		}
	}
}

void solo5_console_write(const char *buf, size_t size)
{
	size_t start = 0;

	if (buf == NULL)
		return;
	for (size_t i = 0; i < size; i++) {
		if (buf[i] != '\n')
			continue;
		console_put(buf + start, i - start);
		console_put("\r\n", 2);
		start = i + 1;
	}
	console_put(buf + start, size - start);
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
