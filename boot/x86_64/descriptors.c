/* SPDX-License-Identifier: ISC */
/* The task state is there for its stacks alone: the processor loads them on the way into a gate. */
#include "descriptors.h"

#include "stacks.h"

#define SELECTOR_CODE 0x08
#define SELECTOR_TASK 0x18
#define GATE_INTERRUPT 0x8e /* present, privilege 0, clears the interrupt flag */
#define TASK_AVAILABLE 0x89 /* present 64-bit task state */

struct descriptor_gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t stack;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

struct __attribute__((packed)) descriptor_task {
	uint32_t reserved0;
	uint64_t privilege_stacks[3];
	uint64_t reserved1;
	uint64_t stacks[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t port_map;
};

struct __attribute__((packed)) descriptor_table {
	uint16_t limit;
	uint64_t base;
};

_Static_assert(sizeof(struct descriptor_gate) == 16, "the processor's layout");
_Static_assert(sizeof(struct descriptor_task) == 104, "the processor's layout");

/* long_mode.S: null, code, data, and two words of room for the task state. */
extern uint64_t boot_gdt[5];

static struct descriptor_gate descriptor_gates[256] __attribute__((aligned(16)));
static struct descriptor_task descriptor_task __attribute__((aligned(16)));

static void descriptors_set_task(uint64_t base, uint64_t limit)
{
	boot_gdt[3] = limit | (base & 0xffffff) << 16 | (uint64_t)TASK_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
	boot_gdt[4] = base >> 32;
}

void boot_descriptors_init(void)
{
	const struct descriptor_table gates = {sizeof descriptor_gates - 1, (uint64_t)descriptor_gates};

	descriptor_task.stacks[BOOT_STACK_EXCEPTION - 1] = (uint64_t)boot_exception_stack_top;
	descriptor_task.stacks[BOOT_STACK_FATAL - 1] = (uint64_t)boot_fatal_stack_top;
	descriptor_task.stacks[BOOT_STACK_INTERRUPT - 1] = (uint64_t)boot_interrupt_stack_top;
	descriptor_task.port_map = sizeof descriptor_task;
	descriptors_set_task((uint64_t)&descriptor_task, sizeof descriptor_task - 1);
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK) : "memory");
	__asm__ volatile("lidt %0" : : "m"(gates) : "memory");
}

void boot_gate_set(unsigned int vector, const void *entry, enum boot_gate_stack stack)
{
	uint64_t offset = (uint64_t)entry;

	descriptor_gates[vector] = (struct descriptor_gate){
		.offset_low = (uint16_t)offset,
		.selector = SELECTOR_CODE,
		.stack = (uint8_t)stack,
		.type = entry != NULL ? GATE_INTERRUPT : 0,
		.offset_middle = (uint16_t)(offset >> 16),
		.offset_high = (uint32_t)(offset >> 32),
	};
}
