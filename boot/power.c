/* SPDX-License-Identifier: ISC */
/*
 * The ways out of the machine. Each is a function that returns when its way is not there or did nothing; the
 * public calls try them in order and end in a halt.
 */
#include <boot/power.h>
#include <stdbool.h>

#include "chipset.h"
#include "hypervisor.h"
#include "machine.h"

#define DEBUG_EXIT_PORT 0x501  /* QEMU: -device isa-debug-exit,iobase=0x501 */
#define PVPANIC_PORT 0x505     /* QEMU: -device pvpanic */
#define PVPANIC_PANICKED 1     /* the event: the machine has panicked */
#define PVPANIC_ALL_EVENTS 0x7 /* every event that is defined */

#define SLEEP_ENABLE (1u << 13)
#define BHYVE_SLEEP_TYPE (5u << 10)
#define QEMU_PM1A_CONTROL 0x604 /* where SeaBIOS and qboot put it */

#define RESET_PORT 0xcf9
#define RESET_HARD 0x06
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe

/*
 * QEMU's helper devices exist only under a hypervisor, and bhyve may be told to end the machine on ports that it
 * does not know. Elsewhere these ports read all ones, or belong to who knows what.
 */
static bool qemu_ports_allowed(void)
{
	enum boot_hypervisor_kind kind = boot_hypervisor().kind;

	return kind != BOOT_HYPERVISOR_NONE && kind != BOOT_HYPERVISOR_BHYVE;
}

/* isa-debug-exit reads 0; a port without a device reads 0xff. */
static void try_debug_exit(uint8_t status)
{
	if (qemu_ports_allowed() && boot_in8(DEBUG_EXIT_PORT) == 0)
		boot_out8(DEBUG_EXIT_PORT, status);
}

/* pvpanic reads as the set of events that it takes. */
static void try_pvpanic(void)
{
	uint8_t events;

	if (!qemu_ports_allowed())
		return;
	events = boot_in8(PVPANIC_PORT);
	if ((events & PVPANIC_PANICKED) && !(events & ~PVPANIC_ALL_EVENTS))
		boot_out8(PVPANIC_PORT, PVPANIC_PANICKED);
}

static void try_power_off(void)
{
	uint16_t base = boot_chipset_pm_base();

	if (boot_hypervisor().kind == BOOT_HYPERVISOR_BHYVE)
		boot_out16((uint16_t)(base + BOOT_PM1A_CONTROL), SLEEP_ENABLE | BHYVE_SLEEP_TYPE);
	else if (base != 0)
		boot_out16((uint16_t)(base + BOOT_PM1A_CONTROL), SLEEP_ENABLE); /* type 0 is "soft off" there */
	else if (qemu_ports_allowed())
		boot_out16(QEMU_PM1A_CONTROL, SLEEP_ENABLE);
}

static void reset_by_processor(void)
{
	boot_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	boot_triple_fault();
}

/*
 * Virtual machines without PCI (Firecracker, QEMU's microvm with -no-reboot) are ended by a reset, and have no
 * other way that could be found without ACPI tables.
 */
static void try_reset_as_end(void)
{
	if (qemu_ports_allowed() && !boot_chipset_has_pci())
		reset_by_processor();
}

void boot_power_off(void)
{
	boot_interrupts_disable();
	try_power_off();
	try_reset_as_end();
	boot_halt();
}

void boot_reset(void)
{
	boot_interrupts_disable();
	boot_out8(RESET_PORT, RESET_HARD);
	reset_by_processor();
	boot_halt();
}

void boot_exit(int status)
{
	boot_interrupts_disable();
	try_debug_exit(status < 0 || status > BOOT_FATAL_STATUS ? BOOT_FATAL_STATUS : (uint8_t)status);
	try_power_off();
	try_reset_as_end();
	boot_halt();
}

void boot_fatal_exit(void)
{
	boot_interrupts_disable();
	try_debug_exit(BOOT_FATAL_STATUS);
	try_pvpanic();
	boot_halt();
}
