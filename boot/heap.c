/* SPDX-License-Identifier: ISC */
/* Slabs: one page each, with a list of its free pieces in the pieces themselves. */
#include "heap.h"

#define HEAP_SMALLEST 16
#define HEAP_LARGEST ((size_t)HEAP_SMALLEST << (BOOT_HEAP_CLASSES - 1))

/* A free piece. */
struct heap_piece {
	struct heap_piece *next;
};

struct boot_heap_slab {
	struct boot_heap_slab *next; /* in the list of slabs with a piece free, while there is one */
	struct boot_heap_slab *previous;
	struct heap_piece *free;
	size_t used;
	unsigned int class;
};

static size_t heap_pages(size_t size)
{
	return size / BOOT_PAGE_SIZE + (size % BOOT_PAGE_SIZE != 0);
}

static void heap_link(struct boot_heap *heap, struct boot_heap_slab *slab)
{
	slab->previous = NULL;
	slab->next = heap->partial[slab->class];
	if (slab->next != NULL)
		slab->next->previous = slab;
	heap->partial[slab->class] = slab;
}

static void heap_unlink(struct boot_heap *heap, struct boot_heap_slab *slab)
{
	if (slab->previous != NULL)
		slab->previous->next = slab->next;
	else
		heap->partial[slab->class] = slab->next;
	if (slab->next != NULL)
		slab->next->previous = slab->previous;
}

static struct boot_heap_slab *heap_new_slab(struct boot_heap *heap, unsigned int class)
{
	struct boot_heap_slab *slab = heap->alloc_pages(heap->context, 1);
	size_t size = (size_t)HEAP_SMALLEST << class;
	size_t first = size;

	if (slab == NULL)
		return NULL;
	*slab = (struct boot_heap_slab){.class = class};
	while (first < sizeof *slab)
		first += size;
	for (size_t offset = BOOT_PAGE_SIZE - size; offset >= first; offset -= size) {
		struct heap_piece *piece = (void *)((uint8_t *)slab + offset);

		piece->next = slab->free;
		slab->free = piece;
	}
	heap_link(heap, slab);
	return slab;
}

static void *heap_alloc_small(struct boot_heap *heap, size_t size)
{
	struct boot_heap_slab *slab;
	struct heap_piece *piece;
	unsigned int class = 0;

	while ((size_t)HEAP_SMALLEST << class < size)
		class ++;
	slab = heap->partial[class];
	if (slab == NULL)
		slab = heap_new_slab(heap, class);
	if (slab == NULL)
		return NULL;
	piece = slab->free;
	slab->free = piece->next;
	slab->used++;
	if (slab->free == NULL)
		heap_unlink(heap, slab);
	return piece;
}

void *boot_heap_alloc(struct boot_heap *heap, size_t size, size_t alignment)
{
	if (size == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > BOOT_PAGE_SIZE)
		return NULL;
	/* A piece lies at a multiple of its size, so one that is large enough is aligned enough. */
	if (size <= HEAP_LARGEST && alignment <= HEAP_LARGEST)
		return heap_alloc_small(heap, size > alignment ? size : alignment);
	return heap->alloc_pages(heap->context, heap_pages(size));
}

void boot_heap_free(struct boot_heap *heap, void *memory, size_t size)
{
	uintptr_t offset = (uintptr_t)memory % BOOT_PAGE_SIZE;
	struct heap_piece *piece = memory;
	struct boot_heap_slab *slab;

	if (memory == NULL)
		return;
	if (offset == 0) {
		heap->free_pages(heap->context, memory, heap_pages(size));
		return;
	}
	slab = (void *)((uint8_t *)memory - offset);
	if (slab->free == NULL)
		heap_link(heap, slab);
	piece->next = slab->free;
	slab->free = piece;
	if (--slab->used == 0) {
		heap_unlink(heap, slab);
		heap->free_pages(heap->context, slab, 1);
	}
}
