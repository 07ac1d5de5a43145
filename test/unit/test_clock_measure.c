/* SPDX-License-Identifier: ISC */
/* Measuring against the PM timer and the PIT: wraps, interruptions, timers that stand still or run wild. */

#include "clock_measure.h"
#include "fake/cmocka.h"
#include "fake/machine.h"
#include "machine.h"

static struct boot_clock_estimate estimate;

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.strict = true;
	fake_machine.tsc_hz = 3000000000;
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine.pm_timer_port = 0x408;
	fake_machine.pit = true;
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

/* The estimate is right to within the error that it admits, plus the rounding of the fake timer. */
static void assert_honest(void)
{
	uint64_t hz = fake_machine.tsc_hz, slack = hz / 1000000 * (estimate.error_ppm + 20);

	assert_in_range(estimate.hz, hz - slack, hz + slack);
}

static void test_pm_timer_finds_every_possible_frequency(void **state)
{
	static const uint64_t frequencies[] = {250000000, 1000000000, 2300000000, 5000000000, 19000000000};

	for (size_t i = 0; i < sizeof frequencies / sizeof frequencies[0]; i++) {
		fresh_machine(state);
		fake_machine.tsc_hz = frequencies[i];
		fake_machine.step = frequencies[i] / 1000000;
		assert_true(boot_clock_pm_timer.calibrate(&estimate, 300));
		assert_true(estimate.error_ppm <= 1000);
		assert_honest();
	}
}

static void test_pit_finds_every_possible_frequency(void **state)
{
	static const uint64_t frequencies[] = {250000000, 1000000000, 2300000000, 5000000000, 19000000000};

	for (size_t i = 0; i < sizeof frequencies / sizeof frequencies[0]; i++) {
		fresh_machine(state);
		fake_machine.tsc_hz = frequencies[i];
		fake_machine.step = frequencies[i] / 1000000;
		assert_true(boot_clock_pit.calibrate(&estimate, 300));
		assert_true(estimate.error_ppm <= 1000);
		assert_honest();
	}
}

static void test_pm_timer_may_wrap_at_24_bits_in_the_middle(void **state)
{
	(void)state;
	fake_machine.pm_timer_first = 0xffff00;
	assert_true(boot_clock_pm_timer.calibrate(&estimate, 300));
	assert_honest();
}

static void test_pm_timer_may_have_32_bits(void **state)
{
	(void)state;
	fake_machine.pm_timer_mask = 0xffffffff;
	fake_machine.pm_timer_first = 0xffffff00;
	assert_true(boot_clock_pm_timer.calibrate(&estimate, 300));
	assert_honest();
}

static void test_losing_the_processor_in_the_middle_does_no_harm(void **state)
{
	for (uint64_t at = 1; at < 400; at += 3) {
		fresh_machine(state);
		fake_machine.away_at = at;
		fake_machine.away_for = 3000000; /* 1 ms */
		assert_true(boot_clock_pit.calibrate(&estimate, 300));
		assert_honest();
		assert_true(estimate.error_ppm < 1000);
	}
}

static void test_losing_the_processor_for_a_wrap_of_the_pit_spoils_that_run_only(void **state)
{
	for (uint64_t at = 1; at < 3000; at += 7) {
		fresh_machine(state);
		fake_machine.step = 30000;
		fake_machine.away_at = at;
		fake_machine.away_for = 180000000; /* 60 ms, and the PIT wraps after 55 */
		assert_true(boot_clock_pit.calibrate(&estimate, 300));
		assert_honest();
		assert_true(estimate.error_ppm < 3000);
	}
}

/* A timer of 1 MHz that starts again every millisecond. */
static void short_sample(const struct boot_clock_timer *timer, struct boot_clock_sample *sample)
{
	fake_machine.tsc += 1000;
	sample->tsc = boot_tsc();
	sample->width = 100;
	sample->count = (uint32_t)(sample->tsc / (fake_machine.tsc_hz / timer->hz) % timer->modulus);
}

static void test_a_timer_may_wrap_many_times_in_a_run(void **state)
{
	static const struct boot_clock_timer timer = {1000000, 1000, 0, short_sample};

	(void)state;
	assert_true(boot_clock_measure(&timer, &estimate, 100));
	assert_honest();
}

