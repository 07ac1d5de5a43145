/* SPDX-License-Identifier: ISC */
/*
 * A timer that wakes the processor once. An alarm is a file that ends in one constant struct; wait.c takes the
 * first that proves, by ringing, that its interrupt reaches the processor.
 */
#ifndef BOOT_ALARM_H
#define BOOT_ALARM_H

#include <stdbool.h>
#include <stdint.h>

/* All calls are made with interrupts off. */
struct boot_alarm {
	const char *name; /* for people */
	uint64_t longest; /* nanoseconds that it can be set to at most; at least a millisecond */

	/* Take the timer over, and its interrupt. False when this machine does not have it. */
	bool (*start)(void);

	/* Ring once, NANOSECONDS from now (1000 to longest), instead of whenever it was to ring before. */
	void (*set)(uint64_t nanoseconds);

	/* Never ring again: another timer is used. */
	void (*stop)(void);
};

/* Called by an alarm's interrupt handler. */
void boot_alarm_rang(void);

extern const struct boot_alarm boot_alarm_pit;  /* the PIT, through the 8259 */
extern const struct boot_alarm boot_alarm_apic; /* the local APIC */

#endif
