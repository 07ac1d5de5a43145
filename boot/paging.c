/* SPDX-License-Identifier: ISC */
/* Which memory of this machine is mapped how, and devices on demand. */
#include "paging.h"

#include <boot/memory.h>

#include "failure.h"
#include "image.h"
#include "machine.h"
#include "page_tables.h"
#include "serial.h"
#include "x86_64/control_registers.h"
#include "x86_64/stacks.h"

#define CPUID_EXTENDED 0x80000000
#define CPUID_FEATURES 0x80000001
#define CPUID_ADDRESSES 0x80000008
#define FEATURE_NO_EXECUTE ((uint32_t)1 << 20)
#define FEATURE_GIGABYTE_PAGES ((uint32_t)1 << 26)

/* The firmware's tables (ACPI, MP) may be here, on bhyve without being in the memory map: to be read. */
#define FIRMWARE_START 0xc0000
#define FIRMWARE_END 0x100000

#define DATA_FLAGS (BOOT_PAGE_WRITE | BOOT_PAGE_NO_EXECUTE)
#define DEVICE_FLAGS (BOOT_PAGE_WRITE | BOOT_PAGE_NO_EXECUTE | BOOT_PAGE_UNCACHED)

static void *paging_alloc_page(void *context)
{
	(void)context;
	return boot_pages_alloc(1, BOOT_PAGE_SIZE);
}

static struct boot_page_tables paging_tables = {.alloc_page = paging_alloc_page};
static const struct boot_memory_map *paging_ram;

uint64_t boot_paging_limit(void)
{
	unsigned int bits = 36;

	if (boot_cpuid(CPUID_EXTENDED, 0).eax >= CPUID_ADDRESSES)
		bits = boot_cpuid(CPUID_ADDRESSES, 0).eax & 0xff;
	return bits < 47 ? (uint64_t)1 << bits : BOOT_PAGE_TABLES_LIMIT;
}

static void paging_map(uint64_t start, uint64_t end, uint64_t flags)
{
	int result = boot_page_tables_map(&paging_tables, start, end, flags);

	if (result != BOOT_PAGE_TABLES_DONE)
		boot_panic("cannot map 0x%lx to 0x%lx: %s", start, end,
			result == BOOT_PAGE_TABLES_NO_MEMORY ? "no memory for page tables" : "it is mapped already");
}

static void paging_map_all(const struct boot_memory_map *map, uint64_t flags)
{
	for (size_t i = 0; i < map->count; i++)
		paging_map(map->ranges[i].start, map->ranges[i].end, flags);
}

/* Data and .bss, around the guard pages in it. */
static void paging_map_image_data(struct boot_memory_map *scratch)
{
	static const uint8_t *const guards[] = {
		boot_stack_guard, boot_interrupt_stack_guard, boot_exception_stack_guard, boot_fatal_stack_guard};

	scratch->count = 0;
	boot_memory_map_add(scratch, (uint64_t)boot_image_data_start, (uint64_t)boot_image_end);
	for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++)
		boot_memory_map_subtract(scratch, (uint64_t)guards[i], (uint64_t)guards[i] + BOOT_PAGE_SIZE);
	paging_map_all(scratch, DATA_FLAGS);
}

void boot_paging_init(const struct boot_memory_map *ram)
{
	static struct boot_memory_map scratch;
	uint32_t features = boot_cpuid(CPUID_FEATURES, 0).edx;

	paging_ram = ram;
	paging_tables.gigabyte_pages = features & FEATURE_GIGABYTE_PAGES;
	paging_tables.no_execute = features & FEATURE_NO_EXECUTE;
	if (!paging_tables.no_execute)
		boot_printf("boot: this processor cannot keep data from being executed\n");

	/* RAM but page 0 and the image, whose parts follow. */
	scratch = *ram;
	boot_memory_map_subtract(&scratch, 0, BOOT_PAGE_SIZE);
	boot_memory_map_subtract(&scratch, (uint64_t)boot_image_start, (uint64_t)boot_image_end);
	paging_map_all(&scratch, DATA_FLAGS);
	paging_map((uint64_t)boot_image_start, (uint64_t)boot_image_rodata_start, 0);
	paging_map((uint64_t)boot_image_rodata_start, (uint64_t)boot_image_data_start, BOOT_PAGE_NO_EXECUTE);
	paging_map_image_data(&scratch);

	scratch.count = 0;
	boot_memory_map_add(&scratch, FIRMWARE_START, FIRMWARE_END);
	for (size_t i = 0; i < ram->count; i++)
		boot_memory_map_subtract(&scratch, ram->ranges[i].start, ram->ranges[i].end);
	paging_map_all(&scratch, BOOT_PAGE_NO_EXECUTE);
	boot_write_cr3((uint64_t)paging_tables.root);
}

void *boot_map_device(uint64_t physical_address, uint64_t length)
{
	uint64_t limit = boot_paging_limit();
	uint64_t end = physical_address + length;
	const char *trouble = NULL;
	int result;

	if (length == 0 || physical_address < BOOT_PAGE_SIZE || physical_address >= limit ||
		length > limit - physical_address)
		trouble = "it is out of reach";
	else if (boot_memory_map_overlaps(paging_ram, physical_address & ~(BOOT_PAGE_SIZE - 1), end))
		trouble = "that is RAM";
	if (trouble == NULL) {
		result = boot_page_tables_map(&paging_tables, physical_address & ~(BOOT_PAGE_SIZE - 1),
			(end + BOOT_PAGE_SIZE - 1) & ~(BOOT_PAGE_SIZE - 1), DEVICE_FLAGS);
		if (result == BOOT_PAGE_TABLES_DONE)
			return (void *)physical_address;
		trouble = result == BOOT_PAGE_TABLES_NO_MEMORY ? "no memory for page tables" : "it is mapped cached";
	}
	boot_printf("boot: cannot map a device at 0x%lx+0x%lx: %s\n", physical_address, length, trouble);
	return NULL;
}

int boot_guard_page(void *page)
{
	if (boot_page_tables_unmap(&paging_tables, (uintptr_t)page) != BOOT_PAGE_TABLES_DONE)
		return -1;
	boot_write_cr3((uint64_t)paging_tables.root);
	return 0;
}

const void *boot_paging_readable(uint64_t physical_address, uint64_t length)
{
	uint64_t limit = boot_paging_limit(), size;
	uint64_t page = physical_address & ~(BOOT_PAGE_SIZE - 1);

	if (length == 0 || page == 0 || physical_address >= limit || length > limit - physical_address)
		return NULL;
	for (; page < physical_address + length; page += BOOT_PAGE_SIZE)
		if (boot_page_tables_entry(&paging_tables, page, &size) == 0 &&
			boot_page_tables_map(&paging_tables, page, page + BOOT_PAGE_SIZE, BOOT_PAGE_NO_EXECUTE) !=
				BOOT_PAGE_TABLES_DONE)
			return NULL;
	return (const void *)physical_address;
}
