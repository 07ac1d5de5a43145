/* SPDX-License-Identifier: ISC */
/*
 * Switching the local APIC on. One that was off let the 8259 through; one that is on needs to be told so on its input
 * LINT0, which bhyve leaves masked. That input can be set only after the APIC is on.
 */
#include "apic_interrupts.h"

#include <boot/interrupt.h>

#include "local_apic.h"
#include "pic.h"

#define SPURIOUS_ENABLE 0x100
#define LVT_EXTERNAL 0x700 /* whatever comes is the 8259's, which tells the vector */

static bool apic_on;

/* Such an interrupt asks for no end. */
static void apic_spurious(void *context)
{
	(void)context;
}

bool boot_apic_interrupts_start(void)
{
	if (apic_on)
		return true;
	if (!boot_apic_find())
		return false;
	bool has_pic = boot_pic_start();
	boot_interrupt_set(BOOT_VECTOR_APIC_SPURIOUS, apic_spurious, NULL);
	boot_apic_write(BOOT_APIC_SPURIOUS, SPURIOUS_ENABLE | BOOT_VECTOR_APIC_SPURIOUS);
	boot_apic_write(BOOT_APIC_LVT_LINT0, has_pic ? LVT_EXTERNAL : LVT_EXTERNAL | BOOT_APIC_MASKED);
	apic_on = true;
	return true;
}

void boot_apic_interrupts_end(void)
{
	boot_apic_write(BOOT_APIC_END_OF_INTERRUPT, 0);
}
