/* SPDX-License-Identifier: ISC */
/* Interrupt lines: all handlers are called each time, since several devices may have raised the line together. */
#include "shared_line.h"

#define UNCLAIMED_MOST 100000 /* some unclaimed ones are normal: a device may give up before it is asked */

void boot_shared_line_add(struct boot_shared_line *line, struct boot_interrupt_handler *handler)
{
	struct boot_interrupt_handler *last = line->first;

	for (; last != NULL; last = last->next)
		if (last == handler)
			return;
	handler->next = line->first;
	line->first = handler;
}

bool boot_shared_line_call(struct boot_shared_line *line)
{
	bool claimed = false;

	for (const struct boot_interrupt_handler *handler = line->first; handler != NULL; handler = handler->next)
		if (handler->handle(handler->context))
			claimed = true;
	line->unclaimed = claimed ? 0 : line->unclaimed + 1;
	return line->unclaimed < UNCLAIMED_MOST;
}
