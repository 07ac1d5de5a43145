/* SPDX-License-Identifier: ISC */
/*
 * The clock: cycles of the time stamp counter times a constant. The constant is the number of nanoseconds per cycle,
 * times 2^32, so that the hot path is one multiplication and no division.
 */
#include <boot/clock.h>

#include "clock_source.h"
#include "machine.h"

#define ASSUMED_HZ UINT64_C(2500000000)
#define WANTED_PPM 300      /* how well to measure */
#define CHECK_PPM 5000      /* how well to measure when it is only to check a claim */
#define TOLERATED_PPM 10000 /* a claim may be so far off the timer that checks it */

static const struct boot_clock_source *const sources[] = {
	&boot_clock_cpuid,
	&boot_clock_hypervisor,
	&boot_clock_kvm,
	&boot_clock_pm_timer,
	&boot_clock_pit,
	&boot_clock_apic,
};

#define SOURCES (sizeof sources / sizeof sources[0])

static struct {
	uint64_t start;      /* the cycle that counts as 0 */
	uint64_t multiplier; /* nanoseconds per cycle, times 2^32; 0 before the start */
	struct boot_clock_info info;
} clock = {.info = {.source = "none"}};

static bool ask(const struct boot_clock_source *source, struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	return source->calibrate(estimate, wanted_ppm) && boot_clock_possible(estimate->hz);
}

/* The first source from FROM on, perhaps only a measuring one, that gives an answer; NULL for none. */
static const struct boot_clock_source *first_answer(
	size_t from, bool measuring, struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	for (size_t i = from; i < SOURCES; i++)
		if ((!measuring || sources[i]->measures) && ask(sources[i], estimate, wanted_ppm))
			return sources[i];
	return NULL;
}

static bool agree(const struct boot_clock_estimate *a, const struct boot_clock_estimate *b)
{
	uint64_t distance = a->hz > b->hz ? a->hz - b->hz : b->hz - a->hz;

	return distance / (b->hz / 1000000) <= TOLERATED_PPM + a->error_ppm + b->error_ppm;
}

static size_t index_of(const struct boot_clock_source *source)
{
	size_t i = 0;

	while (sources[i] != source)
		i++;
	return i;
}

/*
 * Compare SOURCE's answer with the next timer. A claim that differs gives way to what the timer says; of two
 * timers that differ, the one that comes first stays, unchecked.
 */
/* NOLINTNEXTLINE(misc-no-recursion): once, since a timer measures */
static const struct boot_clock_source *check(
	const struct boot_clock_source *source, struct boot_clock_estimate *estimate, const char **checked)
{
	struct boot_clock_estimate second;
	const struct boot_clock_source *timer = first_answer(index_of(source) + 1, true, &second, CHECK_PPM);

	if (timer == NULL)
		return source;
	if (agree(estimate, &second)) {
		*checked = timer->name;
		return source;
	}
	if (source->measures || !ask(timer, &second, WANTED_PPM))
		return source;
	*estimate = second;
	return check(timer, estimate, checked);
}

static void run_at(uint64_t hz)
{
	clock.multiplier = (UINT64_C(1000000000) << 32) / hz;
	clock.info.khz = hz / 1000;
	clock.start = boot_tsc();
}

void boot_clock_start(void)
{
	struct boot_clock_estimate estimate = {ASSUMED_HZ, 0};
	const struct boot_clock_source *source;

	if (clock.multiplier != 0)
		return;
	source = first_answer(0, false, &estimate, WANTED_PPM);
	if (source == NULL)
		estimate = (struct boot_clock_estimate){ASSUMED_HZ, 0};
	else
		source = check(source, &estimate, &clock.info.checked);
	clock.info.source = source == NULL ? "assumed" : source->name;
	clock.info.error_ppm = estimate.error_ppm;
	run_at(estimate.hz);
}

const struct boot_clock_info *boot_clock_describe(void)
{
	return &clock.info;
}

uint64_t boot_clock_now(void)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t now = boot_tsc();

	/* Another processor may be a few cycles behind the one that started the clock. */
	if (now < clock.start)
		return 0;
	return (uint64_t)((wide)(now - clock.start) * clock.multiplier >> 32);
}
