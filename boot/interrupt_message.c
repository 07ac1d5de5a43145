/* SPDX-License-Identifier: ISC */
/* Message-signalled interrupts (Intel SDM volume 3, 11.11): boot_interrupt_message(). */
#include <boot/interrupt.h>

#include "apic_interrupts.h"
#include "apic_vectors.h"
#include "local_apic.h"
#include "machine.h"

#define MESSAGE_ADDRESS 0xfee00000u /* fixed delivery, to the one processor that bits 12 to 19 name */
#define MESSAGE_PROCESSOR_SHIFT 12

static int take(void (*handler)(void *context), void *context, struct boot_interrupt_message *message)
{
	int processor = boot_apic_interrupts_start() ? boot_apic_id() : -1;
	int vector = processor < 0 ? -1 : boot_vector_take(handler, context);

	if (vector < 0)
		return -1;
	message->address = MESSAGE_ADDRESS | (uint32_t)processor << MESSAGE_PROCESSOR_SHIFT;
	message->data = (uint32_t)vector; /* edge-triggered: each write is an interrupt */
	return 0;
}

int boot_interrupt_message(void (*handler)(void *context), void *context, struct boot_interrupt_message *message)
{
	bool allowed = boot_interrupts_disable();
	int result = take(handler, context, message);

	if (allowed)
		boot_interrupts_enable();
	return result;
}
