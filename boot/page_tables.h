/* SPDX-License-Identifier: ISC */
/*
 * Page tables that map memory where it is: four levels, with pages of 1 GiB, 2 MiB and 4 KiB, the largest that fit.
 * Mappings are added and never changed; single pages can be taken away.
 */
#ifndef BOOT_PAGE_TABLES_H
#define BOOT_PAGE_TABLES_H

#include <boot/base.h>

/* What a mapping allows: bits of the processor's entries. Reading always works. */
#define BOOT_PAGE_WRITE ((uint64_t)1 << 1)
#define BOOT_PAGE_UNCACHED ((uint64_t)3 << 3)
#define BOOT_PAGE_NO_EXECUTE ((uint64_t)1 << 63)

/* With four levels half of 48 bits of addresses are ours: everything lies below. */
#define BOOT_PAGE_TABLES_LIMIT ((uint64_t)1 << 47)

/* Results of boot_page_tables_map. */
enum boot_page_tables_result {
	BOOT_PAGE_TABLES_DONE = 0,
	BOOT_PAGE_TABLES_NO_MEMORY = -1, /* for a table; what came before it is mapped */
	BOOT_PAGE_TABLES_CONFLICT = -2,  /* some of it is mapped already, with other flags */
};

struct boot_page_tables {
	uint64_t *root; /* NULL until the first mapping */
	/* A page for a table, whose pointer is its physical address; need not be zeroed. NULL when there is none. */
	void *(*alloc_page)(void *context);
	void *context;       /* for alloc_page */
	bool gigabyte_pages; /* whether the processor has them */
	bool no_execute;     /* whether it knows that bit; without it, all can be executed */
};

/*
 * Map the pages from START to END, multiples of BOOT_PAGE_SIZE below BOOT_PAGE_TABLES_LIMIT, with FLAGS. Parts that
 * are mapped already with the same flags stay so. Returns enum boot_page_tables_result.
 */
int boot_page_tables_map(struct boot_page_tables *tables, uint64_t start, uint64_t end, uint64_t flags);

/*
 * Take the page of BOOT_PAGE_SIZE at ADDRESS away: larger ones around it are split, and the rest stays as it was. The
 * processor may remember the old ones until its tables are loaded again. Returns BOOT_PAGE_TABLES_DONE, also where
 * nothing is mapped, or BOOT_PAGE_TABLES_NO_MEMORY: then nothing has changed.
 */
int boot_page_tables_unmap(struct boot_page_tables *tables, uint64_t address);

/* The entry that maps ADDRESS, with all of the processor's bits, or 0; stores how many bytes it maps in *SIZE. */
uint64_t boot_page_tables_entry(const struct boot_page_tables *tables, uint64_t address, uint64_t *size);

#endif
