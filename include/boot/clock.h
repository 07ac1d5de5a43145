/* SPDX-License-Identifier: ISC */
/*
 * Time: nanoseconds since the start, and sleeping until a moment. The clock is the processor's time stamp counter;
 * how fast that runs is found out once, at the start, from the best source that the machine has.
 */
#ifndef BOOT_CLOCK_H
#define BOOT_CLOCK_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* What the clock runs by, as found at the start. The texts are constant. */
struct boot_clock_info {
	const char *
		source; /* who told: "CPUID", "hypervisor", "kvmclock", "PM timer", "PIT", "local APIC", or "assumed" */
	const char *checked; /* the timer that the frequency was compared with and agrees with; NULL for none */
	uint64_t khz;        /* the frequency of the time stamp counter */
	uint32_t error_ppm;  /* how far off it may be, in millionths; 0 when the source just claims */
};

/*
 * Find the frequency and start the clock at 0. The shim does this before unikernel_main(); again does nothing. Takes
 * 1 to 30 ms. Uses channel 0 of the PIT, where there is no better timer.
 *
 * In this order, the first that gives an answer between 200 MHz and 20 GHz: CPUID leaves 0x15 and 0x16, the
 * hypervisor's leaf 0x40000010, kvmclock, the ACPI PM timer, the PIT, and the local APIC's timer under QEMU's
 * own emulation. The answer is compared with the next of these timers where there is one; a mere claim that is
 * over 1 % off gives way to the measurement. On a machine that has none of them a frequency of 2.5 GHz is
 * assumed: time is then monotonic, and wrong by a constant factor.
 */
void boot_clock_start(void);

/* What boot_clock_start() found; `source` is "none" before it. Lives for ever. */
const struct boot_clock_info *boot_clock_describe(void);

/*
 * Nanoseconds since boot_clock_start(); 0 before it. Never goes back on one processor, nor between processors
 * whose time stamp counters are in step, as those of virtual machines are. Callable anywhere, interrupt
 * handlers included.
 */
uint64_t boot_clock_now(void);

/*
 * Nanoseconds since 1970 began, by kvmclock, or else by the CMOS clock as the hypervisor sets it: UTC on QEMU, and on
 * bhyve with `-u`. The latter tells whole seconds, so time is up to one second late. It is read at the first call,
 * which may take a few milliseconds, and carried on by boot_clock_now() from there. 0 when there is no such clock or
 * what it shows is nonsense. Not callable from an interrupt handler the first time.
 */
uint64_t boot_clock_wall(void);

/* How long boot_wait() sleeps at most, unless boot_wait_set_longest() says otherwise: nanoseconds. */
#define BOOT_WAIT_POLL UINT64_C(1000000)

/*
 * Sleep until boot_clock_now() reaches DEADLINE, or an interrupt arrives, or the longest sleep is over, whichever is
 * first: the caller looks whether there is work and calls again. May return at any time.
 *
 * No wakeup is lost. An interrupt that was handled since the end of the last call, whenever that was, makes this one
 * return at once; one that arrives while the processor is about to sleep ends the sleep. With a device it goes so:
 *
 *     while (no work is found)
 *             if (!virtio_..._enable_interrupts(...))   true: there is work after all, and no interrupt comes for it
 *                     boot_wait(deadline);
 *     virtio_..._disable_interrupts(...);
 *
 * Work that no interrupt tells of, since it is found by looking at memory or a register, waits for the longest
 * sleep: a millisecond at first.
 *
 * The first call takes over the two 8259 interrupt controllers (vectors 32 to 47, all inputs masked but the timer's and
 * those of boot_interrupt_line) and channel 0 of the PIT; where these do not wake the processor, the timer of the local
 * APIC, whose page it maps (vectors 48 and 255). Trying takes 250 ms for each that does not. When neither wakes it, the
 * processor spins instead, with pause instructions.
 *
 * Interrupts are allowed while asleep only, and left as they were. Not callable from an interrupt handler; one
 * processor at a time.
 */
void boot_wait(uint64_t deadline);

/*
 * Let boot_wait() sleep for NANOSECONDS at most. Say UINT64_MAX once the interrupts of all devices that you wait for
 * are routed (boot/interrupt.h): an idle machine then wakes up for deadlines only. The alarm may still ring earlier:
 * the PIT after 50 ms, the local APIC's timer after a second.
 */
void boot_wait_set_longest(uint64_t nanoseconds);

/* How boot_wait() sleeps: "PIT", "local APIC", or "spin"; "not yet" before its first call. */
const char *boot_wait_describe(void);

BOOT_END_DECLS

#endif
