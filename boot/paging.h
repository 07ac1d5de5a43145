/* SPDX-License-Identifier: ISC */
/* The machine's page tables: what is mapped, and how (boot_map_device in boot/memory.h adds to it). */
#ifndef BOOT_PAGING_H
#define BOOT_PAGING_H

#include "memory_map.h"

/* Every address that the processor and the page tables can reach lies below this. */
uint64_t boot_paging_limit(void);

/*
 * Map RAM, which stays in use by this file, and the image, and switch to these tables: code can be executed and not
 * written, constants only read, all else read and written; page 0 and the guard pages of the stacks are not there.
 * Needs the page allocator. Does not return when memory for tables runs out.
 */
void boot_paging_init(const struct boot_memory_map *ram);

/*
 * Make LENGTH bytes at PHYSICAL_ADDRESS readable where they are, and return the pointer to them: what is not mapped yet
 * is mapped cached and read-only, for ever. For what the firmware left in memory that is not RAM to us. NULL when it
 * lies in page 0 or out of reach, or no memory is left for tables.
 */
const void *boot_paging_readable(uint64_t physical_address, uint64_t length);

#endif
