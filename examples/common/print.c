/* SPDX-License-Identifier: ISC */
/* Text on the first serial line: the UART takes a few bytes at a time, and we wait for it. */
#include <stdarg.h>

#include <boot/clock.h>
#include <virtio/uart16550.h>

#include "print.h"

#define COM1 0x3f8
#define PATIENCE UINT64_C(1000000000) /* nanoseconds */

static struct virtio_uart16550 uart;
static bool started;

bool print_start(void)
{
	struct virtio_region registers = virtio_region_ports(COM1, VIRTIO_UART16550_REGISTERS);

	started = virtio_uart16550_init(&uart, &registers) == 0;
	return started;
}

static void put(char letter)
{
	uint64_t deadline = boot_clock_now() + PATIENCE;

	while (started && virtio_uart16550_write(&uart, &letter, 1) == 0)
		started = boot_clock_now() < deadline;
}

static void put_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			put('\r');
		put(*text);
	}
}

static void put_number(unsigned long number, unsigned base, unsigned width)
{
	char digits[20];
	unsigned first = sizeof digits;

	do
		digits[--first] = "0123456789abcdef"[number % base];
	while ((number /= base) > 0 && first > 0);
	while (sizeof digits - first < width && first > 0)
		digits[--first] = '0';
	while (first < sizeof digits)
		put(digits[first++]);
}

void print(const char *format, ...)
{
	va_list arguments;

	if (!started)
		return;
	va_start(arguments, format);
	for (; *format != '\0'; format++) {
		if (*format != '%') {
			put_text((char[]){*format, '\0'});
			continue;
		}
		unsigned width = 0;
		while (*++format >= '0' && *format <= '9')
			width = width * 10 + (unsigned)(*format - '0');
		bool wide = *format == 'l';
		if (wide)
			format++;
		if (*format == 's')
			put_text(va_arg(arguments, const char *));
		else if (*format == 'c')
			put((char)va_arg(arguments, int));
		else if (*format == 'u' || *format == 'x')
			put_number(wide ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned),
				*format == 'u' ? 10 : 16, width);
		else
			put(*format);
	}
	va_end(arguments);
}
