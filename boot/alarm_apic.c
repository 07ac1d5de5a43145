/* SPDX-License-Identifier: ISC */
/*
 * The alarm of a machine without a PIT, as Firecracker makes them: the local APIC's timer, told the cycle of
 * the time stamp counter at which to ring. In x2APIC mode its registers are model-specific ones and need no
 * mapping (Intel SDM 3A, 11.5.4.1 and 11.12).
 */
#include <boot/clock.h>
#include <boot/interrupt.h>

#include "alarm.h"
#include "machine.h"

#define FEATURE_X2APIC (1u << 21)       /* leaf 1, ecx */
#define FEATURE_TSC_DEADLINE (1u << 24) /* likewise */

#define MSR_APIC_BASE 0x1b
#define APIC_ENABLED (UINT64_C(1) << 11)
#define APIC_X2 (UINT64_C(1) << 10)
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_END_OF_INTERRUPT 0x80b
#define MSR_SPURIOUS 0x80f
#define SPURIOUS_ENABLE 0x100
#define MSR_LVT_TIMER 0x832
#define LVT_MASKED (1u << 16)
#define LVT_TSC_DEADLINE (2u << 17)

#define VECTOR_TIMER 48
#define VECTOR_SPURIOUS 255

static void timer_interrupt(void *context)
{
	(void)context;
	boot_wrmsr(MSR_END_OF_INTERRUPT, 0);
	boot_alarm_rang();
}

static void spurious_interrupt(void *context)
{
	(void)context;
}

static bool alarm_apic_start(void)
{
	const uint32_t needed = FEATURE_X2APIC | FEATURE_TSC_DEADLINE;
	uint64_t base;

	if ((boot_cpuid(1, 0).ecx & needed) != needed)
		return false;
	boot_interrupt_set(VECTOR_TIMER, timer_interrupt, NULL);
	boot_interrupt_set(VECTOR_SPURIOUS, spurious_interrupt, NULL);
	base = boot_rdmsr(MSR_APIC_BASE) | APIC_ENABLED;
	boot_wrmsr(MSR_APIC_BASE, base); /* x2APIC mode is entered from the enabled state only */
	boot_wrmsr(MSR_APIC_BASE, base | APIC_X2);
	boot_wrmsr(MSR_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	boot_wrmsr(MSR_LVT_TIMER, LVT_TSC_DEADLINE | VECTOR_TIMER);
	return true;
}

static void alarm_apic_set(uint64_t nanoseconds)
{
	boot_wrmsr(MSR_TSC_DEADLINE, boot_tsc() + nanoseconds * boot_clock_describe()->khz / 1000000);
}

static void alarm_apic_stop(void)
{
	boot_wrmsr(MSR_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
}

const struct boot_alarm boot_alarm_apic = {"local APIC", alarm_apic_start, alarm_apic_set, alarm_apic_stop};
