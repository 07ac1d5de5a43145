/* SPDX-License-Identifier: ISC */
/*
 * The local APIC's timer as a clock source. Its frequency is nowhere laid down, but QEMU's own processors (TCG) have
 * one of 1 GHz, and there may be nothing else: microvm without PIT has no other timer.
 */
#include "clock_measure.h"
#include "hypervisor.h"
#include "local_apic.h"
#include "machine.h"

#define TCG_HZ 1000000000u
#define ALL_ONES 0xffffffffu
#define MODULUS (1u << 24) /* of the ticks that passed, only so many: the last of all 2^32 is never reached */

static void apic_sample(const struct boot_clock_timer *timer, struct boot_clock_sample *sample)
{
	uint64_t before = boot_tsc();
	uint32_t left = boot_apic_read(BOOT_APIC_CURRENT_COUNT);

	sample->width = boot_tsc() - before;
	sample->tsc = before + sample->width / 2;
	sample->count = (ALL_ONES - left) % timer->modulus;
}

static bool apic_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	static const struct boot_clock_timer timer = {TCG_HZ / 16, MODULUS, 0, apic_sample};
	bool measured;

	if (boot_hypervisor().kind != BOOT_HYPERVISOR_TCG || !boot_apic_find())
		return false;
	boot_apic_write(BOOT_APIC_LVT_TIMER, BOOT_APIC_MASKED);
	boot_apic_write(BOOT_APIC_DIVIDE, BOOT_APIC_DIVIDE_BY_16);
	boot_apic_write(BOOT_APIC_INITIAL_COUNT, ALL_ONES);
	measured = boot_clock_measure(&timer, estimate, wanted_ppm);
	boot_apic_write(BOOT_APIC_INITIAL_COUNT, 0);
	return measured;
}

const struct boot_clock_source boot_clock_apic = {"local APIC", true, apic_calibrate};
