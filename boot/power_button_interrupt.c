/* SPDX-License-Identifier: ISC */
/* The power button as an interrupt: where its line meets the shim's handlers, so that a press ends the sleep. */
#include <boot/interrupt.h>
#include <boot/power.h>

static struct {
	struct boot_interrupt_handler on_line;
	bool routed;
	void (*pressed)(void *context);
	void *context;
} button;

static bool handle(void *context)
{
	bool raised = boot_power_button_interrupt();

	(void)context;
	if (raised && button.pressed != NULL)
		button.pressed(button.context);
	return raised;
}

bool boot_power_button_on_press(void (*pressed)(void *context), void *context)
{
	struct boot_power_button_line line;

	button.pressed = pressed;
	button.context = context;
	if (button.routed)
		return true;
	button.on_line.handle = handle;
	if (!boot_power_button_enable() || !boot_power_button_line(&line))
		return false;
	button.routed = (line.irq >= 0 && boot_interrupt_line((unsigned)line.irq, &button.on_line) == 0) ||
			boot_interrupt_gsi(&line.line, &button.on_line) == 0;
	return button.routed;
}
