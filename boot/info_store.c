/* SPDX-License-Identifier: ISC */
/* Copies of what a loader told, with a bound on everything. */
#include "info_store.h"

#include "serial.h"

/* What page tables can map. */
#define MODULE_LIMIT ((uint64_t)1 << 47)

void boot_info_store_init(struct boot_info_store *store, const char *protocol)
{
	store->text_used = 0;
	store->memory_left_out = false;
	store->modules_left_out = false;
	store->info = (struct boot_info){
		.size = sizeof store->info,
		.protocol = protocol,
		.loader = "",
		.command_line = "",
		.memory = store->memory,
		.modules = store->modules,
	};
}

/* Whether the piece only made the entry before it longer. */
static bool info_store_extends(struct boot_info_store *store, uint64_t base, uint64_t length, uint32_t type)
{
	struct boot_memory *last;

	if (store->info.memory_count == 0 || length > UINT64_MAX - base)
		return false;
	last = &store->memory[store->info.memory_count - 1];
	if (last->type != type || last->base + last->length != base)
		return false;
	last->length += length;
	return true;
}

void boot_info_store_memory(struct boot_info_store *store, uint64_t base, uint64_t length, uint32_t type)
{
	if (length == 0 || base == UINT64_MAX)
		return; /* that last byte has no end that could be told */
	if (info_store_extends(store, base, length, type))
		return;
	if (store->info.memory_count == BOOT_INFO_MEMORY_MAX) {
		if (!store->memory_left_out)
			boot_printf(
				"boot: the memory map has more than %d entries, left out from 0x%lx+0x%lx type %u on\n",
				BOOT_INFO_MEMORY_MAX, base, length, type);
		store->memory_left_out = true;
		return;
	}
	if (length > UINT64_MAX - base) {
		boot_printf("boot: memory map entry 0x%lx+0x%lx passes the end of memory, cut\n", base, length);
		length = UINT64_MAX - base;
	}
	store->memory[store->info.memory_count++] = (struct boot_memory){base, length, type};
}

void boot_info_store_sizes(struct boot_info_store *store, uint64_t lower, uint64_t upper)
{
	boot_printf("boot: no memory map, going by %lu KiB of lower and %lu KiB of upper memory\n", lower, upper);
	boot_info_store_memory(store, 0, (lower < 640 ? lower : 640) << 10, BOOT_MEMORY_AVAILABLE);
	boot_info_store_memory(store, 0x100000, upper << 10, BOOT_MEMORY_AVAILABLE);
}

void boot_info_store_module(struct boot_info_store *store, uint64_t start, uint64_t end, const char *string)
{
	if (end < start) {
		boot_printf(
			"boot: module \"%s\" ends at 0x%lx before it starts at 0x%lx, left out\n", string, end, start);
		return;
	}
	if (end > MODULE_LIMIT) {
		boot_printf("boot: module \"%s\" ends at 0x%lx, out of reach, left out\n", string, end);
		return;
	}
	if (store->info.module_count == BOOT_INFO_MODULES_MAX) {
		if (!store->modules_left_out)
			boot_printf(
				"boot: more than %d modules, left out from \"%s\" on\n", BOOT_INFO_MODULES_MAX, string);
		store->modules_left_out = true;
		return;
	}
	store->modules[store->info.module_count++] = (struct boot_module){start, end, string};
}

void boot_info_store_acpi_root(struct boot_info_store *store, const void *source, size_t length)
{
	const uint8_t *bytes = source;

	for (size_t i = 0; i < BOOT_INFO_ACPI_ROOT_MAX; i++)
		store->acpi_root[i] = i < length ? bytes[i] : 0;
	store->info.acpi_root = (uintptr_t)store->acpi_root;
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
