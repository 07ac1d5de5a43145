/* SPDX-License-Identifier: ISC */
/* The CMOS clock: its formats, an update in the middle, and machines without one. */
#include "wall.c"

#include <string.h>

#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/machine.h"

static int fresh_machine(void **state)
{
	uint64_t cycle = fake_machine.tsc;

	(void)state;
	fake_machine_reset();
	fake_machine.tsc = cycle; /* the clock starts but once */
	fake_machine.cmos = true;
	boot_clock_start();
	wall_offset = 0;
	fake_acpi_reset();
	boot_acpi_init(&fake_acpi_memory, 0);
	return 0;
}

/* Set the registers, in the order of struct moment, and status B. */
static void shows(
	uint8_t second, uint8_t minute, uint8_t hours, uint8_t day, uint8_t month, uint8_t year, uint8_t status)
{
	fake_machine.cmos_register[0x00] = second;
	fake_machine.cmos_register[0x02] = minute;
	fake_machine.cmos_register[0x04] = hours;
	fake_machine.cmos_register[0x07] = day;
	fake_machine.cmos_register[0x08] = month;
	fake_machine.cmos_register[0x09] = year;
	fake_machine.cmos_register[0x0b] = status;
}

/* The wall clock shows SECONDS since 1970, within the second. */
static void assert_wall(uint64_t seconds)
{
	wall_offset = 0;
	assert_int_equal(boot_clock_wall() / 1000000000, seconds);
}

static void test_decimal_digits_are_understood(void **state)
{
	(void)state;
	shows(0x56, 0x34, 0x12, 0x22, 0x11, 0x26, HOURS_24);
	assert_wall(1795350896); /* 2026-11-22 12:34:56 */
}

static void test_binary_numbers_are_understood(void **state)
{
	(void)state;
	shows(56, 34, 12, 22, 11, 26, HOURS_24 | BINARY);
	assert_wall(1795350896);
}

static void test_twelve_hours_begin_at_twelve(void **state)
{
	(void)state;
	shows(0, 0, 0x12, 1, 1, 0, 0); /* 12 at night */
	assert_wall(946684800);
	shows(0, 0, 0x92, 1, 1, 0, 0); /* 12 at noon */
	assert_wall(946684800 + 12 * 3600);
	shows(0, 0, 0x81, 1, 1, 0, 0); /* 1 in the afternoon */
	assert_wall(946684800 + 13 * 3600);
}

static void test_leap_years_have_a_day_more(void **state)
{
	(void)state;
	shows(0, 0, 0, 28, 2, 24, HOURS_24 | BINARY);
	assert_wall(1709078400);
	shows(0, 0, 0, 29, 2, 24, HOURS_24 | BINARY);
	assert_wall(1709164800);
	shows(0, 0, 0, 1, 3, 24, HOURS_24 | BINARY);
	assert_wall(1709251200);
	shows(0, 0, 0, 1, 3, 25, HOURS_24 | BINARY);
	assert_wall(1740787200);
	shows(59, 59, 23, 31, 12, 99, HOURS_24 | BINARY);
	assert_wall(4102444799);
}

static void test_time_goes_on_without_reading_again(void **state)
{
	uint64_t before;

	(void)state;
	shows(0, 0, 0, 1, 1, 26, HOURS_24 | BINARY);
	before = boot_clock_wall();
	fake_machine.cmos = false;
	fake_machine.tsc += 5 * fake_machine.tsc_hz;
	assert_true(boot_clock_wall() - before > 1000000000);
}

static void test_an_update_that_never_ends_means_no_clock(void **state)
{
	(void)state;
	shows(0, 0, 0, 1, 1, 26, HOURS_24 | BINARY);
	fake_machine.cmos_register[0x0a] = 0x80;
	assert_int_equal(boot_clock_wall(), 0);
}

static void test_a_machine_without_cmos_has_no_wall_clock(void **state)
{
	(void)state;
	fake_machine.cmos = false;
	assert_int_equal(boot_clock_wall(), 0);
}

static void test_a_time_that_changes_at_every_look_is_not_believed(void **state)
{
	(void)state;
	shows(0, 0, 0, 1, 1, 26, HOURS_24 | BINARY);
	fake_machine.cmos_runs_wild = true;
	assert_int_equal(boot_clock_wall(), 0);
}

