/* SPDX-License-Identifier: ISC */
/* ACPI tables: from the root pointer over the root table to each of the others, with a check of every step. */
#include "acpi_table.h"

#include "serial.h"

/* The root pointer (ACPI 5.2.5.3). */
enum {
	ROOT_REVISION = 15,
	ROOT_RSDT = 16,
	ROOT_FIRST_LENGTH = 20, /* what the first checksum covers, and all that revision 0 has */
	ROOT_LENGTH = 20,
	ROOT_XSDT = 24,
	ROOT_FULL_LENGTH = 36,
	ROOT_LENGTH_MAX = 4096,
};

#define HEADER_LENGTH 4 /* offset of a table's length */

/* Where PC firmware leaves the root pointer: the first KiB of a segment that is named here, or this area. */
#define EBDA_SEGMENT 0x40e
#define EBDA_SEARCHED 1024
#define AREA_START 0xe0000
#define AREA_END 0x100000
#define ROOT_ALIGNMENT 16

static uint64_t number_at(const uint8_t *bytes, uint32_t width)
{
	uint64_t number = 0;

	while (width-- > 0)
		number = number << 8 | bytes[width];
	return number;
}

static bool sums_to_zero(const uint8_t *bytes, uint64_t length)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

static bool same(const void *bytes, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (((const char *)bytes)[i] != text[i])
			return false;
	return true;
}

/* The root pointer at ADDRESS, or NULL. */
static const uint8_t *root_at(const struct boot_loader_memory *memory, uint64_t address)
{
	const uint8_t *root = boot_loader_memory_at(memory, address, ROOT_FIRST_LENGTH);

	if (root == NULL || !same(root, "RSD PTR ", 8) || !sums_to_zero(root, ROOT_FIRST_LENGTH))
		return NULL;
	return root;
}

static const uint8_t *root_between(const struct boot_loader_memory *memory, uint64_t start, uint64_t end)
{
	const uint8_t *root = NULL;

	for (uint64_t address = start; address < end && root == NULL; address += ROOT_ALIGNMENT)
		root = root_at(memory, address);
	return root;
}

static const uint8_t *find_root(const struct boot_loader_memory *memory, uint64_t *address)
{
	uint64_t ebda = (boot_loader_memory_word(memory, EBDA_SEGMENT) & 0xffff) << 4;
	const uint8_t *root = *address == 0 ? NULL : root_at(memory, *address);

	if (root == NULL && *address != 0)
		boot_printf("boot: no ACPI root pointer at 0x%lx, looking for another\n", *address);
	if (root == NULL && ebda != 0)
		root = root_between(memory, ebda, ebda + EBDA_SEARCHED);
	if (root == NULL)
		root = root_between(memory, AREA_START, AREA_END);
	if (root != NULL)
		*address = memory->start + (uint64_t)(root - memory->data);
	return root;
}

/* The table at ADDRESS, or false: then it is not right. */
static bool table_at(const struct boot_loader_memory *memory, uint64_t address, struct boot_acpi_table *table)
{
	const uint8_t *header = boot_loader_memory_at(memory, address, BOOT_ACPI_HEADER);

	if (header == NULL)
		return false;
	table->address = address;
	for (size_t i = 0; i < sizeof table->signature; i++)
		table->signature[i] = (char)header[i];
	table->length = (uint32_t)number_at(header + HEADER_LENGTH, 4);
	if (table->length < BOOT_ACPI_HEADER || table->length > BOOT_ACPI_LENGTH_MAX)
		return false;
	table->data = boot_loader_memory_at(memory, address, table->length);
	return table->data != NULL && sums_to_zero(table->data, table->length);
}

void boot_acpi_tables_add(struct boot_acpi_tables *tables, const struct boot_loader_memory *memory, uint64_t address)
{
	if (tables->count == BOOT_ACPI_TABLES_MAX)
		boot_printf(
			"boot: more than %d ACPI tables, left out the one at 0x%lx\n", BOOT_ACPI_TABLES_MAX, address);
	else if (table_at(memory, address, &tables->list[tables->count]))
		tables->count++;
	else
		boot_printf("boot: the ACPI table at 0x%lx is not right, left out\n", address);
}

/* The root table, with the width of its entries; the one with 64-bit entries counts if it is right. */
static bool root_table(const struct boot_loader_memory *memory, const uint8_t *root, uint64_t address,
	struct boot_acpi_table *table, uint32_t *width)
{
	if (root[ROOT_REVISION] >= 2 && boot_loader_memory_at(memory, address, ROOT_FULL_LENGTH) != NULL) {
		uint64_t length = number_at(root + ROOT_LENGTH, 4);

		*width = 8;
		if (length >= ROOT_FULL_LENGTH && length <= ROOT_LENGTH_MAX &&
			boot_loader_memory_at(memory, address, length) != NULL && sums_to_zero(root, length) &&
			table_at(memory, number_at(root + ROOT_XSDT, 8), table) && same(table->signature, "XSDT", 4))
			return true;
	}
	*width = 4;
	return table_at(memory, number_at(root + ROOT_RSDT, 4), table) && same(table->signature, "RSDT", 4);
}

bool boot_acpi_tables_find(struct boot_acpi_tables *tables, const struct boot_loader_memory *memory, uint64_t root)
{
	const uint8_t *pointer = find_root(memory, &root);
	struct boot_acpi_table list;
	uint32_t width, offset, tried = 0;

	tables->count = 0;
	if (pointer == NULL)
		return false;
	if (!root_table(memory, pointer, root, &list, &width)) {
		boot_printf("boot: the ACPI root pointer at 0x%lx leads to no list of tables\n", root);
		return false;
	}
	/* As many as there is room for are tried, not only kept: a bad list must not take for ever. */
	for (offset = BOOT_ACPI_HEADER; offset < list.length && tried < BOOT_ACPI_TABLES_MAX; offset += width) {
		uint64_t address = boot_acpi_number(&list, offset, width);

		tried++;
		if (address != 0)
			boot_acpi_tables_add(tables, memory, address);
	}
	return true;
}

const struct boot_acpi_table *boot_acpi_tables_get(
	const struct boot_acpi_tables *tables, const char *signature, size_t n)
{
	for (size_t i = 0; i < tables->count; i++)
		if (same(tables->list[i].signature, signature, 4) && n-- == 0)
			return &tables->list[i];
	return NULL;
}

uint64_t boot_acpi_number(const struct boot_acpi_table *table, uint32_t offset, uint32_t width)
{
	if (offset > table->length || width > table->length - offset)
		return 0;
	return number_at(table->data + offset, width);
}
