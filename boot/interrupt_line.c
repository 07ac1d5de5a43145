/* SPDX-License-Identifier: ISC */
/* Device interrupts through the 8259: boot_interrupt_line(). */
#include <boot/interrupt.h>

#include "machine.h"
#include "pic.h"
#include "serial.h"
#include "shared_line.h"

#define TIMER 0
#define CASCADE 2

static struct boot_shared_line lines[BOOT_PIC_INPUTS];

static void line_interrupt(void *context)
{
	struct boot_shared_line *line = context;
	unsigned int irq = (unsigned int)(line - lines);

	if (!boot_pic_begin(irq))
		return;
	if (!boot_shared_line_call(line)) {
		boot_pic_mask(irq);
		boot_printf("boot: interrupt %u is nobody's and does not end: masked\n", irq);
	}
	boot_pic_end(irq); /* after the handlers: a level that they took back does not interrupt again */
}

int boot_interrupt_line(unsigned int irq, struct boot_interrupt_handler *handler)
{
	bool allowed = boot_interrupts_disable();
	int result = -1;

	if (irq < BOOT_PIC_INPUTS && irq != TIMER && irq != CASCADE && boot_pic_start()) {
		boot_shared_line_add(&lines[irq], handler);
		boot_interrupt_set(BOOT_PIC_VECTOR + irq, line_interrupt, &lines[irq]);
		boot_pic_set_level(irq);
		boot_pic_unmask(irq);
		result = 0;
	}
	if (allowed)
		boot_interrupts_enable();
	return result;
}
