/* SPDX-License-Identifier: ISC */
/* The fixed hardware as the FADT tells (ACPI 5.2.9): where the registers for power and time are. */
#include "acpi.h"

/* Offsets in the table. Old ones end before the registers with 64-bit addresses, which then read as 0: not there. */
enum {
	FADT_SCI = 46,
	FADT_SMI_PORT = 48,
	FADT_ENABLE_VALUE = 52,
	FADT_EVENT = 56, /* PM1a, and PM1b behind it, as is the case of the next one */
	FADT_CONTROL = 64,
	FADT_TIMER = 76,
	FADT_EVENT_LENGTH = 88,
	FADT_TIMER_LENGTH = 91,
	FADT_CENTURY = 108,
	FADT_FLAGS = 112,
	FADT_RESET = 116,
	FADT_RESET_VALUE = 128,
	FADT_EVENT_64 = 148,
	FADT_CONTROL_64 = 172,
	FADT_TIMER_64 = 208,
	FADT_SLEEP_CONTROL = 244,
	REGISTER_SIZE = 12, /* of one with a 64-bit address */
};

#define FLAG_NO_POWER_BUTTON (1u << 4) /* or one that is a device of its own */
#define FLAG_RESET (1u << 10)
#define FLAG_REDUCED (1u << 20)

/* A register with a 64-bit address: space, width in bits, offset, access size, address. */
enum { REGISTER_SPACE = 0, REGISTER_ADDRESS = 4 };
enum { SPACE_MEMORY = 0, SPACE_PORT = 1 };

static struct boot_acpi_register full_register(const struct boot_acpi_table *fadt, uint32_t offset)
{
	uint64_t space = boot_acpi_number(fadt, offset + REGISTER_SPACE, 1);
	uint64_t address = boot_acpi_number(fadt, offset + REGISTER_ADDRESS, 8);

	if (space == SPACE_MEMORY)
		return (struct boot_acpi_register){address, true};
	if (space == SPACE_PORT && address <= UINT16_MAX)
		return (struct boot_acpi_register){address, false};
	return (struct boot_acpi_register){0, false};
}

static uint16_t port_at(const struct boot_acpi_table *fadt, uint32_t offset)
{
	uint64_t port = boot_acpi_number(fadt, offset, 4);

	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* The port that is told at FULL, or in an old table at PORT; 0 when it is none. */
static uint16_t port_register(const struct boot_acpi_table *fadt, uint32_t full, uint32_t port)
{
	struct boot_acpi_register found = full_register(fadt, full);

	return found.address != 0 && !found.memory ? (uint16_t)found.address : port_at(fadt, port);
}

static void parse_pm_registers(const struct boot_acpi_table *fadt, struct boot_acpi_fixed *fixed)
{
	for (uint32_t i = 0; i < 2; i++) {
		fixed->event[i] = port_register(fadt, FADT_EVENT_64 + i * REGISTER_SIZE, FADT_EVENT + i * 4);
		fixed->control[i] = port_register(fadt, FADT_CONTROL_64 + i * REGISTER_SIZE, FADT_CONTROL + i * 4);
	}
	fixed->event_length = (uint8_t)boot_acpi_number(fadt, FADT_EVENT_LENGTH, 1);
	if (boot_acpi_number(fadt, FADT_TIMER_LENGTH, 1) == 4)
		fixed->timer = port_register(fadt, FADT_TIMER_64, FADT_TIMER);
	fixed->sci = (uint16_t)boot_acpi_number(fadt, FADT_SCI, 2);
	fixed->smi_port = port_at(fadt, FADT_SMI_PORT);
	fixed->enable_value = (uint8_t)boot_acpi_number(fadt, FADT_ENABLE_VALUE, 1);
}

void boot_acpi_parse_fixed(const struct boot_acpi_table *fadt, struct boot_acpi_fixed *fixed)
{
	uint64_t flags = boot_acpi_number(fadt, FADT_FLAGS, 4);

	fixed->present = true;
	fixed->reduced = flags & FLAG_REDUCED;
	fixed->century = (uint8_t)boot_acpi_number(fadt, FADT_CENTURY, 1);
	if (flags & FLAG_RESET) {
		fixed->reset = full_register(fadt, FADT_RESET);
		fixed->reset_value = (uint8_t)boot_acpi_number(fadt, FADT_RESET_VALUE, 1);
	}
	if (fixed->reduced) {
		fixed->sleep_control = full_register(fadt, FADT_SLEEP_CONTROL);
		return;
	}
	fixed->power_button = !(flags & FLAG_NO_POWER_BUTTON);
	parse_pm_registers(fadt, fixed);
}
