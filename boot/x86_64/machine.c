/* SPDX-License-Identifier: ISC */
/* The instructions behind boot/machine.h. */
#include "machine.h"

uint8_t boot_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

uint16_t boot_in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

uint32_t boot_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

void boot_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

void boot_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

void boot_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

struct boot_cpuid boot_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct boot_cpuid regs;

	__asm__ volatile("cpuid"
			 : "=a"(regs.eax), "=b"(regs.ebx), "=c"(regs.ecx), "=d"(regs.edx)
			 : "a"(leaf), "c"(subleaf));
	return regs;
}

uint64_t boot_tsc(void)
{
	uint32_t low, high;

	/* Without the fence the processor may read the counter before earlier instructions are done. */
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

uint64_t boot_rdmsr(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
	return (uint64_t)high << 32 | low;
}

void boot_wrmsr(uint32_t index, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

uint32_t boot_read32(const void *address)
{
	return *(const volatile uint32_t *)address;
}

void boot_write32(void *address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

void boot_write8(void *address, uint8_t value)
{
	*(volatile uint8_t *)address = value;
}

void boot_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

bool boot_interrupts_disable(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return (flags & 0x200) != 0;
}

void boot_interrupts_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

void boot_sleep(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}

void boot_triple_fault(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_handlers = {0, 0};

	__asm__ volatile("lidt %0; int3" : : "m"(no_handlers) : "memory");
}

void boot_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}
