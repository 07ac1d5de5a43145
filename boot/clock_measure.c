/* SPDX-License-Identifier: ISC */
/*
 * The measurement behind the PM timer and the PIT. Every loop is bounded by readings, not by a clock: there is
 * none yet.
 */
#include "clock_measure.h"

#include <stddef.h>

#include "machine.h"

#define CANDIDATES 4    /* readings at each end of a run, of which the tightest counts */
#define STUCK_LIMIT 100 /* readings without a tick: each takes longer than a tick, so the timer stands still */

#define TRIES 4 /* runs that break off; one that does not, and is still not good enough, counts as two */

/* When a run may end, if it is good enough by then. */
static const uint32_t end_ms[] = {1, 2, 3, 4, 5, 6, 8, 10, 15};

/* A run on its way: the last reading, and the ticks since the first one. */
struct run {
	const struct boot_clock_timer *timer;
	struct boot_clock_sample last;
	uint64_t ticks;
	uint64_t max_gap; /* cycles between two readings in which even the slowest processor sees no wrap */
	uint32_t still;   /* readings without a tick */
};

/* One end of a run. */
struct mark {
	uint64_t tsc;
	uint64_t width;
	uint64_t ticks;
};

/* Take the next reading. False when the timer stands still, or time went by that it cannot account for. */
static bool step(struct run *run)
{
	const struct boot_clock_timer *timer = run->timer;
	struct boot_clock_sample next;
	uint32_t ticks;

	timer->sample(timer, &next);
	if (next.count >= timer->modulus || next.tsc - run->last.tsc > run->max_gap || next.width > run->max_gap)
		return false;
	ticks = next.count >= run->last.count ? next.count - run->last.count
					      : next.count + (timer->modulus - run->last.count);
	run->still = ticks == 0 ? run->still + 1 : 0;
	run->ticks += ticks;
	run->last = next;
	return run->still < STUCK_LIMIT;
}

/* The tightest of a few readings. */
static bool tightest(struct run *run, struct mark *mark)
{
	*mark = (struct mark){0, UINT64_MAX, 0};
	for (int i = 0; i < CANDIDATES; i++) {
		if (!step(run))
			return false;
		if (run->last.width < mark->width)
			*mark = (struct mark){run->last.tsc, run->last.width, run->ticks};
	}
	return true;
}

static void conclude(const struct boot_clock_timer *timer, const struct mark *start, const struct mark *end,
	struct boot_clock_estimate *estimate)
{
	uint64_t cycles = end->tsc - start->tsc, ticks = end->ticks - start->ticks;
	uint64_t doubt = (start->width + end->width) / 2;

	estimate->hz = cycles * timer->hz / ticks;
	estimate->error_ppm = (uint32_t)(doubt * 1000000 / (cycles + 1) + 1000000 / ticks);
}

/* Go on until MS milliseconds have passed since START. */
static bool go_on(struct run *run, const struct mark *start, uint32_t ms)
{
	uint64_t ticks = (uint64_t)run->timer->hz * ms / 1000;
	uint64_t max_cycles = BOOT_CLOCK_MAX_HZ / 1000 * ms;

	while (run->ticks - start->ticks < ticks)
		if (!step(run) || run->last.tsc - start->tsc > max_cycles)
			return false;
	return true;
}

/* One run, as long as it takes to be good enough; *BEST is its best result, or an earlier one. False: it broke off. */
static bool measure_once(const struct boot_clock_timer *timer, struct boot_clock_estimate *best, uint32_t wanted_ppm)
{
	struct run run = {.timer = timer, .max_gap = BOOT_CLOCK_MIN_HZ / timer->hz * timer->modulus};
	struct boot_clock_estimate once;
	struct mark start, end;

	timer->sample(timer, &run.last);
	if (run.last.count >= timer->modulus || !tightest(&run, &start))
		return false;
	for (size_t i = 0; i < sizeof end_ms / sizeof end_ms[0] && best->error_ppm > wanted_ppm; i++) {
		if (!go_on(&run, &start, end_ms[i]) || !tightest(&run, &end))
			return false;
		conclude(timer, &start, &end, &once);
		if (boot_clock_possible(once.hz) && once.error_ppm < best->error_ppm)
			*best = once;
	}
	return true;
}

bool boot_clock_measure(const struct boot_clock_timer *timer, struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	struct boot_clock_estimate best = {0, UINT32_MAX};

	for (int tries = 0; tries < TRIES && best.error_ppm > wanted_ppm;)
		tries += measure_once(timer, &best, wanted_ppm) ? 2 : 1;
	*estimate = best;
	return best.hz != 0;
}
