/* SPDX-License-Identifier: ISC */
/* Sleeping on fake machines: which alarm is taken, that a sleep always ends, and that it is a sleep. */

#include "apic_interrupts.c"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "pic.c"
#include "wait.c"

static uint64_t deadline;

static int fresh_machine(void **state)
{
	uint64_t cycle = fake_machine.tsc;

	(void)state;
	fake_machine_reset();
	fake_machine.tsc = cycle; /* the clock starts but once */
	fake_machine.strict = true;
	fake_machine.pit = true;
	fake_machine.pic = true;
	wait.chosen = false;
	wait.alarm = NULL;
	wait.known = 0;
	wait.due = 0;
	wait.longest = BOOT_WAIT_POLL;
	pic.looked = false;
	apic_on = false;
	boot_clock_start();
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

/* No PIT and no 8259, but a local APIC in the mode that MODE says. */
static void only_apic(uint64_t mode)
{
	fake_machine.pit = false;
	fake_machine.pic = false;
	fake_machine_cpuid(1, 0, 0, 0, 1u << 9);
	fake_machine.msr_apic_base = 0xfee00000 | mode;
}

static void wait_once(void)
{
	boot_wait(deadline);
}

static void wait_until_deadline(void)
{
	while (boot_clock_now() < deadline)
		boot_wait(deadline);
}

static void test_the_pit_wakes_a_pc(void **state)
{
	(void)state;
	assert_string_equal(boot_wait_describe(), "not yet");
	deadline = boot_clock_now() + 100000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "PIT");
	assert_in_range(boot_clock_now(), deadline, deadline + 100000);
}

static void test_the_processor_sleeps_nearly_all_of_the_time(void **state)
{
	uint64_t start = fake_machine.tsc;

	(void)state;
	deadline = boot_clock_now() + 1000000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_true(fake_machine.slept > (fake_machine.tsc - start) / 100 * 95);
	assert_in_range(fake_machine.sleeps, 900, 1100);
}

static void test_a_sleep_lasts_a_millisecond_at_most(void **state)
{
	uint64_t before;

	(void)state;
	deadline = UINT64_MAX;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	before = boot_clock_now();
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_in_range(boot_clock_now() - before, 900000, 1100000);
}

static void test_a_deadline_in_the_past_returns_at_once(void **state)
{
	(void)state;
	deadline = 0;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_int_equal(fake_machine.sleeps, 0);
}

static void test_interrupts_are_left_as_they_were(void **state)
{
	(void)state;
	deadline = boot_clock_now() + 3000000;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_false(fake_machine.interrupts);
	fake_machine.interrupts = true;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_true(fake_machine.interrupts);
}

static void test_every_interrupt_is_acknowledged_and_all_other_inputs_are_masked(void **state)
{
	(void)state;
	deadline = boot_clock_now() + 5000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_int_equal(fake_machine.pic_in_service, 0);
	assert_int_equal(fake_machine.pic_mask[0], 0xfa);
	assert_int_equal(fake_machine.pic_mask[1], 0xff);
	assert_int_equal(fake_machine.pic_base[0], 32);
	assert_int_equal(fake_machine.pic_base[1], 40);
}

static void test_spurious_interrupts_are_expected(void **state)
{
	(void)state;
	deadline = boot_clock_now() + 1000000;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	fake_machine.pic_in_service = 1; /* the slave's true interrupt on the master */
	assert_non_null(fake_machine.handler[39]);
	fake_machine.handler[39](fake_machine.handler_context[39]);
	assert_int_equal(fake_machine.pic_in_service, 1);
	assert_non_null(fake_machine.handler[47]);
	fake_machine.handler[47](fake_machine.handler_context[47]);
	assert_int_equal(fake_machine.pic_in_service, 0);
}

static void test_a_timer_whose_interrupt_does_not_arrive_is_not_slept_on(void **state)
{
	(void)state;
	fake_machine.line_cut = true;
	deadline = boot_clock_now() + 50000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "spin");
	assert_int_equal(fake_machine.sleeps, 0);
	assert_int_equal(fake_machine.pic_mask[0], 0xfb);
}

static void test_a_pit_that_stands_still_is_not_slept_on(void **state)
{
	(void)state;
	fake_machine.pit_stuck = true;
	deadline = boot_clock_now() + 50000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "spin");
}

static void the_local_apic_wakes(uint64_t mode)
{
	only_apic(mode);
	deadline = boot_clock_now() + 100000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "local APIC");
	assert_in_range(fake_machine.sleeps, 90, 130);
	assert_int_equal(fake_machine.msr_apic_base, 0xfee00000 | mode);
}

static void test_without_a_pit_the_local_apic_wakes(void **state)
{
	(void)state;
	the_local_apic_wakes(0x900);
}

