/* SPDX-License-Identifier: ISC */
/* Vectors for interrupts that come through the local APIC: messages, and the inputs of IO-APICs. */
#ifndef BOOT_APIC_VECTORS_H
#define BOOT_APIC_VECTORS_H

/*
 * Take a vector that nobody has, for good: HANDLER is called with CONTEXT, and the local APIC is told afterwards that
 * it is done. Returns the vector, 64 to 239, or -1 when all are taken. The local APIC must be on; with interrupts off.
 */
int boot_vector_take(void (*handler)(void *context), void *context);

#endif
