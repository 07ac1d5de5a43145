/* SPDX-License-Identifier: ISC */
/* What the bindings want of the machine itself, besides what the shim gives. */
#ifndef BINDINGS_MACHINE_H
#define BINDINGS_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Set up the first serial line; without one, what is written is lost. */
void machine_serial_start(void);

/*
 * Write LENGTH bytes of TEXT to it; a newline also returns the carriage. Waits while the line is busy: one that takes
 * nothing for a second is dead, and what is written is lost from then on.
 */
void machine_serial_write(const char *text, size_t length);

/* Let FS, the processor's register for the thread, point to BASE, a sign-extended address of 48 bits. */
static inline void machine_set_fs(uint64_t base)
{
	const uint32_t fs_base = 0xc0000100; /* a model-specific register */

	__asm__ volatile("wrmsr" : : "c"(fs_base), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)) : "memory");
}

/* A stack protector's number: no secret, only unlikely to be written by chance. The lowest byte, 0, stops strings. */
static inline uint64_t machine_canary(uint64_t wall_clock)
{
	uint64_t mixed = (__builtin_ia32_rdtsc() ^ wall_clock) * UINT64_C(0x9e3779b97f4a7c15);

	return (mixed ^ mixed >> 29) & ~UINT64_C(0xff);
}

/* Run FUNCTION, which must not return, on the stack that grows down from END, a multiple of 16. */
_Noreturn static inline void machine_run_on_stack(uintptr_t end, void (*function)(void))
{
	/* The call leaves the stack as a function expects it, and the zeroes end backtraces. */
	__asm__ volatile("movq %0, %%rsp\n"
			 "xorl %%ebp, %%ebp\n"
			 "pushq %%rbp\n"
			 "pushq %%rbp\n"
			 "call *%1"
			 :
			 : "r"(end), "r"(function)
			 : "memory");
	__builtin_unreachable();
}

#endif
