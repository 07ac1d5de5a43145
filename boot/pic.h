/* SPDX-License-Identifier: ISC */
/*
 * The pair of 8259 interrupt controllers of a PC, with 15 inputs: 0 to 15, of which 2 is where the second is connected
 * to the first. They are moved to vectors 32 to 47, away from the exceptions, and all inputs are masked at first.
 */
#ifndef BOOT_PIC_H
#define BOOT_PIC_H

#include <stdbool.h>

#define BOOT_PIC_VECTOR 32 /* of input 0 */
#define BOOT_PIC_INPUTS 16

/* Take them over. False when there are none. With interrupts off; a second time nothing changes. */
bool boot_pic_start(void);

/* Let input IRQ (not 2) through, or no longer. With interrupts off. */
void boot_pic_unmask(unsigned int irq);
void boot_pic_mask(unsigned int irq);

/* Make input IRQ level-triggered, as PCI wants it. Without effect where the machine does not have that choice. */
void boot_pic_set_level(unsigned int irq);

/*
 * The beginning of a handler for input IRQ: false when the input fell silent before it was heard (only 7 and 15 can say
 * so): then there is nothing to do, and nothing to end.
 */
bool boot_pic_begin(unsigned int irq);

/* The end of it: the next interrupt may come. */
void boot_pic_end(unsigned int irq);

#endif
