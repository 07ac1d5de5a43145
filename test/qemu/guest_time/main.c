/* SPDX-License-Identifier: ISC */
/*
 * A kernel that does what it is told by single letters over the serial line, for tests of time and power:
 *
 *     t  tell the nanoseconds since the start, and the wall-clock time
 *     p  wait until the power button is pressed
 *     o  switch off, r reset, f end with a fatal error, x end with the exit status 3
 */
#include <boot/acpi.h>
#include <boot/clock.h>
#include <boot/info.h>
#include <boot/power.h>

#include "machine.h"
#include "serial.h"

#define COM1 0x3f8
#define LINE_STATUS 5
#define DATA_READY 1

#define BUTTON_PATIENCE UINT64_C(60000000000)

static char next_letter(void)
{
	while (!(boot_in8(COM1 + LINE_STATUS) & DATA_READY))
		boot_pause();
	return (char)boot_in8(COM1);
}

static void tell_time(void)
{
	uint64_t now = boot_clock_now();

	boot_printf("now %lu wall %lu\n", now, boot_clock_wall());
}

static void button_pressed(void *context)
{
	__atomic_store_n((bool *)context, true, __ATOMIC_RELAXED);
}

/* Told by the interrupt, and then by the register. */
static int wait_for_button(void)
{
	bool told = false;
	struct boot_power_button_line line;
	uint64_t end = boot_clock_now() + BUTTON_PATIENCE;

	if (!boot_power_button_on_press(button_pressed, &told) || !boot_power_button_line(&line)) {
		boot_printf("no power button\n");
		return 1;
	}
	boot_printf("power button on input %u of the IO-APICs, %d of the 8259\n", line.line.gsi, line.irq);
	boot_printf("waiting for the power button\n");
	while (!__atomic_load_n(&told, __ATOMIC_RELAXED)) {
		if (boot_clock_now() > end)
			return 1;
		boot_wait(end);
	}
	boot_power_button_on_press(NULL, NULL);
	if (!boot_power_button_pressed())
		return 1;
	boot_printf("pressed%s\n", boot_power_button_pressed() ? " twice?" : "");
	return 0;
}

int unikernel_main(const struct boot_info *info)
{
	boot_printf("ready, by %s, clock %s, ACPI %s\n", info->protocol, boot_clock_describe()->source,
		boot_acpi_found() ? "yes" : "no");
	for (;;) {
		switch (next_letter()) {
		case 't':
			tell_time();
			break;
		case 'p':
			if (wait_for_button() != 0)
				return 1;
			break;
		case 'o':
			boot_power_off();
		case 'r':
			boot_reset();
		case 'f':
			boot_fatal_exit();
		case 'x':
			return 3;
		default:
			break;
		}
	}
}
