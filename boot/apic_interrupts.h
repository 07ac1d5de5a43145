/* SPDX-License-Identifier: ISC */
/* Interrupts through the local APIC: switching it on, and the end of each interrupt. */
#ifndef BOOT_APIC_INTERRUPTS_H
#define BOOT_APIC_INTERRUPTS_H

#include <stdbool.h>

/* Vectors that are spoken for; the 8259 have 32 to 47 (boot/pic.h), boot/apic_vectors.h gives away the others. */
#define BOOT_VECTOR_APIC_TIMER 48
#define BOOT_VECTOR_APIC_SPURIOUS 255

/*
 * Find the local APIC and switch it on; the 8259 stay connected. False when there is none, or the firmware switched it
 * off altogether. With interrupts off; does nothing when it is on. May map memory.
 */
bool boot_apic_interrupts_start(void);

/* Tell it that the interrupt that it delivered last has been handled. */
void boot_apic_interrupts_end(void);

#endif
