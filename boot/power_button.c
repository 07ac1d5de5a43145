/* SPDX-License-Identifier: ISC */
/*
 * The power button: an event in the PM1 registers (ACPI 4.8.3.1), or of the generic event device on reduced hardware. A
 * press is remembered until it is asked for, whether a poll or the interrupt found it.
 */
#include <boot/memory.h>
#include <boot/power.h>

#include "acpi.h"
#include "machine.h"
#include "pm.h"

#define EVENT_POWER_DOWN 2u /* in the generic event device's register, which reading clears */
#define MODE_LOOPS 100000   /* how often to look whether ACPI mode is on: 3 s at most on real machines */

static struct {
	bool enabled;
	bool pressed;   /* atomic: the interrupt handler sets it */
	void *selector; /* the generic event device's register; NULL for PM1 */
	struct boot_pm pm;
} button;

static bool look_at_selector(void)
{
	return boot_read32(button.selector) & EVENT_POWER_DOWN;
}

static bool look_at_status(uint16_t port)
{
	if (port == 0 || !(boot_in16(port) & BOOT_PM_POWER_BUTTON))
		return false;
	boot_out16(port, BOOT_PM_POWER_BUTTON);
	return true;
}

bool boot_power_button_interrupt(void)
{
	bool found = false;

	if (!button.enabled)
		return false;
	if (button.selector != NULL)
		found = look_at_selector();
	else
		for (int i = 0; i < 2; i++)
			found |= look_at_status(button.pm.status[i]);
	if (found)
		__atomic_store_n(&button.pressed, true, __ATOMIC_RELAXED);
	return found;
}

bool boot_power_button_pressed(void)
{
	(void)boot_power_button_interrupt();
	return __atomic_exchange_n(&button.pressed, false, __ATOMIC_RELAXED);
}

/* Until then events belong to the firmware. */
static void enter_acpi_mode(const struct boot_pm *pm)
{
	if (pm->smi_port == 0 || (boot_in16(pm->control[0]) & BOOT_PM_SCI_ENABLE))
		return;
	boot_out8(pm->smi_port, pm->enable_value);
	for (int i = 0; i < MODE_LOOPS && !(boot_in16(pm->control[0]) & BOOT_PM_SCI_ENABLE); i++)
		boot_pause();
}

/* No other event stays enabled: nobody would answer it, and its interrupt would never end. */
static bool enable_pm(void)
{
	struct boot_pm *pm = &button.pm;

	if (!boot_pm_find(pm) || !pm->power_button)
		return false;
	enter_acpi_mode(pm);
	for (int i = 0; i < 2; i++) {
		if (pm->status[i] == 0)
			continue;
		boot_out16(pm->status[i], BOOT_PM_POWER_BUTTON);
		boot_out16(pm->enable[i], BOOT_PM_POWER_BUTTON);
	}
	return true;
}

bool boot_power_button_enable(void)
{
	uint64_t selector = boot_acpi()->code.event_selector;

	if (button.enabled)
		return true;
	if (selector != 0)
		button.selector = boot_map_device(selector, 4);
	button.enabled = button.selector != NULL || enable_pm();
	return button.enabled;
}

/* The default for this interrupt is level and low (ACPI 5.2.9), which an override to the contrary says in full. */
static struct boot_acpi_line sci_line(void)
{
	struct boot_acpi_line line = boot_acpi_isa_line(button.pm.sci);

	if (!line.level)
		line.active_low = true;
	line.level = true;
	return line;
}

bool boot_power_button_line(struct boot_power_button_line *line)
{
	if (!button.enabled)
		return false;
	if (button.selector != NULL)
		*line = (struct boot_power_button_line){boot_acpi()->code.event_line, -1};
	else
		*line = (struct boot_power_button_line){sci_line(), button.pm.sci};
	return true;
}
