/* SPDX-License-Identifier: ISC */
/* The multiboot 1 information structure, part by part, into a boot_info. */
#include "multiboot1.h"

#include "command_line.h"
#include "serial.h"

#define MULTIBOOT1_MAGIC 0x2badb002

/* Which parts of the structure are there. */
#define HAS_MEMORY_SIZES 0x1
#define HAS_COMMAND_LINE 0x4
#define HAS_MODULES 0x8
#define HAS_MEMORY_MAP 0x40
#define HAS_LOADER_NAME 0x200

/* Where they are: offsets in the structure. */
enum {
	INFO_FLAGS = 0,
	INFO_MEMORY_LOWER = 4, /* KiB from address 0 */
	INFO_MEMORY_UPPER = 8, /* KiB from 1 MiB */
	INFO_COMMAND_LINE = 16,
	INFO_MODULE_COUNT = 20,
	INFO_MODULES = 24,
	INFO_MAP_LENGTH = 44,
	INFO_MAP = 48,
	INFO_LOADER_NAME = 64,
};

/* A module's entry, and a memory map's; the latter's size does not count its own four bytes. */
enum {
	MODULE_START = 0,
	MODULE_END = 4,
	MODULE_STRING = 8,
	MODULE_ENTRY_SIZE = 16,
	MAP_SIZE = 0,
	MAP_BASE = 4,
	MAP_LENGTH = 12,
	MAP_TYPE = 20,
	MAP_SIZE_LEAST = 20,
};

/* What the parts of the parser share. */
struct multiboot1 {
	struct boot_info_store *store;
	const struct boot_loader_memory *memory;
	uint64_t address; /* of the structure */
	uint32_t flags;
};

static uint32_t multiboot1_field(const struct multiboot1 *m, uint32_t offset)
{
	return boot_loader_memory_word(m->memory, m->address + offset);
}

static void multiboot1_read_texts(const struct multiboot1 *m)
{
	struct boot_info *info = &m->store->info;
	const char *line = "";

	if (m->flags & HAS_LOADER_NAME)
		info->loader = boot_info_store_text(
			m->store, m->memory, multiboot1_field(m, INFO_LOADER_NAME), "loader's name");
	if (m->flags & HAS_COMMAND_LINE)
		line = boot_info_store_text(
			m->store, m->memory, multiboot1_field(m, INFO_COMMAND_LINE), "command line");
	info->command_line = boot_command_line_arguments(line, info->loader);
}

static void multiboot1_read_modules(const struct multiboot1 *m)
{
	uint32_t count = m->flags & HAS_MODULES ? multiboot1_field(m, INFO_MODULE_COUNT) : 0;
	uint64_t entry = multiboot1_field(m, INFO_MODULES);

	if (count > BOOT_INFO_MODULES_MAX) {
		boot_printf("boot: %u modules, only the first %d count\n", count, BOOT_INFO_MODULES_MAX);
		count = BOOT_INFO_MODULES_MAX;
	}
	for (; count > 0; count--, entry += MODULE_ENTRY_SIZE) {
		if (boot_loader_memory_at(m->memory, entry, MODULE_ENTRY_SIZE) == NULL) {
			boot_printf("boot: the list of modules at 0x%lx lies out of reach, left out\n", entry);
			return;
		}
		boot_info_store_module(m->store, boot_loader_memory_word(m->memory, entry + MODULE_START),
			boot_loader_memory_word(m->memory, entry + MODULE_END),
			boot_info_store_text(m->store, m->memory,
				boot_loader_memory_word(m->memory, entry + MODULE_STRING), "module's text"));
	}
}

static void multiboot1_read_map(const struct multiboot1 *m)
{
	uint64_t entry = multiboot1_field(m, INFO_MAP);
	uint64_t left = multiboot1_field(m, INFO_MAP_LENGTH);

	if (boot_loader_memory_at(m->memory, entry, left) == NULL) {
		boot_printf("boot: the memory map at 0x%lx+0x%lx lies out of reach, left out\n", entry, left);
		return;
	}
	while (left > 0) {
		uint64_t size = left < 4 ? 0 : boot_loader_memory_word(m->memory, entry + MAP_SIZE);

		if (size < MAP_SIZE_LEAST || size + 4 > left) {
			boot_printf("boot: memory map entry of %lu bytes with %lu left, the rest is left out\n", size,
				left);
			return;
		}
		boot_info_store_memory(m->store, boot_loader_memory_long(m->memory, entry + MAP_BASE),
			boot_loader_memory_long(m->memory, entry + MAP_LENGTH),
			boot_loader_memory_word(m->memory, entry + MAP_TYPE));
		entry += size + 4;
		left -= size + 4;
	}
}

int boot_multiboot1_parse(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, uint32_t magic)
{
	struct multiboot1 m = {store, memory, address, 0};

	boot_info_store_init(store, "multiboot 1");
	if (magic != MULTIBOOT1_MAGIC) {
		boot_printf("boot: not started by multiboot 1: magic number 0x%x\n", magic);
		return -1;
	}
	if (boot_loader_memory_at(memory, address, INFO_LOADER_NAME + 4) == NULL) {
		boot_printf("boot: the multiboot structure at 0x%lx lies out of reach\n", address);
		return -1;
	}
	m.flags = multiboot1_field(&m, INFO_FLAGS);
	multiboot1_read_texts(&m);
	multiboot1_read_modules(&m);
	if (m.flags & HAS_MEMORY_MAP)
		multiboot1_read_map(&m);
	if (store->info.memory_count == 0 && (m.flags & HAS_MEMORY_SIZES))
		boot_info_store_sizes(
			store, multiboot1_field(&m, INFO_MEMORY_LOWER), multiboot1_field(&m, INFO_MEMORY_UPPER));
	if (store->info.memory_count == 0) {
		boot_printf("boot: the loader told of no memory\n");
		return -1;
	}
	return 0;
}
