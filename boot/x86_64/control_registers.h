/* SPDX-License-Identifier: ISC */
/* The processor's control registers that faults and page tables need. */
#ifndef BOOT_X86_64_CONTROL_REGISTERS_H
#define BOOT_X86_64_CONTROL_REGISTERS_H

#include <stdint.h>

/* The address of the last page fault. */
static inline uint64_t boot_read_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint64_t boot_read_cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

/* Switch to the page tables whose root is at physical address ROOT. */
static inline void boot_write_cr3(uint64_t root)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

#endif
