/* SPDX-License-Identifier: ISC */
/* From the list of tables to what the shim keeps of them. */
#include "acpi.h"

/* Fields of the FADT that lead to the table with the machine's code (DSDT), which no list has. */
#define FADT_DSDT 40
#define FADT_DSDT_64 140

static void add_code(
	struct boot_acpi *acpi, const struct boot_loader_memory *memory, const struct boot_acpi_table *fadt)
{
	uint64_t address = boot_acpi_number(fadt, FADT_DSDT_64, 8);

	if (address == 0)
		address = boot_acpi_number(fadt, FADT_DSDT, 4);
	if (address != 0)
		boot_acpi_tables_add(&acpi->tables, memory, address);
}

static void parse_code(struct boot_acpi *acpi, const char *signature)
{
	const struct boot_acpi_table *table;

	for (size_t n = 0; (table = boot_acpi_tables_get(&acpi->tables, signature, n)) != NULL; n++)
		boot_acpi_parse_code(table, &acpi->code);
}

void boot_acpi_parse(struct boot_acpi *acpi, const struct boot_loader_memory *memory, uint64_t root)
{
	const struct boot_acpi_table *table;

	*acpi = (struct boot_acpi){.found = false};
	acpi->found = boot_acpi_tables_find(&acpi->tables, memory, root);
	if ((table = boot_acpi_tables_get(&acpi->tables, "FACP", 0)) != NULL) {
		boot_acpi_parse_fixed(table, &acpi->fixed);
		add_code(acpi, memory, table);
	}
	parse_code(acpi, "DSDT");
	parse_code(acpi, "SSDT");
	if ((table = boot_acpi_tables_get(&acpi->tables, "APIC", 0)) != NULL)
		boot_acpi_parse_controllers(table, &acpi->controllers);
	if ((table = boot_acpi_tables_get(&acpi->tables, "MCFG", 0)) != NULL)
		boot_acpi_parse_ecams(table, acpi);
}
