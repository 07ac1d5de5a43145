/* SPDX-License-Identifier: ISC */
/* The fake firmware's tables. */
#include "acpi.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 80
#define FIRST_TABLE 0x1000
#define HEADER 36

uint8_t fake_acpi_bytes[FAKE_ACPI_SIZE];
struct boot_loader_memory fake_acpi_memory = {.data = fake_acpi_bytes, .start = 0, .length = FAKE_ACPI_SIZE};

static uint32_t acpi_next, acpi_listed[TABLES_MAX], acpi_count;

void fake_acpi_reset(void)
{
	memset(fake_acpi_bytes, 0, sizeof fake_acpi_bytes);
	acpi_next = FIRST_TABLE;
	acpi_count = 0;
}

static void store(uint32_t address, uint32_t width, uint64_t value)
{
	for (uint32_t i = 0; i < width; i++)
		fake_acpi_bytes[address + i] = (uint8_t)(value >> 8 * i);
}

void fake_acpi_repair(uint32_t address, uint32_t length, uint32_t at)
{
	uint8_t sum = 0;

	fake_acpi_bytes[at] = 0;
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + fake_acpi_bytes[address + i]);
	fake_acpi_bytes[at] = (uint8_t)-sum;
}

uint32_t fake_acpi_put(const char *signature, const void *body, size_t size)
{
	uint32_t address = acpi_next, length = (uint32_t)(HEADER + size);

	if (length > FAKE_ACPI_ROOT - address || acpi_count == TABLES_MAX)
		abort();
	memcpy(fake_acpi_bytes + address, signature, 4);
	store(address + 4, 4, length);
	memcpy(fake_acpi_bytes + address + HEADER, body, size);
	fake_acpi_repair(address, length, address + 9);
	acpi_next = (address + length + 15) & ~15u;
	if (strcmp(signature, "DSDT") != 0)
		acpi_listed[acpi_count++] = address;
	return address;
}

void fake_acpi_set(uint32_t address, uint32_t offset, uint32_t width, uint64_t value)
{
	uint32_t length;

	memcpy(&length, fake_acpi_bytes + address + 4, sizeof length);
	store(address + offset, width, value);
	fake_acpi_repair(address, length, address + 9);
}

uint32_t fake_acpi_finish(bool full)
{
	uint32_t width = full ? 8 : 4, count = acpi_count, list;
	uint8_t entries[TABLES_MAX * 8] = {0};

	for (uint32_t i = 0; i < count; i++)
		memcpy(entries + i * width, &acpi_listed[i], 4);
	list = fake_acpi_put(full ? "XSDT" : "RSDT", entries, (size_t)count * width);
	memcpy(fake_acpi_bytes + FAKE_ACPI_ROOT, "RSD PTR ", 8);
	store(FAKE_ACPI_ROOT + 15, 1, full ? 2 : 0);
	store(FAKE_ACPI_ROOT + (full ? 24 : 16), 4, list);
	store(FAKE_ACPI_ROOT + 20, 4, full ? 36 : 0);
	fake_acpi_repair(FAKE_ACPI_ROOT, 20, FAKE_ACPI_ROOT + 8);
	if (full)
		fake_acpi_repair(FAKE_ACPI_ROOT, 36, FAKE_ACPI_ROOT + 32);
	return list;
}
