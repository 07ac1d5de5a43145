/* SPDX-License-Identifier: ISC */
/*
 * Interrupts of the processor: a handler for a vector. Which device raises which vector is up to the interrupt
 * controller, and that is the runtime's; the shim itself uses no more than its timer needs (boot/clock.h).
 */
#ifndef BOOT_INTERRUPT_H
#define BOOT_INTERRUPT_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* Vectors below are the processor's exceptions, which the shim reports. */
#define BOOT_INTERRUPT_FIRST 32
#define BOOT_INTERRUPT_LAST 255

/*
 * Call HANDLER with CONTEXT on each interrupt of VECTOR (32 to 255) from now on, in place of the handler before; NULL
 * takes it away, and such an interrupt then counts as an exception. Returns 0, or -1 for any other vector.
 *
 * The handler runs on a stack of its own of 16 KiB with interrupts off: the code that was interrupted may use a red
 * zone, and handlers do not nest. It must not turn interrupts on, and must tell the interrupt controller itself that it
 * is done. The general registers are saved around it; SSE and AVX registers are NOT: compile handlers and what they
 * call with -mgeneral-regs-only (the shim and libvirtio are), or save those registers with fxsave first. Call this with
 * interrupts off, or before the vector can be raised.
 */
int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context);

BOOT_END_DECLS

#endif
