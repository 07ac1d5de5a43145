/* SPDX-License-Identifier: ISC */
/*
 * The alarm of a machine whose PIT is missing or cannot be heard, as microvm and Firecracker make them: the
 * local APIC's timer in one-shot mode (Intel SDM volume 3, 11.5.4). Its ticks are counted against the clock
 * once. The registers are memory, or model-specific registers when the firmware chose x2APIC mode; the mode
 * stays as it is.
 */
#include <boot/clock.h>
#include <boot/interrupt.h>
#include <boot/memory.h>

#include "alarm.h"
#include "machine.h"

#define FEATURE_APIC (1u << 9) /* leaf 1, edx */
#define MSR_APIC_BASE 0x1b
#define APIC_ENABLED (1u << 11)
#define APIC_X2 (1u << 10)
#define APIC_ADDRESS UINT64_C(0xffffffffff000)

/* Registers, numbered as in x2APIC mode; in memory they are 16 bytes apart. */
enum apic_register {
	APIC_END_OF_INTERRUPT = 0x0b,
	APIC_SPURIOUS = 0x0f,
	APIC_LVT_TIMER = 0x32,
	APIC_INITIAL_COUNT = 0x38,
	APIC_CURRENT_COUNT = 0x39,
	APIC_DIVIDE = 0x3e,
};

#define MSR_APIC_FIRST 0x800
#define APIC_WINDOW 0x400
#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED 0x10000
#define DIVIDE_BY_16 0x3
#define COUNT_ALL 0xffffffffu

#define VECTOR_TIMER 48
#define VECTOR_SPURIOUS 255

#define MEASURE UINT64_C(200000) /* nanoseconds to count the ticks for */
#define MEASURE_LOOPS 1000000    /* should the clock stand still */

static struct {
	void *registers; /* NULL in x2APIC mode */
	uint64_t ticks_per_ms;
} apic;

static uint32_t apic_read(enum apic_register index)
{
	if (apic.registers == NULL)
		return (uint32_t)boot_rdmsr(MSR_APIC_FIRST + index);
	return boot_read32((uint8_t *)apic.registers + 16 * index);
}

static void apic_write(enum apic_register index, uint32_t value)
{
	if (apic.registers == NULL)
		boot_wrmsr(MSR_APIC_FIRST + index, value);
	else
		boot_write32((uint8_t *)apic.registers + 16 * index, value);
}

static void timer_interrupt(void *context)
{
	(void)context;
	apic_write(APIC_END_OF_INTERRUPT, 0);
	boot_alarm_rang();
}

/* Such an interrupt asks for no end. */
static void spurious_interrupt(void *context)
{
	(void)context;
}

/* Find the registers. */
static bool apic_is_there(void)
{
	uint64_t base;

	if (!(boot_cpuid(1, 0).edx & FEATURE_APIC))
		return false;
	base = boot_rdmsr(MSR_APIC_BASE);
	if (!(base & APIC_ENABLED))
		return false;
	apic.registers = NULL;
	if (base & APIC_X2)
		return true;
	apic.registers = boot_map_device(base & APIC_ADDRESS, APIC_WINDOW);
	return apic.registers != NULL;
}

static uint64_t measure_ticks_per_ms(void)
{
	uint64_t start = boot_clock_now(), passed = 0;
	uint32_t ticks;

	apic_write(APIC_INITIAL_COUNT, COUNT_ALL);
	for (uint32_t i = 0; i < MEASURE_LOOPS && passed < MEASURE; i++) {
		boot_pause();
		passed = boot_clock_now() - start;
	}
	ticks = COUNT_ALL - apic_read(APIC_CURRENT_COUNT);
	apic_write(APIC_INITIAL_COUNT, 0);
	return passed < MEASURE ? 0 : ticks * UINT64_C(1000000) / passed;
}

static bool alarm_apic_start(void)
{
	if (!apic_is_there())
		return false;
	boot_interrupt_set(VECTOR_TIMER, timer_interrupt, NULL);
	boot_interrupt_set(VECTOR_SPURIOUS, spurious_interrupt, NULL);
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_DIVIDE, DIVIDE_BY_16);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic.ticks_per_ms = measure_ticks_per_ms();
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	return apic.ticks_per_ms != 0;
}

static void alarm_apic_set(uint64_t nanoseconds)
{
	/* A count of 0 would stop the timer. */
	apic_write(APIC_INITIAL_COUNT, (uint32_t)(nanoseconds * apic.ticks_per_ms / 1000000) + 1);
}

static void alarm_apic_stop(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
}

const struct boot_alarm boot_alarm_apic = {"local APIC", alarm_apic_start, alarm_apic_set, alarm_apic_stop};
