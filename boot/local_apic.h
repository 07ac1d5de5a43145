/* SPDX-License-Identifier: ISC */
/*
 * The registers of this processor's local APIC (Intel SDM volume 3, 11): in memory, or model-specific registers when
 * the firmware chose x2APIC mode. The mode stays as it is.
 */
#ifndef BOOT_LOCAL_APIC_H
#define BOOT_LOCAL_APIC_H

#include <stdbool.h>
#include <stdint.h>

/* Registers, numbered as in x2APIC mode; in memory they are 16 bytes apart. */
enum boot_apic_register {
	BOOT_APIC_ID = 0x02,
	BOOT_APIC_END_OF_INTERRUPT = 0x0b,
	BOOT_APIC_SPURIOUS = 0x0f,
	BOOT_APIC_LVT_TIMER = 0x32,
	BOOT_APIC_LVT_LINT0 = 0x35,
	BOOT_APIC_INITIAL_COUNT = 0x38,
	BOOT_APIC_CURRENT_COUNT = 0x39,
	BOOT_APIC_DIVIDE = 0x3e,
};

/* In a register of the local vector table: no interrupts. */
#define BOOT_APIC_MASKED 0x10000

/* In the divide register. */
#define BOOT_APIC_DIVIDE_BY_16 0x3

/* Find the registers, mapping them if they are in memory; false when there is no local APIC, or it is switched off. */
bool boot_apic_find(void);

/* What messages and IO-APICs call this processor by: 0 to 254, or -1 when that is too large for them. */
int boot_apic_id(void);

/* One access to a register, once they are found. */
uint32_t boot_apic_read(enum boot_apic_register index);
void boot_apic_write(enum boot_apic_register index, uint32_t value);

#endif
