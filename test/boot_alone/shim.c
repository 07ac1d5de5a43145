/* SPDX-License-Identifier: ISC */
/* A runtime with drivers of its own: it takes the boot shim and leaves the library. Linked without libvirtio.a. */
#include <boot/clock.h>
#include <boot/info.h>
#include <boot/memory.h>

#define MILLISECOND UINT64_C(1000000)

int unikernel_main(const struct boot_info *info)
{
	uint64_t start = boot_clock_now();
	void *page = boot_pages_alloc(1, BOOT_PAGE_SIZE);

	if (!page || info->memory_count == 0)
		return 1;
	boot_pages_free(page, 1);
	while (boot_clock_now() < start + MILLISECOND)
		boot_wait(start + MILLISECOND);
	return 21; /* the test asks for this very number */
}