static void test_only_the_tightest_readings_count(void **state)
{
	for (uint64_t every = 2; every < 12; every++) {
		fresh_machine(state);
		fake_machine.slow_every = every;
		fake_machine.slow_for = 300000; /* 100 microseconds */
		assert_true(boot_clock_pm_timer.calibrate(&estimate, 300));
		assert_honest();
		assert_true(estimate.error_ppm < 300);
	}
}

static void test_slow_accesses_are_measured_longer(void **state)
{
	(void)state;
	fake_machine.step = 60000; /* 20 microseconds each */
	assert_true(boot_clock_pm_timer.calibrate(&estimate, 300));
	assert_honest();
	assert_true(estimate.error_ppm < 2000);
	assert_true(fake_machine.tsc < fake_machine.tsc_hz * 40 / 1000);
}

static void test_measuring_ends_as_soon_as_it_is_good_enough(void **state)
{
	uint64_t start;

	(void)state;
	fake_machine.step = 2000; /* with which half a per mille takes between 1 and 2 ms */
	start = fake_machine.tsc;
	assert_true(boot_clock_pm_timer.calibrate(&estimate, 500));
	assert_honest();
	assert_true(estimate.error_ppm <= 500);
	assert_in_range(fake_machine.tsc - start, fake_machine.tsc_hz / 1000, fake_machine.tsc_hz * 25 / 10000);
}

static unsigned samples_left;

/* A timer that is taken away in the middle of the first run. */
static void fleeting_sample(const struct boot_clock_timer *timer, struct boot_clock_sample *sample)
{
	short_sample(timer, sample);
	if (samples_left == 0 || --samples_left == 0)
		sample->count = UINT32_MAX;
}

static void test_what_a_run_reached_before_it_broke_off_counts(void **state)
{
	static const struct boot_clock_timer timer = {1000000, 1000, 0, fleeting_sample};

	(void)state;
	samples_left = 4000;
	assert_true(boot_clock_measure(&timer, &estimate, 100));
	assert_honest();
	assert_true(estimate.error_ppm > 100);
	samples_left = 0;
	assert_false(boot_clock_measure(&timer, &estimate, 100));
}

static void test_a_timer_that_stands_still_is_given_up_soon(void **state)
{
	(void)state;
	fake_machine.pit_stuck = true;
	fake_machine.pm_timer_stuck = true;
	assert_false(boot_clock_pit.calibrate(&estimate, 300));
	assert_false(boot_clock_pm_timer.calibrate(&estimate, 300));
	assert_true(fake_machine.accesses < 3000);
}

static void test_a_machine_without_timers_is_given_up_soon(void **state)
{
	(void)state;
	fake_machine_reset();
	assert_false(boot_clock_pit.calibrate(&estimate, 300));
	assert_false(boot_clock_pm_timer.calibrate(&estimate, 300));
	assert_true(fake_machine.accesses < 3000);
}

static void test_impossible_frequencies_are_refused(void **state)
{
	(void)state;
	fake_machine.tsc_hz = 1000000;
	fake_machine.step = 1;
	assert_false(boot_clock_pit.calibrate(&estimate, 300));
	fake_machine.tsc_hz = UINT64_C(1000000000000);
	fake_machine.step = 1000000;
	assert_false(boot_clock_pit.calibrate(&estimate, 300));
	assert_false(boot_clock_pm_timer.calibrate(&estimate, 300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_pm_timer_finds_every_possible_frequency, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_pit_finds_every_possible_frequency, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_pm_timer_may_wrap_at_24_bits_in_the_middle, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_pm_timer_may_have_32_bits, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_losing_the_processor_in_the_middle_does_no_harm, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_losing_the_processor_for_a_wrap_of_the_pit_spoils_that_run_only,
			fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_a_timer_may_wrap_many_times_in_a_run, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_only_the_tightest_readings_count, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_slow_accesses_are_measured_longer, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_measuring_ends_as_soon_as_it_is_good_enough, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_what_a_run_reached_before_it_broke_off_counts, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_a_timer_that_stands_still_is_given_up_soon, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(
			test_a_machine_without_timers_is_given_up_soon, fresh_machine, no_rule_broken),
		cmocka_unit_test_setup_teardown(test_impossible_frequencies_are_refused, fresh_machine, no_rule_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
