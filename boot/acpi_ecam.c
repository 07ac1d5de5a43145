/* SPDX-License-Identifier: ISC */
/* PCI configuration space in memory as the MCFG tells (PCI firmware specification 4.1.2). */
#include "acpi.h"
#include "serial.h"

/* Offsets in the table, and in an entry of its list. */
enum {
	MCFG_ENTRIES = 44,
	ENTRY_BASE = 0,
	ENTRY_SEGMENT = 8,
	ENTRY_FIRST_BUS = 10,
	ENTRY_LAST_BUS = 11,
	ENTRY_SIZE = 16,
};

#define BUS_SIZE UINT64_C(0x100000)

/* Space for 256 buses fits behind the base, and the base is a whole number of buses. */
static bool makes_sense(const struct boot_acpi_ecam *ecam)
{
	return ecam->base != 0 && ecam->base % BUS_SIZE == 0 && ecam->base <= UINT64_MAX - 256 * BUS_SIZE &&
	       ecam->first_bus <= ecam->last_bus;
}

void boot_acpi_parse_ecams(const struct boot_acpi_table *mcfg, struct boot_acpi *acpi)
{
	for (uint32_t entry = MCFG_ENTRIES; entry + ENTRY_SIZE <= mcfg->length; entry += ENTRY_SIZE) {
		struct boot_acpi_ecam ecam = {
			.base = boot_acpi_number(mcfg, entry + ENTRY_BASE, 8),
			.segment = (uint16_t)boot_acpi_number(mcfg, entry + ENTRY_SEGMENT, 2),
			.first_bus = (uint8_t)boot_acpi_number(mcfg, entry + ENTRY_FIRST_BUS, 1),
			.last_bus = (uint8_t)boot_acpi_number(mcfg, entry + ENTRY_LAST_BUS, 1),
		};

		if (!makes_sense(&ecam) || acpi->ecam_count == BOOT_ACPI_ECAMS_MAX)
			boot_printf("boot: left out PCI configuration space at 0x%lx\n", ecam.base);
		else
			acpi->ecams[acpi->ecam_count++] = ecam;
	}
}
