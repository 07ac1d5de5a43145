/* SPDX-License-Identifier: ISC */
/* The table of handlers for boot/interrupt.h; interrupts.S calls in here. */
#include <boot/interrupt.h>

#include "descriptors.h"

#define INTERRUPT_ENTRY_SIZE 8

struct interrupt_slot {
	void (*handler)(void *context);
	void *context;
};

/* interrupts.S */
extern const uint8_t boot_interrupt_entries[];
void boot_interrupt(unsigned int vector);

static uint32_t interrupt_count; /* atomic: handlers count, anybody reads */
static struct interrupt_slot interrupt_slots[BOOT_INTERRUPT_LAST + 1 - BOOT_INTERRUPT_FIRST];

int boot_interrupt_set(unsigned int vector, void (*handler)(void *context), void *context)
{
	unsigned int slot = vector - BOOT_INTERRUPT_FIRST;

	if (vector < BOOT_INTERRUPT_FIRST || vector > BOOT_INTERRUPT_LAST)
		return -1;
	if (handler == NULL)
		boot_gate_set(vector, NULL, BOOT_STACK_INTERRUPT);
	interrupt_slots[slot] = (struct interrupt_slot){handler, context};
	if (handler != NULL)
		boot_gate_set(
			vector, boot_interrupt_entries + (size_t)slot * INTERRUPT_ENTRY_SIZE, BOOT_STACK_INTERRUPT);
	return 0;
}

uint32_t boot_interrupt_count(void)
{
	return __atomic_load_n(&interrupt_count, __ATOMIC_RELAXED);
}

/* Called by interrupts.S with the vector that was raised; only vectors with a handler have an open gate. */
void boot_interrupt(unsigned int vector)
{
	const struct interrupt_slot *slot = &interrupt_slots[vector - BOOT_INTERRUPT_FIRST];

	__atomic_store_n(&interrupt_count, interrupt_count + 1, __ATOMIC_RELAXED); /* handlers do not nest */
	slot->handler(slot->context);
}
