/* SPDX-License-Identifier: ISC */
/*
 * Ending the machine: off, reset, with an exit status, or because of a fatal error; and the power button. Every way out
 * that a hypervisor is known to take is tried, the surest first, and only where the ACPI tables, CPUID or the registers
 * themselves say that it is there: a stray port access ends some virtual machines in the wrong way.
 *
 *     boot_power_off   1. the sleep register of reduced hardware, by the ACPI tables (microvm, Cloud Hypervisor)
 *                      2. the PM1 control registers, by the tables; else bhyve's port 0x404; else by the PCI
 *                         chipset (QEMU's pc and q35 under UEFI, VirtualBox); else, without tables, QEMU's usual
 *                         port 0x604
 *                      3. under a hypervisor and without PCI (Firecracker, microvm with -no-reboot): as boot_reset
 *                         from its step 3 on, which ends them
 *     boot_reset       1. the reset register of the tables
 *                      2. port 0xCF9 (bhyve, PCI chipsets)
 *                      3. the keyboard controller: 0xFE to port 0x64 (Firecracker, old PCs)
 *                      4. a triple fault
 *     boot_exit        1. isa-debug-exit, if it is there
 *                      2. as boot_power_off: no other way can tell a status
 *     boot_fatal_exit  1. isa-debug-exit, if it is there
 *                      2. pvpanic, if it is there
 *
 * No call of these four returns, whatever the machine does: when no way out works, the processor halts with
 * interrupts off. All of them may be called anywhere, interrupt and exception handlers included, and take less than a
 * second. Where a register is not there its write is lost, and the next way is tried.
 */
#ifndef BOOT_POWER_H
#define BOOT_POWER_H

#include <boot/acpi.h>
#include <boot/base.h>

BOOT_BEGIN_DECLS

/* The status that boot_fatal_exit() reports: QEMU itself then ends with 2 * 127 + 1 = 255. */
#define BOOT_FATAL_STATUS 127

/* Switch the machine off. Disks are not flushed: that is the runtime's to do first. */
__attribute__((noreturn)) void boot_power_off(void);

/* Start the machine again from its firmware; QEMU with -no-reboot ends instead, and so does Firecracker. */
__attribute__((noreturn)) void boot_reset(void);

/*
 * End the machine and tell STATUS, 0 for success, as an exit status does.
 * With QEMU's isa-debug-exit at port 0x501, QEMU ends with 2 * STATUS + 1. STATUS is kept within 0 to 127 there; what
 * does not fit is told as 127, never as success. Without that device there is no way to tell a status: the machine
 * is switched off.
 */
__attribute__((noreturn)) void boot_exit(int status);

/*
 * End the machine after an error that nobody can handle, such as an exception: BOOT_FATAL_STATUS through
 * isa-debug-exit where it is there, else a pvpanic event (port 0x505) where it is there, else halt for ever, so
 * that the last words stay on the screen. Uses no memory but a little stack, no lock, and does not print.
 */
__attribute__((noreturn)) void boot_fatal_exit(void);

/* Where the power button's interrupt arrives. */
struct boot_power_button_line {
	struct boot_acpi_line line; /* at the IO-APICs */
	int irq;                    /* the input of the 8259 pair, 0 to 15; -1 when it does not go there */
};

/*
 * From now on presses of the power button are events for the runtime: QEMU's system_powerdown, bhyve's SIGTERM and a
 * cloud's "stop" ask the machine to end itself so. Before, nothing happens on them. Takes over the machine's power
 * management from the firmware: other ACPI events stay off. Returns false when there is no button. Not for interrupt
 * handlers; may map memory; takes a few port accesses, in the worst case 3 s.
 */
bool boot_power_button_enable(void);

/*
 * Whether the button was pressed since the last call, once for any number of presses. Looks at the registers itself: no
 * interrupt is needed, so calling it now and then, in a main loop, is enough. False before boot_power_button_enable().
 */
bool boot_power_button_pressed(void);

/*
 * Let a press end boot_wait() (boot/clock.h), and call PRESSED, unless it is NULL, with CONTEXT in the interrupt
 * handler. Enables the button, and leads its interrupt to the shim's handlers (boot/interrupt.h); a further call
 * changes PRESSED. Returns false when there is no button, or its interrupt goes nowhere: it can be asked for all the
 * same. Not for interrupt handlers; may map memory.
 */
bool boot_power_button_on_press(void (*pressed)(void *context), void *context);

/*
 * For those with interrupt code of their own: fills in *LINE, or returns false when it is not enabled. The interrupt
 * is raised from boot_power_button_enable() on. It may be shared; its handler calls boot_power_button_interrupt().
 */
bool boot_power_button_line(struct boot_power_button_line *line);

/*
 * For the handler of that interrupt: takes the event from the hardware, so that a level-triggered line goes back, and
 * keeps it for boot_power_button_pressed(). May also be called when the interrupt was another device's: returns whether
 * it was the button's.
 */
bool boot_power_button_interrupt(void);

BOOT_END_DECLS

#endif
