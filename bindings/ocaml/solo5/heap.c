/* SPDX-License-Identifier: ISC */
/*
 * The heap that Solo5 gives the program, under the shim's page allocator and slabs, and what mirage-solo5 asks of the
 * libc that it expects, ocaml-solo5's: to be started with that heap, and how much of it is in use.
 */
#include <boot/memory.h>
#include <limits.h>

#include "../../../boot/heap.h"
#include "../../../boot/page_allocator.h"
#include "../runtime/libc.h"
#include "../runtime/runtime.h"

/* As <malloc.h> of the C library has it that the stubs are compiled against. */
struct mallinfo {
	int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks;
	int uordblks; /* bytes in use */
	int fordblks; /* bytes that are free */
	int keepcost;
};

void _nolibc_init(uintptr_t heap_start, size_t heap_size);
struct mallinfo mallinfo(void);
size_t malloc_footprint(void);
size_t malloc_memory_usage(void);
int malloc_trim(size_t pad);

static struct boot_page_allocator heap_pages;

static void *heap_alloc_pages(void *context, size_t count)
{
	return boot_page_allocator_alloc(context, count, BOOT_PAGE_SIZE);
}

static void heap_free_pages(void *context, void *memory, size_t count)
{
	boot_page_allocator_free(context, memory, count);
}

static struct boot_heap heap = {
	.alloc_pages = heap_alloc_pages,
	.free_pages = heap_free_pages,
	.context = &heap_pages,
};

void *boot_alloc(size_t size, size_t alignment)
{
	return boot_heap_alloc(&heap, size, alignment);
}

void boot_free(void *memory, size_t size)
{
	boot_heap_free(&heap, memory, size);
}

/* Called first of all, before anything whose stack protector looks at FS. The stack grows down from the end. */
void _nolibc_init(uintptr_t heap_start, size_t heap_size)
{
	static struct boot_memory_map map;

	runtime_thread_init();
	if (heap_size < RUNTIME_LEAST_MEMORY)
		runtime_fail("a heap of %zu KiB is too little for OCaml, which needs %zu KiB: give the machine more",
			heap_size / 1024, RUNTIME_LEAST_MEMORY / 1024);
	map.count = 1;
	map.ranges[0].start = (heap_start + BOOT_PAGE_SIZE - 1) / BOOT_PAGE_SIZE * BOOT_PAGE_SIZE;
	map.ranges[0].end =
		(heap_start + heap_size - runtime_thread_stack(heap_size)) / BOOT_PAGE_SIZE * BOOT_PAGE_SIZE;
	if (boot_page_allocator_init(&heap_pages, &map, UINT64_MAX) < 0)
		runtime_fail("no memory for the heap");
}

size_t malloc_memory_usage(void)
{
	return (heap_pages.total - heap_pages.available) * BOOT_PAGE_SIZE;
}

size_t malloc_footprint(void)
{
	return malloc_memory_usage();
}

static int heap_int(size_t bytes)
{
	return bytes < INT_MAX ? (int)bytes : INT_MAX;
}

struct mallinfo mallinfo(void)
{
	return (struct mallinfo){
		.arena = heap_int(heap_pages.total * BOOT_PAGE_SIZE),
		.uordblks = heap_int(malloc_memory_usage()),
		.fordblks = heap_int(heap_pages.available * BOOT_PAGE_SIZE),
	};
}

/* A page without a piece in use is free at once: there is never anything more to give back. */
int malloc_trim(size_t pad)
{
	(void)pad;
	return 0;
}
