/* SPDX-License-Identifier: ISC */
/* The handlers of one interrupt line, which several devices may share. */
#ifndef BOOT_SHARED_LINE_H
#define BOOT_SHARED_LINE_H

#include <boot/interrupt.h>

/* A line. */
struct boot_shared_line {
	struct boot_interrupt_handler *first;
	uint32_t unclaimed; /* interrupts in a row that were nobody's */
};

/* Add HANDLER, unless it is there already. With interrupts off. */
void boot_shared_line_add(struct boot_shared_line *line, struct boot_interrupt_handler *handler);

/*
 * An interrupt: call all handlers. False when it was nobody's, as were very many before it: a device that nobody knows
 * holds the line, and it must be masked or nothing else will ever run.
 */
bool boot_shared_line_call(struct boot_shared_line *line);

#endif
