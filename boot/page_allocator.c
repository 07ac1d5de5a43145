/* SPDX-License-Identifier: ISC */
/* First fit over one bitmap per region, a word of 64 pages at a time. */
#include "page_allocator.h"

#include "serial.h"

#define BITS 64

static size_t page_words(size_t pages)
{
	return pages / BITS + (pages % BITS != 0);
}

/* The bits of word number WORD that stand for pages from START up to END. */
static uint64_t page_mask(size_t word, size_t start, size_t end)
{
	uint64_t mask = UINT64_MAX;

	if (start > word * BITS)
		mask &= UINT64_MAX << (start - word * BITS);
	if (end < (word + 1) * BITS)
		mask &= UINT64_MAX >> ((word + 1) * BITS - end);
	return mask;
}

/* The first page from START on, below END, that is free (or that is in use); END if there is none. */
static size_t page_find(const struct boot_page_region *region, size_t start, size_t end, bool free)
{
	for (size_t word = start / BITS; word * BITS < end; word++) {
		uint64_t bits = region->bitmap[word];

		bits = (free ? bits : ~bits) & page_mask(word, start, end);
		if (bits != 0)
			return word * BITS + (size_t)__builtin_ctzll(bits);
	}
	return end;
}

static void page_mark(struct boot_page_region *region, size_t start, size_t end, bool free)
{
	for (size_t word = start / BITS; word * BITS < end; word++) {
		uint64_t mask = page_mask(word, start, end);

		region->bitmap[word] = free ? region->bitmap[word] | mask : region->bitmap[word] & ~mask;
	}
}

/* The first page at or after PAGE whose address is a multiple of ALIGNMENT; may lie behind the region's end. */
static size_t page_align(const struct boot_page_region *region, size_t page, size_t alignment)
{
	uint64_t address = region->base + page * BOOT_PAGE_SIZE;

	return page + (size_t)((0 - address) & (alignment - 1)) / BOOT_PAGE_SIZE;
}

/* The first of COUNT free pages in a row, or region->pages. */
static size_t page_find_run(const struct boot_page_region *region, size_t count, size_t alignment)
{
	size_t page = region->hint;

	for (;;) {
		size_t used;

		page = page_align(region, page_find(region, page, region->pages, true), alignment);
		if (page >= region->pages || region->pages - page < count)
			return region->pages;
		used = page_find(region, page, page + count, false);
		if (used == page + count)
			return page;
		page = used;
	}
}

static void *page_region_alloc(struct boot_page_region *region, size_t count, size_t alignment)
{
	size_t page = page_find_run(region, count, alignment);

	if (page == region->pages)
		return NULL;
	page_mark(region, page, page + count, false);
	region->available -= count;
	if (page_find(region, region->hint, page, true) == page)
		region->hint = page + count;
	return (void *)(uintptr_t)(region->base + page * BOOT_PAGE_SIZE);
}

void *boot_page_allocator_alloc(struct boot_page_allocator *allocator, size_t count, size_t alignment)
{
	if (count == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
		return NULL;
	if (alignment < BOOT_PAGE_SIZE)
		alignment = BOOT_PAGE_SIZE;
	for (size_t i = 0; i < allocator->count; i++) {
		struct boot_page_region *region = &allocator->regions[i];
		void *memory = region->available < count ? NULL : page_region_alloc(region, count, alignment);

		if (memory != NULL) {
			allocator->available -= count;
			return memory;
		}
	}
	return NULL;
}

static struct boot_page_region *page_find_region(
	const struct boot_page_allocator *allocator, uint64_t address, size_t count)
{
	for (size_t i = 0; i < allocator->count; i++) {
		struct boot_page_region *region = &allocator->regions[i];

		if (address >= region->base && (address - region->base) / BOOT_PAGE_SIZE < region->pages)
			return count <= region->pages - (size_t)(address - region->base) / BOOT_PAGE_SIZE ? region
													  : NULL;
	}
	return NULL;
}

void boot_page_allocator_free(struct boot_page_allocator *allocator, void *memory, size_t count)
{
	uint64_t address = (uintptr_t)memory;
	struct boot_page_region *region = page_find_region(allocator, address, count);
	size_t page;

	if (memory == NULL || count == 0)
		return;
	if (region == NULL || address % BOOT_PAGE_SIZE != 0) {
		boot_printf("boot: freed %zu pages at %p, which are none of ours\n", count, memory);
		return;
	}
	page = (size_t)(address - region->base) / BOOT_PAGE_SIZE;
	if (page_find(region, page, page + count, true) != page + count) {
		boot_printf("boot: freed %zu pages at %p, some of which are free already\n", count, memory);
		return;
	}
	page_mark(region, page, page + count, true);
	region->available += count;
	allocator->available += count;
	if (page < region->hint)
		region->hint = page;
}

/* Bytes for the regions and their bitmaps, in whole pages. The memory of the book-keeping itself has bits, too. */
static uint64_t page_bookkeeping_size(const struct boot_memory_map *map)
{
	uint64_t size = map->count * sizeof(struct boot_page_region);

	for (size_t i = 0; i < map->count; i++) {
		const struct boot_range *range = &map->ranges[i];

		size += page_words((size_t)(range->end - range->start) / BOOT_PAGE_SIZE) * sizeof(uint64_t);
	}
	return (size + BOOT_PAGE_SIZE - 1) / BOOT_PAGE_SIZE * BOOT_PAGE_SIZE;
}

/* Where SIZE bytes fit below LIMIT: at the start of some range, whose index is the result; -1 when nowhere. */
static int page_bookkeeping_place(const struct boot_memory_map *map, uint64_t size, uint64_t limit)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct boot_range *range = &map->ranges[i];

		if (range->end - range->start >= size && range->start < limit && limit - range->start >= size)
			return (int)i;
	}
	return -1;
}

int boot_page_allocator_init(struct boot_page_allocator *allocator, const struct boot_memory_map *map, uint64_t limit)
{
	uint64_t size = page_bookkeeping_size(map);
	int place = page_bookkeeping_place(map, size, limit);
	uint64_t *bitmap;

	*allocator = (struct boot_page_allocator){0};
	if (place < 0)
		return -1;
	allocator->regions = (struct boot_page_region *)(uintptr_t)map->ranges[place].start;
	bitmap = (uint64_t *)(allocator->regions + map->count);
	for (size_t i = 0; i < map->count; i++) {
		uint64_t base = map->ranges[i].start + (i == (size_t)place ? size : 0);
		size_t pages = (size_t)(map->ranges[i].end - base) / BOOT_PAGE_SIZE;

		allocator->regions[i] = (struct boot_page_region){base, pages, pages, 0, bitmap};
		page_mark(&allocator->regions[i], 0, pages, true);
		bitmap += page_words(pages);
		allocator->total += pages;
	}
	allocator->count = map->count;
	allocator->available = allocator->total;
	return 0;
}
