/* SPDX-License-Identifier: ISC */
/* Copies of what a loader told, with a bound on everything. */
#include "info_store.h"

#include "serial.h"

void boot_info_store_init(struct boot_info_store *store, const char *protocol)
{
	store->text_used = 0;
	store->info = (struct boot_info){
		.size = sizeof store->info,
		.protocol = protocol,
		.loader = "",
		.command_line = "",
		.memory = store->memory,
		.modules = store->modules,
	};
}

void boot_info_store_memory(struct boot_info_store *store, uint64_t base, uint64_t length, uint32_t type)
{
	if (length == 0)
		return;
	if (store->info.memory_count == BOOT_INFO_MEMORY_MAX) {
		boot_printf("boot: the memory map has more than %d entries, left out 0x%lx+0x%lx type %u\n",
			BOOT_INFO_MEMORY_MAX, base, length, type);
		return;
	}
	if (length > UINT64_MAX - base) {
		boot_printf("boot: memory map entry 0x%lx+0x%lx passes the end of memory, cut\n", base, length);
		length = UINT64_MAX - base;
	}
	store->memory[store->info.memory_count++] = (struct boot_memory){base, length, type};
}

void boot_info_store_module(struct boot_info_store *store, uint64_t start, uint64_t end, const char *string)
{
	if (end < start) {
		boot_printf(
			"boot: module \"%s\" ends at 0x%lx before it starts at 0x%lx, left out\n", string, end, start);
		return;
	}
	if (store->info.module_count == BOOT_INFO_MODULES_MAX) {
		boot_printf("boot: more than %d modules, left out \"%s\"\n", BOOT_INFO_MODULES_MAX, string);
		return;
	}
	store->modules[store->info.module_count++] = (struct boot_module){start, end, string};
}

const char *boot_info_store_text(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, const char *what)
{
	uint64_t room = boot_loader_memory_room(memory, address);
	const char *source = boot_loader_memory_at(memory, address, 1);
	char *copy = store->text + store->text_used;
	size_t space = BOOT_INFO_TEXT_MAX - store->text_used;
	size_t length = 0;

	if (address == 0)
		return "";
	if (source == NULL) {
		boot_printf("boot: the %s at 0x%lx lies out of reach, left out\n", what, address);
		return "";
	}
	if (space == 0) {
		boot_printf("boot: no room for the %s, left out\n", what);
		return "";
	}
	while (length < room && length + 1 < space && source[length] != '\0') {
		copy[length] = source[length];
		length++;
	}
	if (length == room || source[length] != '\0')
		boot_printf("boot: the %s is too long or has no end, cut after %zu bytes\n", what, length);
	copy[length] = '\0';
	store->text_used += length + 1;
	return copy;
}
