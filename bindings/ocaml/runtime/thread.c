/* SPDX-License-Identifier: ISC */
/*
 * Local storage of the one thread that there is. Debian compiles with stack protectors, which read a number at FS +
 * 40, and musl looks for its own struct at FS, whose first word points to itself. Of that only zeroes are used.
 */
#include <boot/clock.h>

#include "runtime.h"

#define CANARY 5
#define LARGEST_STACK ((size_t)8 << 20)
#define SMALLEST_STACK ((size_t)256 << 10)
#define SHARE 16 /* of all memory, at most */

static uint64_t thread_storage[64] __attribute__((aligned(64)));

/* Not a secret, only unlikely to be written by chance. The lowest byte, 0, stops strings. */
static uint64_t thread_canary(void)
{
	uint64_t mixed = (__builtin_ia32_rdtsc() ^ boot_clock_wall()) * UINT64_C(0x9e3779b97f4a7c15);

	return (mixed ^ mixed >> 29) & ~UINT64_C(0xff);
}

void runtime_thread_init(void)
{
	uint64_t base = (uintptr_t)thread_storage;

	thread_storage[0] = base;
	thread_storage[CANARY] = thread_canary();
	runtime_thread_point(base);
}

size_t runtime_thread_stack(size_t memory)
{
	size_t size = memory / SHARE / BOOT_PAGE_SIZE * BOOT_PAGE_SIZE;

	if (size > LARGEST_STACK)
		return LARGEST_STACK;
	return size < SMALLEST_STACK ? SMALLEST_STACK : size;
}