static void test_impossible_times_are_refused(void **state)
{
	(void)state;
	shows(0, 0, 24, 1, 1, 26, HOURS_24 | BINARY);
	assert_int_equal(boot_clock_wall(), 0);
	shows(0, 0, 0, 1, 0, 26, HOURS_24 | BINARY);
	assert_int_equal(boot_clock_wall(), 0);
	shows(0, 0, 0, 1, 13, 26, HOURS_24 | BINARY);
	assert_int_equal(boot_clock_wall(), 0);
	shows(0, 0, 0, 0, 1, 26, HOURS_24 | BINARY);
	assert_int_equal(boot_clock_wall(), 0);
	shows(0, 0, 0, 1, 1, 0xff, HOURS_24);
	assert_int_equal(boot_clock_wall(), 0);
}

/* Tables that tell of a register with the century. */
static void century_at(uint8_t index)
{
	static const uint8_t fadt[FAKE_ACPI_FADT - 36];

	fake_acpi_reset();
	fake_acpi_set(fake_acpi_put("FACP", fadt, sizeof fadt), 108, 1, index);
	fake_acpi_finish(false);
	boot_acpi_init(&fake_acpi_memory, 0);
}

static void test_the_century_is_where_the_tables_say(void **state)
{
	(void)state;
	century_at(0x32);
	shows(0, 0, 0, 1, 3, 0, HOURS_24 | BINARY);
	fake_machine.cmos_register[0x32] = 21;
	assert_wall(4107542400); /* 2100-03-01, no leap year */
	shows(0, 0, 0, 1, 3, 0x68, HOURS_24);
	fake_machine.cmos_register[0x32] = 0x22;
	assert_wall(9409132800); /* 2268-03-01, a leap year */
}

static void test_a_century_that_cannot_be_is_this_one(void **state)
{
	static const uint8_t values[] = {0, 19, 25, 0xff};
	static const uint8_t registers[] = {0, 4, 0x0b, 0x80, 0xff};

	(void)state;
	shows(0, 0, 0, 1, 1, 0, HOURS_24 | BINARY);
	century_at(0x32);
	for (size_t i = 0; i < sizeof values; i++) {
		fake_machine.cmos_register[0x32] = values[i];
		assert_wall(946684800);
	}
	for (size_t i = 0; i < sizeof registers; i++) {
		shows(0, 0, 21, 1, 1, 0, HOURS_24 | BINARY);
		century_at(registers[i]);
		assert_wall(946684800 + 21 * 3600);
	}
}

static void kvmclock(uint32_t seconds)
{
	fake_machine_hypervisor(0x40000000, "KVMKVMKVM\0\0\0", 0x40000001);
	fake_machine_cpuid(0x40000001, 1 << 3, 0, 0, 0);
	fake_machine.kvm_clock_mul = 0x80000000; /* 1 GHz: half a cycle each, doubled */
	fake_machine.kvm_clock_shift = 1;
	fake_machine.kvm_wall_seconds = seconds;
}

static void test_kvmclock_is_exact_and_comes_first(void **state)
{
	uint64_t wall;

	(void)state;
	shows(0, 0, 0, 1, 1, 26, HOURS_24 | BINARY);
	kvmclock(1700000000);
	fake_machine.tsc = 12345678901;
	wall = boot_clock_wall();
	assert_in_range(wall, UINT64_C(1700000012345678901), UINT64_C(1700000012345698901));
}

static void test_a_kvmclock_that_does_not_tell_leaves_it_to_the_cmos(void **state)
{
	(void)state;
	shows(0, 0, 0, 1, 1, 0, HOURS_24 | BINARY);
	kvmclock(0);
	assert_wall(946684800);
	kvmclock(1700000000);
	fake_machine.kvm_clock_hidden = true;
	assert_wall(946684800);
	kvmclock(1700000000);
	fake_machine.kvm_clock_hidden = false;
	fake_machine_cpuid(0x40000001, 0, 0, 0, 0);
	assert_wall(946684800);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_decimal_digits_are_understood),
		TEST(test_binary_numbers_are_understood),
		TEST(test_twelve_hours_begin_at_twelve),
		TEST(test_leap_years_have_a_day_more),
		TEST(test_time_goes_on_without_reading_again),
		TEST(test_an_update_that_never_ends_means_no_clock),
		TEST(test_a_machine_without_cmos_has_no_wall_clock),
		TEST(test_a_time_that_changes_at_every_look_is_not_believed),
		TEST(test_impossible_times_are_refused),
		TEST(test_the_century_is_where_the_tables_say),
		TEST(test_a_century_that_cannot_be_is_this_one),
		TEST(test_kvmclock_is_exact_and_comes_first),
		TEST(test_a_kvmclock_that_does_not_tell_leaves_it_to_the_cmos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
