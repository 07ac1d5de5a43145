/* SPDX-License-Identifier: ISC */
/*
 * Interrupts, for a runtime that has no code of its own for them: handlers for the processor's vectors, and three ways
 * from a device to a handler. All of it is optional: what is not called is not linked.
 *
 *     boot_interrupt_message   a message of the device (MSI, MSI-X): a vector of its own, no line, nothing to share
 *     boot_interrupt_line      a line to the 8259 pair: INTx on QEMU's pc and q35, on bhyve, on most others
 *     boot_interrupt_gsi       a line to an IO-APIC: where there is no 8259, and for virtio devices behind MMIO
 *
 * boot/device_interrupts.h chooses one of them for a virtio device.
 *
 * A handler runs on a stack of its own of 16 KiB with interrupts off: the code that was interrupted may use a red
 * zone, and handlers do not nest. It must not turn interrupts on. The general registers are saved around it; SSE and
 * AVX registers are NOT: compile handlers and what they call with -mgeneral-regs-only (the shim and libvirtio are), or
 * save those registers with fxsave first.
 *
 * unikernel_main() starts with interrupts off, and need never turn them on: they are taken in boot_wait()
 * (boot/clock.h) alone then, and no handler ever comes at a bad moment.
 */
#ifndef BOOT_INTERRUPT_H
#define BOOT_INTERRUPT_H

#include <boot/acpi.h>
#include <boot/base.h>

BOOT_BEGIN_DECLS

/* Vectors below are the processor's exceptions, which the shim reports. */
#define BOOT_INTERRUPT_FIRST 32
#define BOOT_INTERRUPT_LAST 255

/*
 * Call HANDLER with CONTEXT on each interrupt of VECTOR (32 to 255) from now on, in place of the handler before; NULL
 * takes it away, and such an interrupt then counts as an exception. Returns 0, or -1 for any other vector.
 *
 * The handler must tell the interrupt controller itself that it is done. Vectors 32 to 48, 64 to 239 and 255 belong to
 * the shim once it uses an interrupt controller (boot_wait does, and the calls below). Call this with interrupts off,
 * or before the vector can be raised.
 */
int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context);

/*
 * How many interrupts were handled so far; starts again at 0 after 2^32. Those that woke the processor from boot_wait()
 * count, too. Callable anywhere.
 */
uint32_t boot_interrupt_count(void);

/*
 * A handler on a line that several devices may share. Caller-owned: fill in the first two fields; it stays where it is
 * for ever.
 */
struct boot_interrupt_handler {
	bool (*handle)(void *context);       /* look at the device and lower the line; whether the device raised it */
	void *context;                       /* for handle */
	struct boot_interrupt_handler *next; /* private */
};

/*
 * Let input IRQ (1, 3 to 15) of the 8259 pair call HANDLER from now on, along with all others on this line: each time
 * all of them are called. The input is made level-triggered where the machine can choose. After 100000 interrupts in a
 * row that no handler called its device's own, the line is masked, with a message. Returns 0, or -1 when there is no
 * such input, or no 8259. Takes over the 8259 as boot_wait() does: not for interrupt handlers.
 */
int boot_interrupt_line(unsigned int irq, struct boot_interrupt_handler *handler);

/*
 * The same for an input of an IO-APIC, by its number and the kind of its signal. Those who share it must agree on that.
 * Where the IO-APICs are, the ACPI tables tell; without tables there is one at 0xfec00000, whose inputs count from 0.
 * Returns 0, or -1 when there is no such input, no local APIC, or the others disagree. Switches the local APIC on, with
 * the 8259 still connected; may map memory; not for interrupt handlers.
 */
int boot_interrupt_gsi(const struct boot_acpi_line *line, struct boot_interrupt_handler *handler);

/* What a device has to write to interrupt this processor. */
struct boot_interrupt_message {
	uint64_t address; /* where to, 32 bits wide */
	uint32_t data;    /* what */
};

/*
 * Take a vector, for good, that calls HANDLER with CONTEXT, and store in *MESSAGE what raises it. Nothing is to be
 * acknowledged in the handler. Returns 0, or -1 when there is no local APIC or no vector left (there are 176 for this
 * and boot_interrupt_gsi together). Switches the local APIC on, with the 8259 still connected; may map memory; not for
 * interrupt handlers.
 */
int boot_interrupt_message(void (*handler)(void *context), void *context, struct boot_interrupt_message *message);

BOOT_END_DECLS

#endif
