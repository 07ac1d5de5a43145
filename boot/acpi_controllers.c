/* SPDX-License-Identifier: ISC */
/* Interrupt controllers as the MADT tells (ACPI 5.2.12). */
#include "acpi.h"
#include "serial.h"

/* Offsets in the table, and in an entry of its list. */
enum {
	MADT_LOCAL_APIC = 36,
	MADT_FLAGS = 40,
	MADT_ENTRIES = 44,
	ENTRY_TYPE = 0,
	ENTRY_LENGTH = 1,
	ENTRY_HEADER = 2,
	IO_APIC_ID = 2,
	IO_APIC_BASE = 4,
	IO_APIC_FIRST_GSI = 8,
	IO_APIC_SIZE = 12,
	OVERRIDE_BUS = 2, /* 0: ISA */
	OVERRIDE_IRQ = 3,
	OVERRIDE_GSI = 4,
	OVERRIDE_FLAGS = 8,
	OVERRIDE_SIZE = 10,
	LOCAL_APIC_ADDRESS = 4,
	LOCAL_APIC_ADDRESS_SIZE = 12,
};

enum { TYPE_IO_APIC = 1, TYPE_OVERRIDE = 2, TYPE_LOCAL_APIC_ADDRESS = 5 };

#define FLAG_8259 1

/* Two bits each; 0 is as the bus has it, and on the ISA bus that is high and edge. */
#define OVERRIDE_POLARITY_LOW 3
#define OVERRIDE_TRIGGER_LEVEL 3

static void add_io_apic(struct boot_acpi_controllers *controllers, const struct boot_acpi_table *madt, uint32_t entry)
{
	struct boot_acpi_io_apic io_apic = {
		.base = (uint32_t)boot_acpi_number(madt, entry + IO_APIC_BASE, 4),
		.first_gsi = (uint32_t)boot_acpi_number(madt, entry + IO_APIC_FIRST_GSI, 4),
		.id = (uint8_t)boot_acpi_number(madt, entry + IO_APIC_ID, 1),
	};

	if (controllers->io_apic_count == BOOT_ACPI_IO_APICS_MAX)
		boot_printf("boot: more than %d IO-APICs, left out the one at 0x%x\n", BOOT_ACPI_IO_APICS_MAX,
			io_apic.base);
	else if (io_apic.base != 0)
		controllers->io_apics[controllers->io_apic_count++] = io_apic;
}

static void override_line(struct boot_acpi_controllers *controllers, const struct boot_acpi_table *madt, uint32_t entry)
{
	uint64_t irq = boot_acpi_number(madt, entry + OVERRIDE_IRQ, 1);
	uint64_t flags = boot_acpi_number(madt, entry + OVERRIDE_FLAGS, 2);

	if (boot_acpi_number(madt, entry + OVERRIDE_BUS, 1) != 0 || irq >= BOOT_ACPI_ISA_LINES)
		return;
	controllers->isa[irq] = (struct boot_acpi_line){
		.gsi = (uint32_t)boot_acpi_number(madt, entry + OVERRIDE_GSI, 4),
		.level = (flags >> 2 & 3) == OVERRIDE_TRIGGER_LEVEL,
		.active_low = (flags & 3) == OVERRIDE_POLARITY_LOW,
	};
}

static void parse_entry(
	struct boot_acpi_controllers *controllers, const struct boot_acpi_table *madt, uint32_t entry, uint64_t length)
{
	uint64_t type = boot_acpi_number(madt, entry + ENTRY_TYPE, 1);

	if (type == TYPE_IO_APIC && length >= IO_APIC_SIZE)
		add_io_apic(controllers, madt, entry);
	else if (type == TYPE_OVERRIDE && length >= OVERRIDE_SIZE)
		override_line(controllers, madt, entry);
	else if (type == TYPE_LOCAL_APIC_ADDRESS && length >= LOCAL_APIC_ADDRESS_SIZE)
		controllers->local_apic = boot_acpi_number(madt, entry + LOCAL_APIC_ADDRESS, 8);
}

void boot_acpi_parse_controllers(const struct boot_acpi_table *madt, struct boot_acpi_controllers *controllers)
{
	uint32_t entry = MADT_ENTRIES;

	controllers->present = true;
	controllers->local_apic = boot_acpi_number(madt, MADT_LOCAL_APIC, 4);
	controllers->has_8259 = boot_acpi_number(madt, MADT_FLAGS, 4) & FLAG_8259;
	for (uint32_t irq = 0; irq < BOOT_ACPI_ISA_LINES; irq++)
		controllers->isa[irq].gsi = irq;
	while (entry < madt->length) {
		uint32_t length = (uint32_t)boot_acpi_number(madt, entry + ENTRY_LENGTH, 1);

		if (length < ENTRY_HEADER || length > madt->length - entry) {
			boot_printf("boot: MADT entry of %u bytes at %u, the rest is left out\n", length, entry);
			return;
		}
		parse_entry(controllers, madt, entry, length);
		entry += length;
	}
}
