/* SPDX-License-Identifier: ISC */
/*
 * A runtime with interrupt code of its own: it takes the shim and leaves the shim's interrupts. It has an interrupt
 * descriptor table, and a function of a name that the shim uses as well, so it links only if that part stays out.
 */
#include <boot/clock.h>
#include <boot/info.h>

#define VECTOR 0x70
#define MILLISECOND UINT64_C(1000000)

struct gate {
	uint16_t low, selector;
	uint8_t stack, type;
	uint16_t middle;
	uint32_t high, reserved;
};

static struct gate gates[256];
extern volatile unsigned own_interrupts_taken;
volatile unsigned own_interrupts_taken;

int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context);

/* Ours. */
int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context)
{
	uint64_t entry = (uint64_t)handler;

	(void)context;
	gates[vector] = (struct gate){.low = (uint16_t)entry,
		.selector = 8,
		.type = 0x8e,
		.middle = (uint16_t)(entry >> 16),
		.high = (uint32_t)(entry >> 32)};
	return 0;
}

void own_interrupt(void *context);
__asm__("own_interrupt: incl own_interrupts_taken(%rip); iretq");

int unikernel_main(const struct boot_info *info)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} table = {sizeof gates - 1, (uint64_t)gates};
	uint64_t start = boot_clock_now();

	(void)info;
	boot_interrupt_set(VECTOR, own_interrupt, (void *)0);
	__asm__ volatile("lidt %0" : : "m"(table) : "memory");
	do /* once at least, however slow the machine */
		__asm__ volatile("int %0" : : "i"(VECTOR) : "memory");
	while (boot_clock_now() < start + MILLISECOND);
	return own_interrupts_taken > 0 ? 21 : 1;
}
