/* SPDX-License-Identifier: ISC */
/*
 * Measure the time stamp counter against a timer whose frequency is known. The trick against a busy machine:
 * each reading of the timer is taken between two of the time stamp counter, whose distance says how far off the
 * pair can be. Only the tightest pairs count, so the result comes with a bound on its error.
 */
#ifndef BOOT_CLOCK_MEASURE_H
#define BOOT_CLOCK_MEASURE_H

#include "clock_source.h"

/* One reading of a timer. */
struct boot_clock_sample {
	uint64_t tsc;   /* the cycle in the middle of the reading */
	uint64_t width; /* cycles from just before to just after: half of it is the possible error */
	uint32_t count; /* what the timer showed: counts up from 0 to modulus - 1, then starts again */
};

/* A timer to measure against. */
struct boot_clock_timer {
	uint32_t hz;      /* ticks a second */
	uint32_t modulus; /* ticks until it starts again */
	uint16_t port;    /* for `sample` */

	/* Read the timer once. */
	void (*sample)(const struct boot_clock_timer *timer, struct boot_clock_sample *sample);
};

/*
 * Measure until the error is at most WANTED_PPM millionths: a run takes 1 ms or as much longer as that needs, up to 15,
 * and is tried again when it was not enough, or the processor was taken away meanwhile. The best that was reached is
 * the answer. Returns false when there is none: the timer stands still, or is too slow or too fast for any possible
 * processor, or this one was taken away for so long each time that the timer may have started again unseen.
 */
bool boot_clock_measure(
	const struct boot_clock_timer *timer, struct boot_clock_estimate *estimate, uint32_t wanted_ppm);

#endif
