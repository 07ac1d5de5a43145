/* SPDX-License-Identifier: ISC */
/* Instructions of the processor that C has no words for. */
#ifndef BOOT_X86_64_CPU_H
#define BOOT_X86_64_CPU_H

#include <stdint.h>

struct boot_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* The caller compares LEAF with the maximum first: above it, processors answer with another leaf's numbers. */
static inline struct boot_cpuid boot_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct boot_cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t boot_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void boot_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

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
