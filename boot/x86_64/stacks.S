/* SPDX-License-Identifier: ISC */
/* The memory of the stacks, lowest first: a guard page, then the stack that grows down towards it. */
#include "stacks.h"

.macro stack name, size
	.balign 4096
	.global \name\()_guard, \name\()_top
\name\()_guard:
	.skip 4096
	.skip \size
\name\()_top:
.endm

	.section .bss.boot_stacks, "aw", @nobits
	stack boot_stack, BOOT_STACK_SIZE
	stack boot_interrupt_stack, BOOT_INTERRUPT_STACK_SIZE
	stack boot_exception_stack, BOOT_EXCEPTION_STACK_SIZE
	stack boot_fatal_stack, BOOT_FATAL_STACK_SIZE

	.section .note.GNU-stack, "", @progbits
