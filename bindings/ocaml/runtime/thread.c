/* SPDX-License-Identifier: ISC */
/*
 * Local storage of the one thread that there is. Debian compiles with stack protectors, which read a number at FS +
 * 40, and musl looks for its own struct at FS, whose first word points to itself. Of that only zeroes are used.
 */
#include <boot/clock.h>

#include "../../common/machine.h"
#include "runtime.h"

#define CANARY 5
#define LARGEST_STACK ((size_t)8 << 20)
#define SMALLEST_STACK ((size_t)256 << 10)
#define SHARE 16 /* of all memory, at most */

static uint64_t thread_storage[64] __attribute__((aligned(64)));

void runtime_thread_init(void)
{
	uint64_t base = (uintptr_t)thread_storage;

	thread_storage[0] = base;
	thread_storage[CANARY] = machine_canary(boot_clock_wall());
	runtime_thread_point(base);
}

size_t runtime_thread_stack(size_t memory)
{
	size_t size = memory / SHARE / BOOT_PAGE_SIZE * BOOT_PAGE_SIZE;

	if (size > LARGEST_STACK)
		return LARGEST_STACK;
	return size < SMALLEST_STACK ? SMALLEST_STACK : size;
}
