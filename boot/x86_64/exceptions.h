/* SPDX-License-Identifier: ISC */
/* Exceptions of the processor: reported on the serial line, then the machine ends with a failure. */
#ifndef BOOT_X86_64_EXCEPTIONS_H
#define BOOT_X86_64_EXCEPTIONS_H

#include <boot/base.h>

/* What exceptions.S leaves on the stack, lowest address first. */
struct boot_registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Open the gates of all 32 exceptions. Needs boot_descriptors_init. */
void boot_exceptions_init(void);

#endif
