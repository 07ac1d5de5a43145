/* SPDX-License-Identifier: ISC */
/* The start information of PVH, part by part, into a boot_info. */
#include "pvh.h"

#include "serial.h"

#define PVH_MAGIC 0x336ec578

/* What there must be on a machine that does not tell. */
#define ASSUMED_START 0x100000
#define ASSUMED_END 0x4000000

/* Offsets in the structure. */
enum {
	INFO_MAGIC = 0,
	INFO_VERSION = 4,
	INFO_MODULE_COUNT = 12,
	INFO_MODULES = 16,
	INFO_COMMAND_LINE = 24,
	INFO_ACPI_ROOT = 32,
	INFO_SIZE_0 = 40,
	INFO_MAP = 40,
	INFO_MAP_COUNT = 48,
};

/* A module's entry, and a memory map's. */
enum {
	MODULE_START = 0,
	MODULE_SIZE = 8,
	MODULE_STRING = 16,
	MODULE_ENTRY_SIZE = 32,
	MAP_BASE = 0,
	MAP_LENGTH = 8,
	MAP_TYPE = 16,
	MAP_ENTRY_SIZE = 24,
};

/* What the parts of the parser share. */
struct pvh {
	struct boot_info_store *store;
	const struct boot_loader_memory *memory;
	uint64_t address; /* of the structure */
};

static uint64_t pvh_long(const struct pvh *p, uint32_t offset)
{
	return boot_loader_memory_long(p->memory, p->address + offset);
}

static uint32_t pvh_word(const struct pvh *p, uint32_t offset)
{
	return boot_loader_memory_word(p->memory, p->address + offset);
}

/* How many of COUNT entries of SIZE bytes at ADDRESS there really are: all, or none, with a message. */
static uint32_t pvh_check_list(const struct pvh *p, const char *what, uint64_t address, uint32_t count, uint32_t size)
{
	if (count == 0 || boot_loader_memory_at(p->memory, address, (uint64_t)count * size) != NULL)
		return count;
	boot_printf("boot: the %s at 0x%lx with %u entries lies out of reach, left out\n", what, address, count);
	return 0;
}

static void pvh_read_module(const struct pvh *p, uint64_t entry)
{
	uint64_t start = boot_loader_memory_long(p->memory, entry + MODULE_START);
	uint64_t size = boot_loader_memory_long(p->memory, entry + MODULE_SIZE);
	uint64_t string = boot_loader_memory_long(p->memory, entry + MODULE_STRING);

	boot_info_store_module(
		p->store, start, start + size, boot_info_store_text(p->store, p->memory, string, "module's text"));
}

static void pvh_read_modules(const struct pvh *p)
{
	uint64_t entry = pvh_long(p, INFO_MODULES);
	uint32_t count = pvh_check_list(p, "list of modules", entry, pvh_word(p, INFO_MODULE_COUNT), MODULE_ENTRY_SIZE);

	if (count > BOOT_INFO_MODULES_MAX) {
		boot_printf("boot: %u modules, only the first %d count\n", count, BOOT_INFO_MODULES_MAX);
		count = BOOT_INFO_MODULES_MAX;
	}
	for (; count > 0; count--, entry += MODULE_ENTRY_SIZE)
		pvh_read_module(p, entry);
}

static void pvh_read_map(const struct pvh *p)
{
	uint64_t entry = pvh_long(p, INFO_MAP);
	uint32_t count = pvh_check_list(p, "memory map", entry, pvh_word(p, INFO_MAP_COUNT), MAP_ENTRY_SIZE);

	for (; count > 0; count--, entry += MAP_ENTRY_SIZE)
		boot_info_store_memory(p->store, boot_loader_memory_long(p->memory, entry + MAP_BASE),
			boot_loader_memory_long(p->memory, entry + MAP_LENGTH),
			boot_loader_memory_word(p->memory, entry + MAP_TYPE));
}

static void pvh_assume_memory(const struct pvh *p)
{
	boot_printf("boot: no memory map, going by %d MiB\n", ASSUMED_END >> 20);
	boot_info_store_memory(p->store, ASSUMED_START, ASSUMED_END - ASSUMED_START, BOOT_MEMORY_AVAILABLE);
}

int boot_pvh_parse(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, uint32_t magic)
{
	struct pvh p = {store, memory, address};

	(void)magic;
	boot_info_store_init(store, "PVH");
	if (boot_loader_memory_at(memory, address, INFO_SIZE_0) == NULL || pvh_word(&p, INFO_MAGIC) != PVH_MAGIC) {
		boot_printf("boot: there is no PVH start information at 0x%lx\n", address);
		return -1;
	}
	store->info.command_line = boot_info_store_text(store, memory, pvh_long(&p, INFO_COMMAND_LINE), "command line");
	store->info.acpi_root = pvh_long(&p, INFO_ACPI_ROOT);
	pvh_read_modules(&p);
	if (pvh_word(&p, INFO_VERSION) == 0)
		pvh_assume_memory(&p);
	else
		pvh_read_map(&p);
	if (store->info.memory_count == 0) {
		boot_printf("boot: the loader told of no memory\n");
		return -1;
	}
	return 0;
}
