/* SPDX-License-Identifier: ISC */
/*
 * The ways out of the machine. Each is a function that returns when its way is not there or did nothing; the
 * public calls try them in order and end in a halt.
 */
#include <boot/power.h>
#include <stdbool.h>

#include <boot/memory.h>

#include "acpi.h"
#include "chipset.h"
#include "hypervisor.h"
#include "machine.h"
#include "pm.h"
#include "power.h"

#define DEBUG_EXIT_PORT 0x501  /* QEMU: -device isa-debug-exit,iobase=0x501 */
#define PVPANIC_PORT 0x505     /* QEMU: -device pvpanic */
#define PVPANIC_PANICKED 1     /* the event: the machine has panicked */
#define PVPANIC_ALL_EVENTS 0x7 /* every event that is defined */

#define REDUCED_SLEEP_TYPE 2 /* bit position in the sleep control register (ACPI 4.8.3.7) */
#define REDUCED_SLEEP_ENABLE (1u << 5)

#define SETTLE_CYCLES 50000000 /* at least a hundredth of a second */
#define SETTLE_LOOPS 1000000   /* should the counter stand still */

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

/* A register of the tables that is used when there may be no more memory to map it: so it is mapped before. */
struct power_register {
	uint16_t port;
	uint8_t *memory;
};

static struct power_register power_sleep, power_reset;

static struct power_register reachable(const struct boot_acpi_register *from)
{
	if (from->address == 0)
		return (struct power_register){0, NULL};
	if (from->memory)
		return (struct power_register){0, boot_map_device(from->address, 1)};
	return (struct power_register){(uint16_t)from->address, NULL};
}

void boot_power_start(void)
{
	power_sleep = reachable(&boot_acpi()->fixed.sleep_control);
	power_reset = reachable(&boot_acpi()->fixed.reset);
}

static void power_write(const struct power_register *to, uint8_t value)
{
	if (to->memory != NULL)
		boot_write8(to->memory, value);
	else if (to->port != 0)
		boot_out8(to->port, value);
}

/* A hypervisor may take a moment to do what it was told. */
static void settle(void)
{
	uint64_t start = boot_tsc();

	for (int i = 0; i < SETTLE_LOOPS && boot_tsc() - start < SETTLE_CYCLES; i++)
		boot_pause();
}

static void try_sleep_register(void)
{
	const struct boot_acpi_code *code = &boot_acpi()->code;

	if (code->has_off)
		power_write(&power_sleep,
			(uint8_t)(REDUCED_SLEEP_ENABLE | (unsigned int)code->off[0] << REDUCED_SLEEP_TYPE));
}

static void try_pm_registers(void)
{
	struct boot_pm pm;

	if (!boot_pm_find(&pm))
		return;
	for (size_t i = 0; i < 2; i++)
		if (pm.control[i] != 0)
			boot_out16(pm.control[i],
				(uint16_t)(BOOT_PM_SLEEP_ENABLE | (unsigned int)pm.off[i] << BOOT_PM_SLEEP_TYPE));
}

static void reset_by_processor(void)
{
	boot_out8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	settle();
	boot_triple_fault();
}

/*
 * Virtual machines without PCI (Firecracker, QEMU's microvm with -no-reboot) are ended by a reset, and without ACPI
 * tables have no other way.
 */
static void try_reset_as_end(void)
{
	if (!qemu_ports_allowed() || boot_chipset_has_pci())
		return;
	settle();
	reset_by_processor();
}

static void try_power_off(void)
{
	try_sleep_register();
	try_pm_registers();
	try_reset_as_end();
}

void boot_power_off(void)
{
	boot_interrupts_disable();
	try_power_off();
	boot_halt();
}

void boot_reset(void)
{
	boot_interrupts_disable();
	power_write(&power_reset, boot_acpi()->fixed.reset_value);
	boot_out8(RESET_PORT, RESET_HARD);
	settle();
	reset_by_processor();
	boot_halt();
}

void boot_exit(int status)
{
	boot_interrupts_disable();
	try_debug_exit(status < 0 || status > BOOT_FATAL_STATUS ? BOOT_FATAL_STATUS : (uint8_t)status);
	try_power_off();
	boot_halt();
}

void boot_fatal_exit(void)
{
	boot_interrupts_disable();
	try_debug_exit(BOOT_FATAL_STATUS);
	try_pvpanic();
	boot_halt();
}
