/* SPDX-License-Identifier: ISC */
/*
 * Memory. All RAM is mapped at its physical address, so a pointer is the address that a device uses, too. Nothing
 * here takes a lock: one core at a time, and never an interrupt handler.
 *
 * What never comes out of here: the first MiB (firmware data, real-mode vectors), the image, the modules.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/*
 * COUNT contiguous pages (at least 1), the first at a multiple of ALIGNMENT bytes: a power of two; up to
 * BOOT_PAGE_SIZE it asks for nothing special. The lowest that are free, not zeroed. NULL when there are none, or an
 * argument is wrong.
 */
void *boot_pages_alloc(size_t count, size_t alignment);

/*
 * Take back COUNT pages from MEMORY on: all, or a part, of what boot_pages_alloc gave. Pages that are not in use are
 * left alone, with a message: that is a bug in the caller. NULL is fine.
 */
void boot_pages_free(void *memory, size_t count);

/* How many pages there are to allocate, used or not. */
size_t boot_pages_total(void);

/* How many of them are free now, not necessarily in one piece. */
size_t boot_pages_available(void);

/*
 * SIZE bytes (at least 1) at a multiple of ALIGNMENT, a power of two up to BOOT_PAGE_SIZE. Not zeroed. Small pieces
 * share pages; larger ones than 1 KiB are whole pages. NULL when there is no memory, or an argument is wrong.
 */
void *boot_alloc(size_t size, size_t alignment);

/* Take back what boot_alloc gave; SIZE is the same. NULL is fine. */
void boot_free(void *memory, size_t size);

/*
 * Map LENGTH bytes (at least 1) of device registers at PHYSICAL_ADDRESS, uncached, where they are, and return the
 * pointer to them. The mapping stays for ever; asking again for the same range, or a part or neighbour of it, works.
 * NULL, with a message, when the range is RAM, lies in page 0 or out of the processor's reach, or no memory is left
 * for page tables.
 */
void *boot_map_device(uint64_t physical_address, uint64_t length);

/*
 * Take the page at PAGE, from boot_pages_alloc, off the map, for ever: whatever touches it from now on ends in an
 * exception (boot/exception.h). For the end of a stack of the runtime's own. Do not free it. Returns 0, or -1 when no
 * memory is left for page tables.
 */
int boot_guard_page(void *page);

BOOT_END_DECLS

#endif
