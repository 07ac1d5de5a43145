/* SPDX-License-Identifier: ISC */
/*
 * Where a boot_info is put together: fixed room for everything in it, so that it can be filled before there is an
 * allocator, and nothing in it points into the loader's memory. What does not fit is left out with a message.
 */
#ifndef BOOT_INFO_STORE_H
#define BOOT_INFO_STORE_H

#include <boot/info.h>

#include "loader_memory.h"

#define BOOT_INFO_MEMORY_MAX 128
#define BOOT_INFO_MODULES_MAX 32
#define BOOT_INFO_TEXT_MAX 16384

struct boot_info_store {
	struct boot_info info; /* valid at any time after boot_info_store_init */
	struct boot_memory memory[BOOT_INFO_MEMORY_MAX];
	struct boot_module modules[BOOT_INFO_MODULES_MAX];
	char text[BOOT_INFO_TEXT_MAX];
	size_t text_used;
};

/* Make STORE an empty boot_info of PROTOCOL, a constant text. */
void boot_info_store_init(struct boot_info_store *store, const char *protocol);

/* Add LENGTH bytes at BASE to the memory map; nothing if LENGTH is 0, cut at the end of the address space. */
void boot_info_store_memory(struct boot_info_store *store, uint64_t base, uint64_t length, uint32_t type);

/* Add a module; STRING as boot_info_store_text returned it. One whose end is below its start is left out. */
void boot_info_store_module(struct boot_info_store *store, uint64_t start, uint64_t end, const char *string);

/*
 * Copy the NUL-terminated text at physical ADDRESS and return the copy. WHAT names it in messages. A text that does not
 * end within the memory or does not fit is cut; one that lies outside of the memory is "". Address 0 means none, and is
 * silently "".
 */
const char *boot_info_store_text(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, const char *what);

#endif
