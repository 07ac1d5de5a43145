/* SPDX-License-Identifier: ISC */
/*
 * From the shim's unikernel_main() to solo5_app_main(): devices first, since they need memory, then all that is left in
 * one piece as the program's heap. Its stack begins at the end of that; under the heap is a page that nobody may touch.
 */
#include <boot/memory.h>

#include "../common/machine.h"
#include "binding.h"

#define LEAST_HEAP ((size_t)512 << 10)
#define RESERVE_PAGES 64 /* for page tables and such, after the start */

static struct solo5_start_info start_info;

/* The most pages that lie in a row. */
static size_t start_longest_run(void)
{
	size_t low = 0, high = boot_pages_available();

	while (low < high) {
		size_t count = high - (high - low) / 2;
		void *run = boot_pages_alloc(count, BOOT_PAGE_SIZE);

		boot_pages_free(run, count);
		if (run != NULL)
			low = count;
		else
			high = count - 1;
	}
	return low;
}

static void start_take_heap(void)
{
	void *reserve = boot_pages_alloc(RESERVE_PAGES, BOOT_PAGE_SIZE);
	size_t count = start_longest_run();
	uint8_t *heap = count > 0 ? boot_pages_alloc(count, BOOT_PAGE_SIZE) : NULL;

	boot_pages_free(reserve, RESERVE_PAGES);
	if (reserve == NULL || heap == NULL || (count - 1) * BOOT_PAGE_SIZE < LEAST_HEAP || boot_guard_page(heap) < 0)
		binding_fail("too little memory is left for a heap of ", "512 KiB", ": give the machine more");
	start_info.heap_start = (uintptr_t)heap + BOOT_PAGE_SIZE;
	start_info.heap_size = (count - 1) * BOOT_PAGE_SIZE;
}

static void start_program(void)
{
	solo5_exit(solo5_app_main(&start_info));
}

int unikernel_main(const struct boot_info *info)
{
	machine_serial_start();
	binding_guard_start();
	start_info.cmdline = binding_command_line(info->command_line);
	binding_devices_start(info);
	start_take_heap();
	machine_run_on_stack(start_info.heap_start + start_info.heap_size, start_program);
}
