/* SPDX-License-Identifier: ISC */
/* Who knows where the PM1 registers are: the tables, bhyve's habits, the chipset, or QEMU's habits, in this order. */
#include "pm.h"

#include "acpi.h"
#include "chipset.h"
#include "hypervisor.h"

#define USUAL_SCI 9

#define BHYVE_OFF 5
#define BHYVE_SMI_PORT 0xb2
#define BHYVE_ENABLE_VALUE 0xa0

#define QEMU_CONTROL 0x604 /* where SeaBIOS and qboot put it */

static bool find_in_tables(struct boot_pm *pm)
{
	const struct boot_acpi_fixed *fixed = &boot_acpi()->fixed;
	const struct boot_acpi_code *code = &boot_acpi()->code;

	if (fixed->control[0] == 0 || !code->has_off)
		return false;
	*pm = (struct boot_pm){.power_button = fixed->power_button && fixed->event[0] != 0,
		.sci = fixed->sci,
		.smi_port = fixed->smi_port,
		.enable_value = fixed->enable_value};
	for (int i = 0; i < 2; i++) {
		pm->control[i] = fixed->control[i];
		pm->off[i] = code->off[i];
		pm->status[i] = fixed->event[i];
		pm->enable[i] = fixed->event[i] == 0 ? 0 : (uint16_t)(fixed->event[i] + fixed->event_length / 2);
	}
	return true;
}

static struct boot_pm at_base(uint16_t base)
{
	return (struct boot_pm){
		.status = {(uint16_t)(base + BOOT_PM1A_STATUS)},
		.enable = {(uint16_t)(base + BOOT_PM1A_ENABLE)},
		.control = {(uint16_t)(base + BOOT_PM1A_CONTROL)},
		.power_button = true,
		.sci = USUAL_SCI,
	};
}

static bool find_in_chipset(struct boot_pm *pm)
{
	uint16_t base = boot_chipset_pm_base();

	if (base == 0)
		return false;
	*pm = at_base(base); /* type 0 is "off" in these chipsets, but not on bhyve */
	if (boot_hypervisor().kind == BOOT_HYPERVISOR_BHYVE) {
		pm->off[0] = BHYVE_OFF;
		pm->smi_port = BHYVE_SMI_PORT;
		pm->enable_value = BHYVE_ENABLE_VALUE;
	}
	return true;
}

bool boot_pm_find(struct boot_pm *pm)
{
	if (find_in_tables(pm) || find_in_chipset(pm))
		return true;
	*pm = (struct boot_pm){.control = {QEMU_CONTROL}};
	return !boot_acpi()->found && boot_hypervisor().kind != BOOT_HYPERVISOR_NONE;
}

uint16_t boot_pm_timer_port(void)
{
	uint16_t base;

	if (boot_acpi()->fixed.present)
		return boot_acpi()->fixed.timer;
	base = boot_chipset_pm_base();
	return base == 0 ? 0 : (uint16_t)(base + BOOT_PM_TIMER);
}
