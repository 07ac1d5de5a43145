/* SPDX-License-Identifier: ISC */
/*
 * Small pieces of memory out of whole pages. A page (a slab) holds pieces of one size, a power of two; its first
 * bytes tell which, and how many are free. Pieces of more than 1 KiB are whole pages: these start at a multiple of 4
 * KiB, where no small piece can, so the address tells them apart.
 */
#ifndef BOOT_HEAP_H
#define BOOT_HEAP_H

#include <boot/base.h>

#define BOOT_HEAP_CLASSES 7 /* 16, 32, ... 1024 bytes */

struct boot_heap_slab;

struct boot_heap {
	void *(*alloc_pages)(void *context, size_t count);
	void (*free_pages)(void *context, void *memory, size_t count);
	void *context;
	struct boot_heap_slab *partial[BOOT_HEAP_CLASSES]; /* slabs with a piece free; all NULL at first */
};

/* boot_alloc and boot_free (boot/memory.h) on HEAP. */
void *boot_heap_alloc(struct boot_heap *heap, size_t size, size_t alignment);
void boot_heap_free(struct boot_heap *heap, void *memory, size_t size);

#endif
