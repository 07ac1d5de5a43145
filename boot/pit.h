/* SPDX-License-Identifier: ISC */
/*
 * Channel 0 of the 8254 timer (PIT), the one that needs no gate and raises interrupt 0. Only what bhyve takes: 16-bit
 * access, modes 0 and 2, the plain latch command, and never a read of the mode port.
 */
#ifndef BOOT_PIT_H
#define BOOT_PIT_H

#include <stdint.h>

#define BOOT_PIT_HZ 1193182u

/* The ways of counting that we use. */
enum boot_pit_mode {
	BOOT_PIT_ONE_SHOT = 0, /* raises the interrupt once, when the count runs out */
	BOOT_PIT_PERIODIC = 2, /* starts again by itself */
};

/* Let channel 0 count down from COUNT, at least 1, in MODE, beginning now. */
void boot_pit_start(enum boot_pit_mode mode, uint16_t count);

#endif
