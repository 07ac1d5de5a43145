/* SPDX-License-Identifier: ISC */
/* The first serial line, polled. */
#include <boot/clock.h>
#include <virtio/uart16550.h>

#include "machine.h"

#define COM1 0x3f8
#define PATIENCE UINT64_C(1000000000) /* nanoseconds */

static struct virtio_uart16550 serial_line;
static bool serial_works;

void machine_serial_start(void)
{
	struct virtio_region registers = virtio_region_ports(COM1, VIRTIO_UART16550_REGISTERS);

	serial_works = virtio_uart16550_init(&serial_line, &registers) == 0;
}

static void serial_put(const char *text, size_t length)
{
	uint64_t deadline = boot_clock_now() + PATIENCE;

	while (length > 0 && serial_works) {
		int taken = virtio_uart16550_write(&serial_line, text, length);

		if (taken > 0) {
			text += taken;
			length -= (size_t)taken;
			deadline = boot_clock_now() + PATIENCE;
		} else if (taken < 0 || boot_clock_now() >= deadline) {
			serial_works = false;
		}
	}
}

void machine_serial_write(const char *text, size_t length)
{
	size_t start = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\n')
			continue;
		serial_put(text + start, i - start);
		serial_put("\r\n", 2);
		start = i + 1;
	}
	serial_put(text + start, length - start);
}
