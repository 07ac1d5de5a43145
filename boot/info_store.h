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
#define BOOT_INFO_ACPI_ROOT_MAX 36 /* bytes of an ACPI 2.0 root pointer */

struct boot_info_store {
	struct boot_info info; /* valid at any time after boot_info_store_init */
	struct boot_memory memory[BOOT_INFO_MEMORY_MAX];
	struct boot_module modules[BOOT_INFO_MODULES_MAX];
	uint8_t acpi_root[BOOT_INFO_ACPI_ROOT_MAX];
	char text[BOOT_INFO_TEXT_MAX];
	size_t text_used;
	bool memory_left_out; /* more entries than fit, which was told */
	bool modules_left_out;
};

/* Make STORE an empty boot_info of PROTOCOL, a constant text. */
void boot_info_store_init(struct boot_info_store *store, const char *protocol);

/*
 * Add LENGTH bytes at BASE to the memory map; nothing if LENGTH is 0, cut at the end of the address space. An entry
 * that goes on where the one before it ended, with the same type, makes that longer: UEFI's maps are of many pieces.
 */
void boot_info_store_memory(struct boot_info_store *store, uint64_t base, uint64_t length, uint32_t type);

/*
 * What there was before memory maps: KiB from address 0, of which those above 640 KiB do not count, and KiB from 1 MiB.
 * With a message, since it leaves memory out.
 */
void boot_info_store_sizes(struct boot_info_store *store, uint64_t lower, uint64_t upper);

/*
 * Add a module; STRING as boot_info_store_text returned it. One whose end is below its start, or out of reach, is left
 * out.
 */
void boot_info_store_module(struct boot_info_store *store, uint64_t start, uint64_t end, const char *string);

/*
 * Keep a copy of the ACPI root pointer at SOURCE, LENGTH bytes, cut to those that ACPI defines, and make it the one in
 * boot_info: its address is in the image.
 */
void boot_info_store_acpi_root(struct boot_info_store *store, const void *source, size_t length);

/*
 * Copy the NUL-terminated text at physical ADDRESS and return the copy. WHAT names it in messages. A text that does not
 * end within the memory or does not fit is cut; one that lies outside of the memory is "". Address 0 means none, and is
 * silently "".
 */
const char *boot_info_store_text(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, const char *what);

#endif
