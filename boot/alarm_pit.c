/* SPDX-License-Identifier: ISC */
/*
 * The alarm of a PC: channel 0 of the PIT in one-shot mode, input 0 of the 8259 pair. The 8259s are moved to
 * vectors 32 to 47, away from the exceptions, and every other input is masked. The local APIC stays as the
 * firmware left it, which lets the 8259 through: enabling it ourselves would cut the 8259 off on bhyve.
 */
#include <boot/interrupt.h>

#include "alarm.h"
#include "machine.h"
#include "pit.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA 0x21
#define SLAVE_COMMAND 0xa0
#define SLAVE_DATA 0xa1

#define ICW1_CASCADE_ICW4 0x11 /* edge-triggered, two chips, a fourth word follows: bhyve insists on both */
#define ICW3_MASTER 0x04       /* the slave is on input 2 ... */
#define ICW3_SLAVE 2           /* ... and knows it */
#define ICW4_8086 0x01
#define MASK_ALL 0xff
#define MASK_ALL_BUT_TIMER 0xfe
#define END_OF_INTERRUPT 0x20

#define VECTOR_MASTER 32
#define VECTOR_SLAVE 40
#define VECTOR_SPURIOUS_MASTER (VECTOR_MASTER + 7)
#define VECTOR_SPURIOUS_SLAVE (VECTOR_SLAVE + 7)

static void timer_interrupt(void *context)
{
	(void)context;
	boot_out8(MASTER_COMMAND, END_OF_INTERRUPT);
	boot_alarm_rang();
}

/* An input that fell silent before it was heard. The chip it belongs to waits for no end of interrupt. */
static void spurious_master(void *context)
{
	(void)context;
}

/* The same on the slave; the master heard a true interrupt from it. */
static void spurious_slave(void *context)
{
	(void)context;
	boot_out8(MASTER_COMMAND, END_OF_INTERRUPT);
}

/* The mask reads back where there is a chip, and as all ones where there is none. */
static bool pic_is_there(void)
{
	boot_out8(SLAVE_DATA, MASK_ALL);
	boot_out8(MASTER_DATA, MASK_ALL_BUT_TIMER);
	return boot_in8(MASTER_DATA) == MASK_ALL_BUT_TIMER;
}

static void pic_start(void)
{
	boot_out8(MASTER_COMMAND, ICW1_CASCADE_ICW4);
	boot_out8(MASTER_DATA, VECTOR_MASTER);
	boot_out8(MASTER_DATA, ICW3_MASTER);
	boot_out8(MASTER_DATA, ICW4_8086);
	boot_out8(SLAVE_COMMAND, ICW1_CASCADE_ICW4);
	boot_out8(SLAVE_DATA, VECTOR_SLAVE);
	boot_out8(SLAVE_DATA, ICW3_SLAVE);
	boot_out8(SLAVE_DATA, ICW4_8086);
	boot_out8(MASTER_DATA, MASK_ALL_BUT_TIMER);
	boot_out8(SLAVE_DATA, MASK_ALL);
}

static bool alarm_pit_start(void)
{
	if (!pic_is_there())
		return false;
	boot_interrupt_set(VECTOR_MASTER, timer_interrupt, NULL);
	boot_interrupt_set(VECTOR_SPURIOUS_MASTER, spurious_master, NULL);
	boot_interrupt_set(VECTOR_SPURIOUS_SLAVE, spurious_slave, NULL);
	pic_start();
	return true;
}

static void alarm_pit_set(uint64_t nanoseconds)
{
	boot_pit_start(BOOT_PIT_ONE_SHOT, (uint16_t)(nanoseconds * BOOT_PIT_HZ / 1000000000));
}

static void alarm_pit_stop(void)
{
	boot_out8(MASTER_DATA, MASK_ALL);
}

const struct boot_alarm boot_alarm_pit = {"PIT", alarm_pit_start, alarm_pit_set, alarm_pit_stop};
