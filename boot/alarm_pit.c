/* SPDX-License-Identifier: ISC */
/*
 * The alarm of a PC: channel 0 of the PIT in one-shot mode, input 0 of the 8259 pair. The local APIC stays as the
 * firmware left it, which lets the 8259 through.
 */
#include <boot/interrupt.h>

#include "alarm.h"
#include "pic.h"
#include "pit.h"

#define INPUT 0
#define LONGEST UINT64_C(50000000) /* nanoseconds: the count has 16 bits, 54.9 ms */

static void timer_interrupt(void *context)
{
	(void)context;
	boot_pic_end(INPUT);
	boot_alarm_rang();
}

static bool alarm_pit_start(void)
{
	if (!boot_pic_start())
		return false;
	boot_interrupt_set(BOOT_PIC_VECTOR + INPUT, timer_interrupt, NULL);
	boot_pic_unmask(INPUT);
	return true;
}

static void alarm_pit_set(uint64_t nanoseconds)
{
	boot_pit_start(BOOT_PIT_ONE_SHOT, (uint16_t)(nanoseconds * BOOT_PIT_HZ / 1000000000));
}

static void alarm_pit_stop(void)
{
	boot_pic_mask(INPUT);
}

const struct boot_alarm boot_alarm_pit = {"PIT", LONGEST, alarm_pit_start, alarm_pit_set, alarm_pit_stop};
