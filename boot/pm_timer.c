/* SPDX-License-Identifier: ISC */
/*
 * The ACPI PM timer (ACPI 4.8.3.3): a counter of 24 or 32 bits at 3.579545 MHz. Only the low 24 bits are used,
 * so that the width does not matter. Always read with 32 bits: on bhyve any other width ends the machine.
 */
#include "clock_measure.h"
#include "machine.h"
#include "pm.h"

static void pm_timer_sample(const struct boot_clock_timer *timer, struct boot_clock_sample *sample)
{
	uint64_t before = boot_tsc();

	sample->count = boot_in32(timer->port) & 0xffffff;
	sample->width = boot_tsc() - before;
	sample->tsc = before + sample->width / 2;
}

static bool pm_timer_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	struct boot_clock_timer timer = {3579545, 1u << 24, boot_pm_timer_port(), pm_timer_sample};

	if (timer.port == 0)
		return false;
	return boot_clock_measure(&timer, estimate, wanted_ppm);
}

const struct boot_clock_source boot_clock_pm_timer = {"PM timer", true, pm_timer_calibrate};
