/* SPDX-License-Identifier: ISC */
/*
 * ACPI tables as a hostile firmware could leave them. The first byte says whether checksums are made right before the
 * parser sees them, without which no change of a table would get past the first check; the rest is the memory from
 * 0xE0000 on, where the parser searches for a root pointer.
 */
#include <stdlib.h>
#include <string.h>

#include "acpi.h"
#include "fuzz.h"

#define START 0xe0000
#define REPAIR 1

static void repair(uint8_t *bytes, size_t length, size_t at)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

/* A table's checksum is at 9, a root pointer's at 8 and, from revision 2 on, another at 32. */
static void repair_all(uint8_t *memory, size_t size)
{
	static const char *const names[] = {"RSDT", "XSDT", "FACP", "DSDT", "SSDT", "APIC", "MCFG"};

	for (size_t at = 0; at + 36 <= size; at++) {
		uint32_t length;

		if (memcmp(memory + at, "RSD PTR ", 8) == 0) {
			repair(memory + at, 20, 8);
			repair(memory + at, 36, 32);
		}
		memcpy(&length, memory + at + 4, sizeof length);
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (memcmp(memory + at, names[i], 4) == 0 && length >= 36 && length <= size - at)
				repair(memory + at, length, 9);
	}
}

/* What the parser promises to those who use its results. */
static void check(const struct boot_acpi *acpi)
{
	for (size_t i = 0; i < acpi->code.virtio_mmio_count; i++)
		fuzz_check(acpi->code.virtio_mmio[i].base != 0 && acpi->code.virtio_mmio[i].length != 0);
	for (size_t i = 0; i < acpi->ecam_count; i++)
		fuzz_check(acpi->ecams[i].first_bus <= acpi->ecams[i].last_bus);
	for (size_t i = 0; i < acpi->controllers.io_apic_count; i++)
		fuzz_check(acpi->controllers.io_apics[i].base != 0);
	fuzz_check(acpi->code.off[0] <= 7 && acpi->code.off[1] <= 7);
	fuzz_check(acpi->fixed.reset.memory || acpi->fixed.reset.address <= UINT16_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct boot_acpi acpi;
	uint8_t *copy = malloc(size); /* of its own size, so that the sanitizers see an access behind it */
	struct boot_loader_memory memory = {.data = copy, .start = START, .length = size > 0 ? size - 1 : 0};

	if (size > 0 && copy != NULL) {
		memcpy(copy, data + 1, size - 1);
		if (data[0] & REPAIR)
			repair_all(copy, size - 1);
		boot_acpi_parse(&acpi, &memory, 0);
		check(&acpi);
	}
	free(copy);
	return 0;
}
