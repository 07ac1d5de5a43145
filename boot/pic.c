/* SPDX-License-Identifier: ISC */
/* The 8259. bhyve takes the initialisation words in this form only; none of the commands here is beyond it. */
#include "pic.h"

#include <boot/interrupt.h>
#include <stdint.h>

#include "machine.h"

#define MASTER_COMMAND 0x20
#define SLAVE_COMMAND 0xa0
#define SLAVE_DATA 0xa1
#define MASTER_DATA 0x21
#define TRIGGER_MASTER 0x4d0 /* ELCR: a 1 for each input that is level-triggered */
#define TRIGGER_SLAVE 0x4d1

#define ICW1_CASCADE_ICW4 0x11 /* edge-triggered, two chips, a fourth word follows: bhyve insists on both */
#define ICW3_MASTER 0x04       /* the slave is on input 2 ... */
#define ICW3_SLAVE 2           /* ... and knows it */
#define ICW4_8086 0x01
#define END_OF_INTERRUPT 0x20
#define READ_IN_SERVICE 0x0b /* the next read of the command port tells which inputs are being handled */

#define CASCADE 2
#define MASK_ALL 0xff
#define MASK_ALL_BUT_CASCADE 0xfb
#define NO_PORT 0xff

static struct {
	bool looked;
	bool present;
	uint16_t masked; /* a 1 for each input */
} pic;

/* Such interrupts come although everything is masked: a chip that hears nothing any more says "input 7". */
static void spurious_interrupt(void *context)
{
	boot_pic_begin((unsigned int)(uintptr_t)context);
}

static void write_masks(void)
{
	boot_out8(MASTER_DATA, (uint8_t)pic.masked);
	boot_out8(SLAVE_DATA, (uint8_t)(pic.masked >> 8));
}

/* The mask reads back where there is a chip, and as all ones where there is none. */
static bool pic_is_there(void)
{
	boot_out8(SLAVE_DATA, MASK_ALL);
	boot_out8(MASTER_DATA, MASK_ALL_BUT_CASCADE);
	return boot_in8(MASTER_DATA) == MASK_ALL_BUT_CASCADE;
}

static void initialise(void)
{
	boot_out8(MASTER_COMMAND, ICW1_CASCADE_ICW4);
	boot_out8(MASTER_DATA, BOOT_PIC_VECTOR);
	boot_out8(MASTER_DATA, ICW3_MASTER);
	boot_out8(MASTER_DATA, ICW4_8086);
	boot_out8(SLAVE_COMMAND, ICW1_CASCADE_ICW4);
	boot_out8(SLAVE_DATA, BOOT_PIC_VECTOR + 8);
	boot_out8(SLAVE_DATA, ICW3_SLAVE);
	boot_out8(SLAVE_DATA, ICW4_8086);
	pic.masked = (uint16_t) ~(1u << CASCADE);
	write_masks();
}

bool boot_pic_start(void)
{
	if (pic.looked)
		return pic.present;
	pic.looked = true;
	pic.present = pic_is_there();
	if (!pic.present)
		return false;
	for (unsigned int irq = 7; irq < BOOT_PIC_INPUTS; irq += 8)
		boot_interrupt_set(BOOT_PIC_VECTOR + irq, spurious_interrupt, (void *)(uintptr_t)irq);
	initialise();
	return true;
}

void boot_pic_unmask(unsigned int irq)
{
	pic.masked = (uint16_t)(pic.masked & ~(1u << irq));
	write_masks();
}

void boot_pic_mask(unsigned int irq)
{
	pic.masked = (uint16_t)(pic.masked | 1u << irq);
	write_masks();
}

void boot_pic_set_level(unsigned int irq)
{
	uint16_t port = irq < 8 ? TRIGGER_MASTER : TRIGGER_SLAVE;
	uint8_t level = boot_in8(port);
	uint8_t bit = (uint8_t)(1u << irq % 8);

	if (level != NO_PORT && !(level & bit))
		boot_out8(port, level | bit);
}

bool boot_pic_begin(unsigned int irq)
{
	uint16_t command = irq < 8 ? MASTER_COMMAND : SLAVE_COMMAND;

	if (irq % 8 != 7)
		return true;
	boot_out8(command, READ_IN_SERVICE);
	if (boot_in8(command) & 1u << 7)
		return true;
	if (irq >= 8) /* the master heard a true interrupt from the slave */
		boot_out8(MASTER_COMMAND, END_OF_INTERRUPT);
	return false;
}

void boot_pic_end(unsigned int irq)
{
	if (irq >= 8)
		boot_out8(SLAVE_COMMAND, END_OF_INTERRUPT);
	boot_out8(MASTER_COMMAND, END_OF_INTERRUPT);
}
