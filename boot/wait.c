/* SPDX-License-Identifier: ISC */
/*
 * Sleeping. Interrupts are off from the look at the clock and at the count of interrupts to the `hlt`, and `sti` lets
 * them in only once the processor is at the `hlt`: none can come unheard in between. One that came before, since the
 * last sleep, shows in the count, and there is no sleep at all. An alarm is trusted only after it has rung once: a
 * processor that halts for an interrupt that cannot reach it never wakes.
 */
#include <boot/clock.h>
#include <boot/interrupt.h>

#include "alarm.h"
#include "machine.h"

#define SHORTEST_SLEEP UINT64_C(5000)   /* setting an alarm takes about as long */
#define SPIN UINT64_C(10000)            /* without an alarm: look this often */
#define PROOF_DELAY UINT64_C(50000)     /* let an alarm ring after this long ... */
#define PROOF_LIMIT UINT64_C(250000000) /* ... and believe after this long that it does not: a busy machine is late */
#define PROOF_LOOPS 10000000            /* should the clock stand still */

static const struct boot_alarm *const alarms[] = {&boot_alarm_pit, &boot_alarm_apic};

/* How to sleep: the alarm, or NULL to spin, once `chosen`. */
static struct {
	uint64_t longest; /* nanoseconds */
	uint32_t known;   /* interrupts as of the end of the last sleep */
	bool chosen;
	const struct boot_alarm *alarm;
	uint32_t rings; /* atomic: counted up by the interrupt handler */
	uint64_t due;   /* when the alarm rings, as it was set last; */
	uint32_t rung;  /* and how often it had rung by then */
} wait = {.longest = BOOT_WAIT_POLL};

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

/* Whether the alarm will ring anyway, by then. */
static bool is_set(uint64_t now, uint64_t nanoseconds)
{
	return rings() == wait.rung && wait.due > now && wait.due - now <= nanoseconds;
}

/*
 * An alarm that was set for an earlier sleep, which something else ended, serves this one: setting it again for each
 * short sleep would cost more than the one sleep that it cuts short.
 */
static void sleep_for(uint64_t now, uint64_t nanoseconds)
{
	if (wait.alarm == NULL || nanoseconds < SHORTEST_SLEEP) {
		spin(nanoseconds < SPIN ? nanoseconds : SPIN);
		return;
	}
	if (!is_set(now, nanoseconds)) {
		if (nanoseconds > wait.alarm->longest)
			nanoseconds = wait.alarm->longest;
		wait.due = now + nanoseconds;
		wait.rung = rings();
		wait.alarm->set(nanoseconds);
	}
	boot_sleep();
}

void boot_wait(uint64_t deadline)
{
	bool allowed = boot_interrupts_disable();
	uint64_t now;

	if (!wait.chosen)
		choose_alarm();
	now = boot_clock_now();
	if (now < deadline && boot_interrupt_count() == wait.known)
		sleep_for(now, deadline - now < wait.longest ? deadline - now : wait.longest);
	wait.known = boot_interrupt_count();
	if (allowed)
		boot_interrupts_enable();
}

void boot_wait_set_longest(uint64_t nanoseconds)
{
	wait.longest = nanoseconds;
}

const char *boot_wait_describe(void)
{
	if (!wait.chosen)
		return "not yet";
	return wait.alarm == NULL ? "spin" : wait.alarm->name;
}