static void test_the_local_apic_wakes_in_x2apic_mode_too(void **state)
{
	(void)state;
	the_local_apic_wakes(0xd00);
}

static void test_where_the_pit_is_not_heard_the_local_apic_wakes(void **state)
{
	(void)state;
	only_apic(0x900);
	fake_machine.pit = true;
	fake_machine.pic = true;
	fake_machine.line_cut = true;
	deadline = boot_clock_now() + 100000000;
	assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "local APIC");
}

static void test_a_local_apic_that_is_off_stuck_or_unheard_is_not_slept_on(void **state)
{
	for (int i = 0; i < 3; i++) {
		fresh_machine(state);
		only_apic(i == 0 ? 0x100 : 0x900);
		fake_machine.apic_stuck = i == 1;
		fake_machine.apic_deaf = i == 2;
		deadline = boot_clock_now() + 50000000;
		assert_int_equal(fake_machine_run(wait_until_deadline), FAKE_RETURNED);
		assert_string_equal(boot_wait_describe(), "spin");
		assert_int_equal(fake_machine.sleeps, 0);
	}
}

static void test_without_any_timer_it_spins_in_short_turns(void **state)
{
	uint64_t before;

	(void)state;
	fake_machine.pit = false;
	fake_machine.pic = false;
	deadline = 0;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "spin");
	before = boot_clock_now();
	deadline = UINT64_MAX;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_in_range(boot_clock_now() - before, 5000, 20000);
}

static void test_a_clock_that_stands_still_does_not_hang_the_choice(void **state)
{
	(void)state;
	fake_machine.tsc_stuck = true;
	deadline = 0;
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "spin");
}

static void take_interrupt(void *context)
{
	(void)context;
	fake_machine.irq_raised = false;
	boot_pic_end(fake_machine.irq_input);
}

/* A device on input 11, once the way to sleep is chosen. */
static void prepare_device(void)
{
	deadline = UINT64_MAX;
	boot_wait(0);
	boot_wait(0);
	boot_interrupt_set(BOOT_PIC_VECTOR + 11, take_interrupt, NULL);
	boot_pic_unmask(11);
	fake_machine.irq_input = 11;
	boot_wait_set_longest(UINT64_MAX);
}

static void wait_for_device(void)
{
	prepare_device();
	fake_machine.irq_at = fake_machine.tsc + 20000000; /* 20 ms from now */
	boot_wait(deadline);
}

static void test_an_interrupt_ends_the_sleep(void **state)
{
	uint64_t before = boot_clock_now();

	(void)state;
	assert_int_equal(fake_machine_run(wait_for_device), FAKE_RETURNED);
	assert_in_range(boot_clock_now() - before, 20000000, 21000000);
	assert_int_equal(fake_machine.sleeps, 1);
}

/* The work was looked for, in vain, and then the device raises its line while interrupts are off. */
static void wait_with_the_line_raised(void)
{
	prepare_device();
	fake_machine.irq_raised = true;
	boot_wait(deadline);
}

static void test_an_interrupt_between_the_look_and_the_sleep_ends_it_at_once(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(wait_with_the_line_raised), FAKE_RETURNED);
	assert_true(fake_machine.slept < 1000);
	assert_false(fake_machine.irq_raised);
}

/* The same with interrupts on: the handler has run before the call. */
static void wait_after_the_interrupt(void)
{
	prepare_device();
	boot_interrupts_enable();
	fake_machine.irq_raised = true;
	boot_pause();
	boot_wait(deadline);
}

static void test_an_interrupt_handled_between_the_look_and_the_call_prevents_the_sleep(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(wait_after_the_interrupt), FAKE_RETURNED);
	assert_false(fake_machine.irq_raised);
	assert_int_equal(fake_machine.sleeps, 0);
	assert_true(fake_machine.interrupts);
	assert_int_equal(fake_machine_run(wait_once), FAKE_RETURNED); /* but only one */
	assert_int_equal(fake_machine.sleeps, 1);
}

/* The alarm rings in this sleep, and the device has come by the time it is over. */
static void wait_twice(void)
{
	prepare_device();
	fake_machine.irq_at = fake_machine.tsc + 50100000;
	boot_wait(deadline); /* the PIT sleeps no longer than 50 ms */
	boot_wait(deadline);
}

static void test_without_a_limit_only_the_alarm_and_interrupts_end_a_sleep(void **state)
{
	uint64_t before = boot_clock_now();

	(void)state;
	assert_int_equal(fake_machine_run(wait_twice), FAKE_RETURNED);
	assert_int_equal(fake_machine.sleeps, 2);
	assert_in_range(boot_clock_now() - before, 50100000, 51000000);
}

