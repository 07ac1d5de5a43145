/* SPDX-License-Identifier: ISC */
/*
 * The alarm of a machine whose PIT is missing or cannot be heard, as microvm and Firecracker make them: the
 * local APIC's timer in one-shot mode (Intel SDM volume 3, 11.5.4). Its ticks are counted against the clock
 * once.
 */
#include <boot/clock.h>
#include <boot/interrupt.h>

#include "alarm.h"
#include "apic_interrupts.h"
#include "local_apic.h"
#include "machine.h"

#define COUNT_ALL 0xffffffffu

#define LONGEST UINT64_C(1000000000) /* nanoseconds: the count fits up to a bus clock of 64 GHz */

#define MEASURE UINT64_C(200000) /* nanoseconds to count the ticks for */
#define MEASURE_LOOPS 1000000    /* should the clock stand still */

static uint64_t ticks_per_ms;

static void timer_interrupt(void *context)
{
	(void)context;
	boot_apic_interrupts_end();
	boot_alarm_rang();
}

static uint64_t measure_ticks_per_ms(void)
{
	uint64_t start = boot_clock_now(), passed = 0;
	uint32_t ticks;

	boot_apic_write(BOOT_APIC_INITIAL_COUNT, COUNT_ALL);
	for (uint32_t i = 0; i < MEASURE_LOOPS && passed < MEASURE; i++) {
		boot_pause();
		passed = boot_clock_now() - start;
	}
	ticks = COUNT_ALL - boot_apic_read(BOOT_APIC_CURRENT_COUNT);
	boot_apic_write(BOOT_APIC_INITIAL_COUNT, 0);
	return passed < MEASURE ? 0 : ticks * UINT64_C(1000000) / passed;
}

static bool alarm_apic_start(void)
{
	if (!boot_apic_interrupts_start())
		return false;
	boot_interrupt_set(BOOT_VECTOR_APIC_TIMER, timer_interrupt, NULL);
	boot_apic_write(BOOT_APIC_DIVIDE, BOOT_APIC_DIVIDE_BY_16);
	boot_apic_write(BOOT_APIC_LVT_TIMER, BOOT_APIC_MASKED | BOOT_VECTOR_APIC_TIMER);
	ticks_per_ms = measure_ticks_per_ms();
	boot_apic_write(BOOT_APIC_LVT_TIMER, BOOT_VECTOR_APIC_TIMER);
	return ticks_per_ms != 0;
}

static void alarm_apic_set(uint64_t nanoseconds)
{
	/* A count of 0 would stop the timer. */
	boot_apic_write(BOOT_APIC_INITIAL_COUNT, (uint32_t)(nanoseconds * ticks_per_ms / 1000000) + 1);
}

static void alarm_apic_stop(void)
{
	boot_apic_write(BOOT_APIC_LVT_TIMER, BOOT_APIC_MASKED | BOOT_VECTOR_APIC_TIMER);
}

const struct boot_alarm boot_alarm_apic = {"local APIC", LONGEST, alarm_apic_start, alarm_apic_set, alarm_apic_stop};
