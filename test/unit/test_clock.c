/* SPDX-License-Identifier: ISC */
/* The clock as a whole, on fake machines: which source wins, who checks it, and what time then is. */

#include "clock.c"
#include "fake/cmocka.h"
#include "fake/machine.h"

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	clock.multiplier = 0;
	clock.info = (struct boot_clock_info){.source = "none"};
	return 0;
}

static void add_pm_timer(void)
{
	fake_machine.pm_timer_port = 0x608;
	fake_machine_config(1, 3, 0, 0x71138086);
	fake_machine_config(1, 3, 0x40, 0x601);
	fake_machine_config(1, 3, 0x80, 1);
}

static void add_cpuid(uint64_t hz)
{
	fake_machine_cpuid(0, 0x16, 0, 0, 0);
	fake_machine_cpuid(0x15, 2, (uint32_t)(hz / 12000000), 24000000, 0);
}

/* The clock found TSC_HZ to within PPM millionths. */
static void assert_frequency(uint32_t ppm)
{
	uint64_t khz = fake_machine.tsc_hz / 1000;

	assert_in_range(boot_clock_describe()->khz, khz - khz * ppm / 1000000, khz + khz * ppm / 1000000);
}

static void test_before_the_start_it_is_0_o_clock(void **state)
{
	(void)state;
	assert_int_equal(boot_clock_now(), 0);
	assert_string_equal(boot_clock_describe()->source, "none");
}

static void test_cpuid_comes_first_and_the_pm_timer_checks_it(void **state)
{
	(void)state;
	fake_machine.tsc_hz = 2400000000;
	add_cpuid(2400000000);
	add_pm_timer();
	fake_machine.pit = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "CPUID");
	assert_string_equal(boot_clock_describe()->checked, "PM timer");
	assert_int_equal(boot_clock_describe()->khz, 2400000);
	assert_true(fake_machine.tsc < fake_machine.tsc_hz * 10 / 1000);
}

static void test_a_claim_that_is_off_gives_way_to_the_timer(void **state)
{
	(void)state;
	fake_machine.tsc_hz = 2400000000;
	add_cpuid(3600000000);
	add_pm_timer();
	fake_machine.pit = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "PM timer");
	assert_string_equal(boot_clock_describe()->checked, "PIT");
	assert_frequency(300);
}

static void test_an_absurd_claim_is_not_even_checked(void **state)
{
	(void)state;
	fake_machine_cpuid(0, 0x16, 0, 0, 0);
	fake_machine_cpuid(0x15, 1, 0xffffffff, 0xffffffff, 0);
	fake_machine.pit = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "PIT");
	assert_frequency(500);
}

static void test_a_claim_stands_alone_where_there_is_no_timer(void **state)
{
	(void)state;
	fake_machine.tsc_hz = 2400000000;
	add_cpuid(2400000000);
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "CPUID");
	assert_null(boot_clock_describe()->checked);
}

static void test_of_two_timers_that_differ_the_first_stays_unchecked(void **state)
{
	(void)state;
	add_pm_timer();
	fake_machine.pit = true;
	fake_machine.pit_stuck = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "PM timer");
	assert_null(boot_clock_describe()->checked);
	assert_frequency(300);
}

static void test_a_machine_with_nothing_gets_the_assumed_frequency_soon(void **state)
{
	(void)state;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "assumed");
	assert_int_equal(boot_clock_describe()->khz, 2500000);
	assert_true(fake_machine.accesses < 10000);
}

static void add_local_apic(const char *hypervisor)
{
	fake_machine_hypervisor(0x40000000, hypervisor, 0x40000001);
	fake_machine_cpuid(1, 0, 0, 1u << 31, 1u << 9);
	fake_machine.msr_apic_base = 0xfee00800;
}

static void test_qemu_without_any_other_timer_has_the_local_apic(void **state)
{
	(void)state;
	fake_machine.tsc_hz = 2600000000;
	add_local_apic("TCGTCGTCGTCG");
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "local APIC");
	assert_null(boot_clock_describe()->checked);
	assert_frequency(500);
	assert_int_equal(fake_machine.apic_initial_count, 0);
}

static void test_the_local_apic_checks_other_timers(void **state)
{
	(void)state;
	add_local_apic("TCGTCGTCGTCG");
	fake_machine.pit = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "PIT");
	assert_string_equal(boot_clock_describe()->checked, "local APIC");
}

