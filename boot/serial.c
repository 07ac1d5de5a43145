/* SPDX-License-Identifier: ISC */
/* A 16550 at COM1, transmit only. */
#include "serial.h"

#include "format.h"
#include "machine.h"

#define COM1 0x3f8

/* Registers of a 16550, as offsets. */
enum {
	SERIAL_DATA = 0,       /* with the divisor latch open: its low byte */
	SERIAL_INTERRUPTS = 1, /* with the divisor latch open: its high byte */
	SERIAL_FIFO_CONTROL = 2,
	SERIAL_LINE_CONTROL = 3,
	SERIAL_MODEM_CONTROL = 4,
	SERIAL_LINE_STATUS = 5,
};

#define LINE_8N1 0x03
#define LINE_DIVISOR_LATCH 0x80
#define FIFO_ENABLE 0x01
#define FIFO_CLEAR 0x06
#define MODEM_READY 0x03
#define STATUS_ROOM 0x20

/* A byte takes 87 us at 115200 baud, a port read at least 0.1 us: more reads than this and the line is dead. */
#define SERIAL_PATIENCE 100000

static bool serial_works;

void boot_serial_init(void)
{
	boot_out8(COM1 + SERIAL_INTERRUPTS, 0);
	boot_out8(COM1 + SERIAL_LINE_CONTROL, LINE_DIVISOR_LATCH);
	boot_out8(COM1 + SERIAL_DATA, 1);
	boot_out8(COM1 + SERIAL_INTERRUPTS, 0);
	boot_out8(COM1 + SERIAL_LINE_CONTROL, LINE_8N1);
	boot_out8(COM1 + SERIAL_FIFO_CONTROL, FIFO_ENABLE | FIFO_CLEAR);
	boot_out8(COM1 + SERIAL_MODEM_CONTROL, MODEM_READY);
	/* Nothing there reads as all ones; a 16550's highest status bit and the rest never are. */
	serial_works = boot_in8(COM1 + SERIAL_LINE_STATUS) != 0xff;
}

static void serial_put(char byte)
{
	for (int i = 0; i < SERIAL_PATIENCE; i++) {
		if (boot_in8(COM1 + SERIAL_LINE_STATUS) & STATUS_ROOM) {
			boot_out8(COM1 + SERIAL_DATA, (uint8_t)byte);
			return;
		}
	}
	serial_works = false;
}

void boot_serial_write(const char *text, size_t length)
{
	for (size_t i = 0; i < length && serial_works; i++) {
		if (text[i] == '\n')
			serial_put('\r');
		serial_put(text[i]);
	}
}

static void serial_format_put(void *context, const char *text, size_t length)
{
	(void)context;
	boot_serial_write(text, length);
}

void boot_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	boot_format(serial_format_put, NULL, format, arguments);
	va_end(arguments);
}