/* Sleep, and have the device end it after a millisecond. */
static void sleep_shortly(void)
{
	fake_machine.irq_at = fake_machine.tsc + fake_machine.tsc_hz / 1000;
	boot_wait(deadline);
}

static void sleep_shortly_three_times(void)
{
	prepare_device();
	sleep_shortly();
	uint64_t set = fake_machine.pit_start;
	sleep_shortly();
	sleep_shortly();
	assert_int_equal(fake_machine.pit_start, set);
	boot_wait(deadline); /* ends when that alarm rings */
	assert_int_equal(fake_machine.pit_start, set);
	boot_wait(deadline);
	assert_int_not_equal(fake_machine.pit_start, set);
}

static void test_an_alarm_of_a_sleep_that_a_device_ended_serves_the_next_ones(void **state)
{
	uint64_t before = boot_clock_now();

	(void)state;
	assert_int_equal(fake_machine_run(sleep_shortly_three_times), FAKE_RETURNED);
	assert_int_equal(fake_machine.sleeps, 5);
	assert_in_range(boot_clock_now() - before, 99000000, 101000000); /* two alarms of the longest kind */
}

static void sleep_shortly_then_until_soon(void)
{
	prepare_device();
	sleep_shortly();
	deadline = boot_clock_now() + 2000000;
	boot_wait(deadline);
}

static void test_an_alarm_that_rings_too_late_is_set_again(void **state)
{
	(void)state;
	assert_int_equal(fake_machine_run(sleep_shortly_then_until_soon), FAKE_RETURNED);
	assert_in_range(boot_clock_now(), deadline, deadline + 100000);
}

static void wait_unlimited(void)
{
	boot_wait_set_longest(UINT64_MAX);
	wait_until_deadline();
}

static void test_an_idle_second_without_a_limit_takes_few_sleeps(void **state)
{
	(void)state;
	deadline = boot_clock_now() + 1000000000;
	assert_int_equal(fake_machine_run(wait_unlimited), FAKE_RETURNED);
	assert_in_range(fake_machine.sleeps, 20, 22);
	fresh_machine(state);
	only_apic(0x900);
	deadline = boot_clock_now() + 3000000000;
	assert_int_equal(fake_machine_run(wait_unlimited), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "local APIC");
	assert_in_range(fake_machine.sleeps, 3, 5);
	assert_in_range(boot_clock_now(), deadline, deadline + 100000);
}

static void start_apic(void)
{
	assert_true(boot_apic_interrupts_start());
	boot_wait(deadline);
}

static void test_the_pit_is_heard_through_a_local_apic_that_is_on(void **state)
{
	(void)state;
	fake_machine_cpuid(1, 0, 0, 0, 1u << 9);
	fake_machine.msr_apic_base = 0xfee00900;
	deadline = boot_clock_now() + 5000000;
	assert_int_equal(fake_machine_run(start_apic), FAKE_RETURNED);
	assert_string_equal(boot_wait_describe(), "PIT");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_pit_wakes_a_pc),
		TEST(test_the_processor_sleeps_nearly_all_of_the_time),
		TEST(test_a_sleep_lasts_a_millisecond_at_most),
		TEST(test_a_deadline_in_the_past_returns_at_once),
		TEST(test_interrupts_are_left_as_they_were),
		TEST(test_every_interrupt_is_acknowledged_and_all_other_inputs_are_masked),
		TEST(test_spurious_interrupts_are_expected),
		TEST(test_a_timer_whose_interrupt_does_not_arrive_is_not_slept_on),
		TEST(test_a_pit_that_stands_still_is_not_slept_on),
		TEST(test_without_a_pit_the_local_apic_wakes),
		TEST(test_the_local_apic_wakes_in_x2apic_mode_too),
		TEST(test_where_the_pit_is_not_heard_the_local_apic_wakes),
		TEST(test_a_local_apic_that_is_off_stuck_or_unheard_is_not_slept_on),
		TEST(test_without_any_timer_it_spins_in_short_turns),
		TEST(test_a_clock_that_stands_still_does_not_hang_the_choice),
		TEST(test_an_interrupt_ends_the_sleep),
		TEST(test_an_interrupt_between_the_look_and_the_sleep_ends_it_at_once),
		TEST(test_an_interrupt_handled_between_the_look_and_the_call_prevents_the_sleep),
		TEST(test_without_a_limit_only_the_alarm_and_interrupts_end_a_sleep),
		TEST(test_an_alarm_of_a_sleep_that_a_device_ended_serves_the_next_ones),
		TEST(test_an_alarm_that_rings_too_late_is_set_again),
		TEST(test_an_idle_second_without_a_limit_takes_few_sleeps),
		TEST(test_the_pit_is_heard_through_a_local_apic_that_is_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
