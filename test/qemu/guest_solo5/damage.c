/* SPDX-License-Identifier: ISC */
/* What must not go well: writing where nothing may be written, running what is data, and the ways to end. */
#include "guest.h"

static const char constant[] = "constant";
static uint8_t data[] = {0xc3}; /* ret */

static void write_to(uintptr_t address)
{
	__asm__ volatile("movb $1, (%0)" : : "r"(address) : "memory");
}

static void read_from(uintptr_t address)
{
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

/* An array too small for what is written: the canary behind it is gone when this returns. */
__attribute__((noinline)) static void smash(size_t length)
{
	volatile char small[8];
	volatile char *all = small;

	__asm__("" : "+r"(all));
	for (size_t i = 0; i < length; i++)
		all[i] = 'x';
}

static void do_fault(const struct solo5_start_info *info)
{
	const char *name = info->cmdline;

	if (equal(name, "zero"))
		write_to(0);
	if (equal(name, "zero-read"))
		read_from(8);
	if (equal(name, "text"))
		write_to((uintptr_t)&do_damage);
	if (equal(name, "constant"))
		write_to((uintptr_t)constant);
	if (equal(name, "high"))
		read_from(0x400000000);
	if (equal(name, "top"))
		read_from(UINTPTR_MAX - 4095);
	if (equal(name, "run-data"))
		((void (*)(void))(uintptr_t)data)();
	if (equal(name, "run-heap")) {
		*(uint8_t *)info->heap_start = *data;
		((void (*)(void))info->heap_start)();
	}
	if (equal(name, "under-heap"))
		write_to(info->heap_start - 1);
	if (equal(name, "invalid"))
		__builtin_trap();
}

void do_damage(const struct solo5_start_info *info)
{
	const char *name = info->cmdline;

	do_fault(info);
	if (equal(name, "smash"))
		smash(64);
	if (equal(name, "abort") || equal(name, "write-abort"))
		solo5_abort();
	if (equal(name, "exit"))
		solo5_exit(7);
	if (equal(name, "exit-41"))
		solo5_exit(41);
}
