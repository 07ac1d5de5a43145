/* SPDX-License-Identifier: ISC */
/*
 * Ending the machine: off, reset, with an exit status, or because of a fatal error. Every way out that a
 * hypervisor is known to take is tried, the surest first, and only where CPUID and the registers
 * themselves say that it is there: a stray port access ends some virtual machines in the wrong way.
 *
 * No call here returns, whatever the machine does: when no way out works, the processor halts with
 * interrupts off. All of them may be called anywhere, interrupt and exception handlers included.
 */
#ifndef BOOT_POWER_H
#define BOOT_POWER_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* The status that boot_fatal_exit() reports: QEMU itself then ends with 2 * 127 + 1 = 255. */
#define BOOT_FATAL_STATUS 127

/*
 * Switch the machine off: the PM1a control register of the chipset (QEMU's pc and q35, VirtualBox), or bhyve's
 * port 0x404. A virtual machine without PCI (Firecracker, QEMU's microvm with -no-reboot) is reset, which ends
 * it. Disks are not flushed: that is the runtime's to do first.
 */
__attribute__((noreturn)) void boot_power_off(void);

/* Start the machine again from its firmware: port 0xCF9, then the keyboard controller, then a triple fault. */
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

BOOT_END_DECLS

#endif
