/* SPDX-License-Identifier: ISC */
/*
 * Exceptions of the processor. The shim prints what it knows and ends the machine; a runtime that can do better, such
 * as turning an overflow of its stack into an exception of its language, looks at them first.
 */
#ifndef BOOT_EXCEPTION_H
#define BOOT_EXCEPTION_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* Where a page fault happened is told by its error code, too: the page was there, and it was a write. */
#define BOOT_EXCEPTION_PAGE_FAULT 14

/* The processor's state at an exception. What a handler changes is what the code at `rip` will see. */
struct boot_registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8; /* general registers */
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;    /* and the others of them */
	uint64_t vector;                               /* which exception it is, 0 to 31 */
	uint64_t error;                                /* its error code; 0 for those that have none */
	uint64_t rip;                                  /* the instruction that is at fault, or comes next */
	uint64_t cs;                                   /* code segment */
	uint64_t rflags;                               /* flags */
	uint64_t rsp;                                  /* the stack of that code */
	uint64_t ss;                                   /* stack segment */
};

/*
 * Show every exception to HANDLER first, from now on; NULL: to nobody. ADDRESS is what a page fault was about. True: it
 * is dealt with, and the code goes on with these REGISTERS. False: the shim reports it and ends the machine.
 *
 * It runs on a stack of its own of 8 KiB with interrupts off, and must not fault itself. SSE and AVX registers are not
 * saved around it: compile it with -mgeneral-regs-only, or go on where nobody needs them.
 */
void boot_exception_set_handler(bool (*handler)(struct boot_registers *registers, uint64_t address));

BOOT_END_DECLS

#endif
