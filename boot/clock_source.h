/* SPDX-License-Identifier: ISC */
/*
 * Where the frequency of the time stamp counter may come from. A source is a file that ends in one constant
 * struct; clock.c tries them in order. Some sources are told the frequency and pass it on; others measure it
 * against a timer.
 */
#ifndef BOOT_CLOCK_SOURCE_H
#define BOOT_CLOCK_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

/* No time stamp counter is slower or faster: what lies outside is a wrong answer. */
#define BOOT_CLOCK_MIN_HZ UINT64_C(200000000)
#define BOOT_CLOCK_MAX_HZ UINT64_C(20000000000)

/* An answer. */
struct boot_clock_estimate {
	uint64_t hz;        /* cycles a second */
	uint32_t error_ppm; /* measured: at most so far off, in millionths; claimed: 0 */
};

/* A source. */
struct boot_clock_source {
	const char *name; /* for people */
	bool measures;    /* against a timer, so it may check others */

	/*
	 * Find the frequency. A source that measures may stop when it is sure to WANTED_PPM millionths. Returns
	 * false when this machine does not have the source or its answer is nonsense; takes a bounded time also
	 * then.
	 */
	bool (*calibrate)(struct boot_clock_estimate *estimate, uint32_t wanted_ppm);
};

extern const struct boot_clock_source boot_clock_cpuid;      /* leaves 0x15, 0x16 */
extern const struct boot_clock_source boot_clock_hypervisor; /* leaf 0x40000010 */
extern const struct boot_clock_source boot_clock_kvm;        /* kvmclock's page */
extern const struct boot_clock_source boot_clock_pm_timer;   /* ACPI PM timer */
extern const struct boot_clock_source boot_clock_pit;        /* channel 0 */
extern const struct boot_clock_source boot_clock_apic;       /* local APIC timer, where its frequency is known */

/* Whether a frequency is possible at all. */
static inline bool boot_clock_possible(uint64_t hz)
{
	return hz >= BOOT_CLOCK_MIN_HZ && hz <= BOOT_CLOCK_MAX_HZ;
}

#endif
