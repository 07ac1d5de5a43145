/* SPDX-License-Identifier: ISC */
/*
 * The page allocator behind boot/memory.h: a bit per page, 1 for free, and first fit from the bottom. Its own
 * book-keeping comes out of the memory that it manages.
 */
#ifndef BOOT_PAGE_ALLOCATOR_H
#define BOOT_PAGE_ALLOCATOR_H

#include "memory_map.h"

/* One piece of contiguous memory. */
struct boot_page_region {
	uint64_t base;    /* address of its first page */
	size_t pages;     /* how many it has */
	size_t available; /* how many of them are free */
	size_t hint;      /* all pages below this one are in use */
	uint64_t *bitmap; /* page n is bit n % 64 of word n / 64 */
};

struct boot_page_allocator {
	struct boot_page_region *regions; /* by address */
	size_t count;
	size_t total;
	size_t available;
};

/*
 * Manage the memory in MAP, which must be mapped where it is up to LIMIT: the book-keeping is placed below. Returns
 * 0, or -1 when there is no room for it.
 */
int boot_page_allocator_init(struct boot_page_allocator *allocator, const struct boot_memory_map *map, uint64_t limit);

/* boot_pages_alloc and boot_pages_free (boot/memory.h) on ALLOCATOR. */
void *boot_page_allocator_alloc(struct boot_page_allocator *allocator, size_t count, size_t alignment);
void boot_page_allocator_free(struct boot_page_allocator *allocator, void *memory, size_t count);

#endif
