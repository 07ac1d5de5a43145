/* SPDX-License-Identifier: ISC */
/*
 * Sleeping. Interrupts are off from the look at the clock to the `hlt`, so nothing can ring unheard in between.
 * An alarm is trusted only after it has rung once: a processor that halts for an interrupt that cannot reach it
 * never wakes.
 */
#include <boot/clock.h>

#include "alarm.h"
#include "machine.h"

#define LONGEST_SLEEP UINT64_C(1000000) /* devices are polled until their interrupts are routed: look this often */
#define SHORTEST_SLEEP UINT64_C(5000)   /* setting an alarm takes about as long */
#define SPIN UINT64_C(10000)            /* without an alarm: look this often */
#define PROOF_DELAY UINT64_C(50000)     /* let an alarm ring after this long ... */
#define PROOF_LIMIT UINT64_C(20000000)  /* ... and believe after this long that it does not */
#define PROOF_LOOPS 10000000            /* should the clock stand still */

static const struct boot_alarm *const alarms[] = {&boot_alarm_pit, &boot_alarm_apic};

/* How to sleep: the alarm, or NULL to spin, once `chosen`. */
static struct {
	bool chosen;
	const struct boot_alarm *alarm;
	uint32_t rings; /* atomic: counted up by the interrupt handler */
} wait;

void boot_alarm_rang(void)
{
	__atomic_fetch_add(&wait.rings, 1, __ATOMIC_RELAXED);
}

static uint32_t rings(void)
{
	return __atomic_load_n(&wait.rings, __ATOMIC_RELAXED);
}

static bool proves_itself(const struct boot_alarm *alarm)
{
	uint64_t limit = boot_clock_now() + PROOF_LIMIT;
	uint32_t before = rings();

	alarm->set(PROOF_DELAY);
	boot_interrupts_enable();
	for (uint32_t i = 0; i < PROOF_LOOPS && rings() == before && boot_clock_now() < limit; i++)
		boot_pause();
	boot_interrupts_disable();
	return rings() != before;
}

static void choose_alarm(void)
{
	wait.chosen = true;
	for (size_t i = 0; i < sizeof alarms / sizeof alarms[0]; i++) {
		if (!alarms[i]->start())
			continue;
		if (proves_itself(alarms[i])) {
			wait.alarm = alarms[i];
			return;
		}
		alarms[i]->stop();
	}
}

/* Interrupts are welcome meanwhile, as in a sleep. */
static void spin(uint64_t nanoseconds)
{
	uint64_t end = boot_clock_now() + nanoseconds;

	boot_interrupts_enable();
	do
		boot_pause();
	while (boot_clock_now() < end);
	boot_interrupts_disable();
}

static void sleep_for(uint64_t nanoseconds)
{
	if (wait.alarm == NULL || nanoseconds < SHORTEST_SLEEP) {
		spin(nanoseconds < SPIN ? nanoseconds : SPIN);
		return;
	}
	wait.alarm->set(nanoseconds < LONGEST_SLEEP ? nanoseconds : LONGEST_SLEEP);
	boot_sleep();
}

void boot_wait(uint64_t deadline)
{
	bool allowed = boot_interrupts_disable();
	uint64_t now;

	if (!wait.chosen)
		choose_alarm();
	now = boot_clock_now();
	if (now < deadline)
		sleep_for(deadline - now);
	if (allowed)
		boot_interrupts_enable();
}

const char *boot_wait_describe(void)
{
	if (!wait.chosen)
		return "not yet";
	return wait.alarm == NULL ? "spin" : wait.alarm->name;
}
