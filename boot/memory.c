/* SPDX-License-Identifier: ISC */
/* The memory of this machine: which of it is free, and the one page allocator and heap over it. */
#include "memory.h"

#include <boot/memory.h>

#include "failure.h"
#include "heap.h"
#include "image.h"
#include "page_allocator.h"
#include "paging.h"

/* The first MiB belongs to the firmware: what it keeps there is not always in the memory map. */
#define LOW_MEMORY_END 0x100000

/* long_mode.S maps this much, and more only comes with tables, which the page allocator gives. */
#define EARLY_LIMIT ((uint64_t)1 << 32)

static struct boot_page_allocator memory_pages;

static void *memory_heap_alloc(void *context, size_t count)
{
	(void)context;
	return boot_pages_alloc(count, BOOT_PAGE_SIZE);
}

static void memory_heap_free(void *context, void *memory, size_t count)
{
	(void)context;
	boot_pages_free(memory, count);
}

static struct boot_heap memory_heap = {.alloc_pages = memory_heap_alloc, .free_pages = memory_heap_free};

/*
 * RAM is what will be mapped, FREE what will be given away. The texts and tables that the loader left are copied by
 * now; of what lies in RAM only the image and the modules are still needed. A module counts as RAM even if the map
 * does not say so.
 */
static void memory_find(struct boot_memory_map *ram, struct boot_memory_map *free, const struct boot_info *info)
{
	boot_memory_map_from_info(ram, info, boot_paging_limit());
	*free = *ram;
	boot_memory_map_subtract(free, 0, LOW_MEMORY_END);
	boot_memory_map_subtract(free, (uint64_t)boot_image_start, (uint64_t)boot_image_end);
	for (size_t i = 0; i < info->module_count; i++) {
		uint64_t start = info->modules[i].start & ~(BOOT_PAGE_SIZE - 1);
		uint64_t end = (info->modules[i].end + BOOT_PAGE_SIZE - 1) & ~(BOOT_PAGE_SIZE - 1);

		if (info->modules[i].start < info->modules[i].end)
			boot_memory_map_add(ram, start, end);
		boot_memory_map_subtract(free, start, info->modules[i].end);
	}
}

/* Page 0 will not be mapped, so a module there, or from there on, moves. */
static void memory_move_module(struct boot_module *module, const struct boot_loader_memory *loader)
{
	uint64_t length = module->end - module->start;
	const uint8_t *from = boot_loader_memory_at(loader, module->start, length);
	uint8_t *to;

	if (module->start >= BOOT_PAGE_SIZE || length == 0)
		return;
	to = boot_pages_alloc((length + BOOT_PAGE_SIZE - 1) / BOOT_PAGE_SIZE, BOOT_PAGE_SIZE);
	if (from == NULL || to == NULL)
		boot_panic("cannot move module \"%s\" from 0x%lx+0x%lx", module->string, module->start, length);
	__builtin_memcpy(to, from, length);
	module->start = (uintptr_t)to;
	module->end = module->start + length;
}

void boot_memory_init(struct boot_info_store *store, const struct boot_loader_memory *loader)
{
	static struct boot_memory_map ram, free;
	const struct boot_info *info = &store->info;

	memory_find(&ram, &free, info);
	if (boot_page_allocator_init(&memory_pages, &free, EARLY_LIMIT) < 0)
		boot_panic("no memory below 4 GiB for the page allocator: %lu bytes free in all",
			boot_memory_map_size(&free));
	for (size_t i = 0; i < info->module_count; i++)
		memory_move_module(&store->modules[i], loader);
	boot_paging_init(&ram);
}

void *boot_pages_alloc(size_t count, size_t alignment)
{
	return boot_page_allocator_alloc(&memory_pages, count, alignment);
}

void boot_pages_free(void *memory, size_t count)
{
	boot_page_allocator_free(&memory_pages, memory, count);
}

size_t boot_pages_total(void)
{
	return memory_pages.total;
}

size_t boot_pages_available(void)
{
	return memory_pages.available;
}

void *boot_alloc(size_t size, size_t alignment)
{
	return boot_heap_alloc(&memory_heap, size, alignment);
}

void boot_free(void *memory, size_t size)
{
	boot_heap_free(&memory_heap, memory, size);
}
