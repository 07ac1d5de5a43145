/* SPDX-License-Identifier: ISC */
/* Giving away vectors, the lowest first. */
#include "apic_vectors.h"

#include <boot/interrupt.h>
#include <stddef.h>

#include "apic_interrupts.h"

#define VECTORS_FIRST 64
#define VECTORS_COUNT 176

struct vector {
	void (*handler)(void *context);
	void *context;
};

static struct {
	struct vector taken[VECTORS_COUNT];
	size_t count;
} vectors;

static void vector_interrupt(void *context)
{
	const struct vector *vector = context;

	vector->handler(vector->context);
	boot_apic_interrupts_end();
}

int boot_vector_take(void (*handler)(void *context), void *context)
{
	size_t index = vectors.count;

	if (index == VECTORS_COUNT)
		return -1;
	vectors.taken[index] = (struct vector){handler, context};
	if (boot_interrupt_set((unsigned int)(VECTORS_FIRST + index), vector_interrupt, &vectors.taken[index]) < 0)
		return -1;
	vectors.count++;
	return (int)(VECTORS_FIRST + index);
}
