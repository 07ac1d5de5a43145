/* SPDX-License-Identifier: ISC */
/*
 * Wall-clock time from kvmclock, which is exact, or from the CMOS clock (Motorola MC146818), which tells whole seconds:
 * read once and carried on by the time stamp counter.
 */
#include <boot/clock.h>

#include "acpi.h"
#include "clock_kvm.h"
#include "machine.h"

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

enum cmos_register {
	CMOS_SECOND = 0x00,
	CMOS_MINUTE = 0x02,
	CMOS_HOUR = 0x04,
	CMOS_DAY = 0x07,
	CMOS_MONTH = 0x08,
	CMOS_YEAR = 0x09, /* of the century */
	CMOS_STATUS_A = 0x0a,
	CMOS_STATUS_B = 0x0b,
};

#define UPDATING 0x80  /* status A: the time is about to change */
#define BINARY 0x04    /* status B: numbers are binary, not decimal digits */
#define HOURS_24 0x02  /* status B: hours go to 23; else to 12 ... */
#define AFTERNOON 0x80 /* ... with this bit in the second half of the day */

#define THIS_CENTURY 20
#define LAST_CENTURY 24 /* nanoseconds since 1970 end in 2554 */

#define ATTEMPTS 10
#define UPDATE_LOOPS 10000 /* an update takes 2 ms; where there is no clock the bit is always set */

/* A moment as the clock shows it, made binary. */
struct moment {
	uint8_t second, minute, hour, day, month, year, century;
};

static uint64_t wall_offset; /* nanoseconds from the start of boot_clock_now() to 1970; 0 until known */

static uint8_t cmos_read(enum cmos_register index)
{
	boot_out8(CMOS_INDEX, (uint8_t)index);
	return boot_in8(CMOS_DATA);
}

static bool wait_for_update(void)
{
	for (int i = 0; i < UPDATE_LOOPS; i++)
		if (!(cmos_read(CMOS_STATUS_A) & UPDATING))
			return true;
	return false;
}

static uint8_t number(uint8_t value, uint8_t status)
{
	return status & BINARY ? value : (uint8_t)((value >> 4) * 10 + (value & 0xf));
}

static uint8_t hour(uint8_t value, uint8_t status)
{
	uint8_t hours = number(value & (uint8_t)~AFTERNOON, status);

	if (status & HOURS_24)
		return number(value, status);
	return (uint8_t)(hours % 12 + (value & AFTERNOON ? 12 : 0));
}

/* The ACPI tables tell which register has it, if any. An empty one, or the last century, is not believed. */
static uint8_t century(uint8_t status)
{
	uint8_t index = boot_acpi()->fixed.century, value;

	if (index <= CMOS_STATUS_B || index >= 0x80)
		return THIS_CENTURY;
	value = number(cmos_read((enum cmos_register)index), status);
	return value >= THIS_CENTURY && value <= LAST_CENTURY ? value : THIS_CENTURY;
}

static void read_moment(struct moment *moment)
{
	uint8_t status = cmos_read(CMOS_STATUS_B);

	moment->second = number(cmos_read(CMOS_SECOND), status);
	moment->minute = number(cmos_read(CMOS_MINUTE), status);
	moment->hour = hour(cmos_read(CMOS_HOUR), status);
	moment->day = number(cmos_read(CMOS_DAY), status);
	moment->month = number(cmos_read(CMOS_MONTH), status);
	moment->year = number(cmos_read(CMOS_YEAR), status);
	moment->century = century(status);
}

static bool same(const struct moment *a, const struct moment *b)
{
	return a->second == b->second && a->minute == b->minute && a->hour == b->hour && a->day == b->day &&
	       a->month == b->month && a->year == b->year && a->century == b->century;
}

static bool possible(const struct moment *m)
{
	return m->second < 61 && m->minute < 60 && m->hour < 24 && m->day >= 1 && m->day <= 31 && m->month >= 1 &&
	       m->month <= 12 && m->year < 100;
}

/* Two readings that agree, with no update in between. */
static bool read_twice(struct moment *moment)
{
	struct moment second;

	for (int i = 0; i < ATTEMPTS; i++) {
		if (!wait_for_update())
			return false;
		read_moment(moment);
		read_moment(&second);
		if (same(moment, &second))
			return possible(moment);
	}
	return false;
}

static bool is_leap_year(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Seconds since 1970. */
static uint64_t seconds_since_1970(const struct moment *moment)
{
	static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	uint32_t year = moment->century * 100u + moment->year, before = year - 1;
	uint64_t days = year * 365u + before / 4 - before / 100 + before / 400 - 719527; /* from year 0 to 1970 */

	days += days_before[moment->month - 1] + moment->day - 1u;
	if (is_leap_year(year) && moment->month > 2)
		days++;
	return ((days * 24 + moment->hour) * 60 + moment->minute) * 60 + moment->second;
}

uint64_t boot_clock_wall(void)
{
	struct moment moment;
	uint64_t nanoseconds;

	if (wall_offset == 0) {
		if (boot_clock_kvm_wall(&nanoseconds))
			wall_offset = nanoseconds - boot_clock_now();
		else if (read_twice(&moment))
			wall_offset = seconds_since_1970(&moment) * 1000000000 - boot_clock_now();
		else
			return 0;
	}
	return wall_offset + boot_clock_now();
}
