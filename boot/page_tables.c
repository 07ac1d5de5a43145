/* SPDX-License-Identifier: ISC */
/* A walk from the root to the entry for an address, which makes the tables that are missing. */
#include "page_tables.h"

#define PAGE_PRESENT ((uint64_t)1)
#define PAGE_LARGE ((uint64_t)1 << 7)
#define PAGE_ADDRESS ((uint64_t)0xffffffffff000)
#define PAGE_FLAGS (BOOT_PAGE_WRITE | BOOT_PAGE_UNCACHED | BOOT_PAGE_NO_EXECUTE)

#define ENTRIES 512
#define LEVEL_TOP 3 /* levels count from 0, where entries are pages of 4 KiB */

static uint64_t level_size(int level)
{
	return BOOT_PAGE_SIZE << (9 * level);
}

static uint64_t *level_entry(uint64_t *table, int level, uint64_t address)
{
	return &table[address / level_size(level) % ENTRIES];
}

static bool level_is_page(int level, uint64_t entry)
{
	return (entry & PAGE_PRESENT) && (level == 0 || (entry & PAGE_LARGE));
}

static uint64_t *level_below(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & PAGE_ADDRESS);
}

static uint64_t *page_tables_new(const struct boot_page_tables *tables)
{
	uint64_t *table = tables->alloc_page(tables->context);

	for (size_t i = 0; table != NULL && i < ENTRIES; i++)
		table[i] = 0;
	return table;
}

/* Whether what is left from ADDRESS to END takes a page of LEVEL. */
static bool page_tables_fits(const struct boot_page_tables *tables, int level, uint64_t address, uint64_t end)
{
	uint64_t size = level_size(level);

	if (level == LEVEL_TOP || (level == 2 && !tables->gigabyte_pages))
		return false;
	return address % size == 0 && end - address >= size;
}

/* Map one page at *ADDRESS, as large as fits, or find it mapped; moves *ADDRESS behind it. */
static int page_tables_step(struct boot_page_tables *tables, uint64_t *address, uint64_t end, uint64_t flags)
{
	uint64_t *table = tables->root;

	for (int level = LEVEL_TOP; level >= 0; level--) {
		uint64_t *entry = level_entry(table, level, *address);

		if (level_is_page(level, *entry) && (*entry & PAGE_FLAGS) != flags)
			return BOOT_PAGE_TABLES_CONFLICT;
		if (*entry == 0 && page_tables_fits(tables, level, *address, end))
			*entry = *address | flags | PAGE_PRESENT | (level > 0 ? PAGE_LARGE : 0);
		if (level_is_page(level, *entry)) {
			*address = (*address | (level_size(level) - 1)) + 1;
			break;
		}
		if (*entry == 0) {
			uint64_t *below = page_tables_new(tables);

			if (below == NULL)
				return BOOT_PAGE_TABLES_NO_MEMORY;
			*entry = (uintptr_t)below | BOOT_PAGE_WRITE | PAGE_PRESENT;
		}
		table = level_below(*entry);
	}
	return BOOT_PAGE_TABLES_DONE;
}

int boot_page_tables_map(struct boot_page_tables *tables, uint64_t start, uint64_t end, uint64_t flags)
{
	int result = BOOT_PAGE_TABLES_DONE;

	if (tables->root == NULL)
		tables->root = page_tables_new(tables);
	if (tables->root == NULL)
		return BOOT_PAGE_TABLES_NO_MEMORY;
	if (!tables->no_execute)
		flags &= ~BOOT_PAGE_NO_EXECUTE;
	while (start < end && result == BOOT_PAGE_TABLES_DONE)
		result = page_tables_step(tables, &start, end, flags);
	return result;
}

/* Put a table of smaller pages, which map the same, in the place of a large page at LEVEL. */
static int page_tables_split(const struct boot_page_tables *tables, int level, uint64_t *entry)
{
	uint64_t *below = page_tables_new(tables);
	uint64_t large = level > 1 ? PAGE_LARGE : 0;

	if (below == NULL)
		return BOOT_PAGE_TABLES_NO_MEMORY;
	for (uint64_t i = 0; i < ENTRIES; i++)
		below[i] = ((*entry & ~PAGE_LARGE) + i * level_size(level - 1)) | large;
	*entry = (uintptr_t)below | BOOT_PAGE_WRITE | PAGE_PRESENT;
	return BOOT_PAGE_TABLES_DONE;
}

int boot_page_tables_unmap(struct boot_page_tables *tables, uint64_t address)
{
	uint64_t *table = tables->root;

	for (int level = LEVEL_TOP; level > 0 && table != NULL; level--) {
		uint64_t *entry = level_entry(table, level, address);

		if (level_is_page(level, *entry) && page_tables_split(tables, level, entry) != BOOT_PAGE_TABLES_DONE)
			return BOOT_PAGE_TABLES_NO_MEMORY;
		table = level_below(*entry);
	}
	if (table != NULL)
		*level_entry(table, 0, address) = 0;
	return BOOT_PAGE_TABLES_DONE;
}

uint64_t boot_page_tables_entry(const struct boot_page_tables *tables, uint64_t address, uint64_t *size)
{
	uint64_t *table = tables->root;

	for (int level = LEVEL_TOP; level >= 0 && table != NULL; level--) {
		uint64_t entry = *level_entry(table, level, address);

		*size = level_size(level);
		if (level_is_page(level, entry))
			return entry;
		table = level_below(entry);
	}
	return 0;
}
