/* SPDX-License-Identifier: ISC */
/* Segments, the task state with its stacks, and the gates that lead to exceptions and interrupts. */
#ifndef BOOT_X86_64_DESCRIPTORS_H
#define BOOT_X86_64_DESCRIPTORS_H

#include <boot/base.h>

/* Which of the task state's stacks a gate switches to; the processor counts them from 1. */
enum boot_gate_stack {
	BOOT_STACK_EXCEPTION = 1,
	BOOT_STACK_FATAL = 2, /* double fault, NMI, machine check: may strike while an exception is being printed */
	BOOT_STACK_INTERRUPT = 3,
};

/* Load the task state and the (still empty) gates. Once, before any boot_gate_set. */
void boot_descriptors_init(void);

/* Let VECTOR (0 to 255) lead to the code at ENTRY on STACK, interrupts off; entry NULL closes the gate again. */
void boot_gate_set(unsigned int vector, const void *entry, enum boot_gate_stack stack);

#endif