static void test_elsewhere_nobody_knows_how_fast_the_local_apic_runs(void **state)
{
	(void)state;
	add_local_apic("VMwareVMware");
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "assumed");
}

static void test_a_local_apic_that_is_off_or_stands_still_is_no_clock(void **state)
{
	(void)state;
	add_local_apic("TCGTCGTCGTCG");
	fake_machine.apic_stuck = true;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "assumed");
	fresh_machine(state);
	add_local_apic("TCGTCGTCGTCG");
	fake_machine.msr_apic_base = 0xfee00000;
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "assumed");
}

static void test_a_counter_that_stands_still_does_not_hang_the_start(void **state)
{
	(void)state;
	fake_machine.tsc_stuck = true;
	fake_machine.pit = true;
	add_pm_timer();
	boot_clock_start();
	assert_string_equal(boot_clock_describe()->source, "assumed");
	assert_int_equal(boot_clock_now(), 0);
}

static void test_bhyve_is_measured_by_its_rules(void **state)
{
	(void)state;
	fake_machine.strict = true;
	fake_machine.tsc_hz = 3100000000;
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine.pm_timer_port = 0x408;
	fake_machine.pm_timer_mask = 0xffffffff;
	fake_machine.pit = true;
	boot_clock_start();
	assert_null(fake_machine.broken_rule);
	assert_string_equal(boot_clock_describe()->source, "PM timer");
	assert_string_equal(boot_clock_describe()->checked, "PIT");
	assert_frequency(300);
}

static void test_now_counts_nanoseconds_and_never_goes_back(void **state)
{
	uint64_t before = 0, now;

	(void)state;
	fake_machine.tsc_hz = 3000000000;
	add_cpuid(3000000000);
	boot_clock_start();
	for (int i = 0; i < 1000; i++) {
		now = boot_clock_now();
		assert_true(now >= before);
		before = now;
	}
	fake_machine.tsc = clock.start + UINT64_C(3000000000) * 86400 * 365 * 50;
	assert_in_range(boot_clock_now(), UINT64_C(1576799999) * 1000000000, UINT64_C(1576800001) * 1000000000);
	fake_machine.tsc = clock.start - 1000;
	assert_int_equal(boot_clock_now(), 0);
}

static void test_starting_again_changes_nothing(void **state)
{
	uint64_t before;

	(void)state;
	add_cpuid(2400000000);
	boot_clock_start();
	before = boot_clock_now();
	boot_clock_start();
	assert_true(boot_clock_now() > before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_before_the_start_it_is_0_o_clock, fresh_machine),
		cmocka_unit_test_setup(test_cpuid_comes_first_and_the_pm_timer_checks_it, fresh_machine),
		cmocka_unit_test_setup(test_a_claim_that_is_off_gives_way_to_the_timer, fresh_machine),
		cmocka_unit_test_setup(test_an_absurd_claim_is_not_even_checked, fresh_machine),
		cmocka_unit_test_setup(test_a_claim_stands_alone_where_there_is_no_timer, fresh_machine),
		cmocka_unit_test_setup(test_of_two_timers_that_differ_the_first_stays_unchecked, fresh_machine),
		cmocka_unit_test_setup(test_a_machine_with_nothing_gets_the_assumed_frequency_soon, fresh_machine),
		cmocka_unit_test_setup(test_a_local_apic_that_is_off_or_stands_still_is_no_clock, fresh_machine),
		cmocka_unit_test_setup(test_elsewhere_nobody_knows_how_fast_the_local_apic_runs, fresh_machine),
		cmocka_unit_test_setup(test_the_local_apic_checks_other_timers, fresh_machine),
		cmocka_unit_test_setup(test_qemu_without_any_other_timer_has_the_local_apic, fresh_machine),
		cmocka_unit_test_setup(test_a_counter_that_stands_still_does_not_hang_the_start, fresh_machine),
		cmocka_unit_test_setup(test_bhyve_is_measured_by_its_rules, fresh_machine),
		cmocka_unit_test_setup(test_now_counts_nanoseconds_and_never_goes_back, fresh_machine),
		cmocka_unit_test_setup(test_starting_again_changes_nothing, fresh_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
