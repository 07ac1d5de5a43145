/* SPDX-License-Identifier: ISC */
/* Time, by the shim's clocks. */
#include <boot/clock.h>

#include "libc.h"

#define SECOND UINT64_C(1000000000)
#define CLOCK_REALTIME 0

/* Nanoseconds since 1970; where the machine has no such clock, since the start. */
static uint64_t time_wall(void)
{
	uint64_t wall = boot_clock_wall();

	return wall != 0 ? wall : boot_clock_now();
}

static struct runtime_timeval time_value(uint64_t nanoseconds)
{
	return (struct runtime_timeval){(long)(nanoseconds / SECOND), (long)(nanoseconds % SECOND / 1000)};
}

int gettimeofday(struct runtime_timeval *now, void *zone)
{
	(void)zone;
	*now = time_value(time_wall());
	return 0;
}

/* Any clock but the wall's counts from the start. */
int clock_gettime(int clock, struct runtime_timespec *now)
{
	uint64_t nanoseconds = clock == CLOCK_REALTIME ? time_wall() : boot_clock_now();

	*now = (struct runtime_timespec){(long)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};
	return 0;
}

long time(long *result)
{
	long now = (long)(time_wall() / SECOND);

	if (result != NULL)
		*result = now;
	return now;
}

/* The processor was ours all the time. */
int getrusage(int who, struct runtime_usage *usage)
{
	(void)who;
	*usage = (struct runtime_usage){.user = time_value(boot_clock_now())};
	return 0;
}
