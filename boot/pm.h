/* SPDX-License-Identifier: ISC */
/*
 * The PM1 registers (ACPI 4.8.3): 16-bit ports for power off and the power button. Found in the ACPI tables, or where
 * bhyve or a chipset is known to have them: machines started by multiboot 1 under UEFI have no tables that could be
 * found.
 */
#ifndef BOOT_PM_H
#define BOOT_PM_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of a control register: ACPI mode is on; the sleep type and "now". */
#define BOOT_PM_SCI_ENABLE 1u
#define BOOT_PM_SLEEP_TYPE 10 /* three bits from here on */
#define BOOT_PM_SLEEP_ENABLE (1u << 13)

/* A bit of a status register (cleared by writing it) and of the enable register behind it. */
#define BOOT_PM_POWER_BUTTON (1u << 8)

/* Ports are 0 when there is no such register. There may be two sets, each with some of the bits. */
struct boot_pm {
	uint16_t status[2];   /* events that happened */
	uint16_t enable[2];   /* which of them raise the interrupt; on QEMU, and others, which of them happen at all */
	uint16_t control[2];  /* the first one is never 0 */
	uint8_t off[2];       /* sleep type that means "off" */
	bool power_button;    /* there is one, in the status registers */
	uint16_t sci;         /* the ISA interrupt of events */
	uint16_t smi_port;    /* takes enable_value to switch to ACPI mode; 0 when that is not known or not needed */
	uint8_t enable_value; /* for it */
};

/* Find them; false when there are none. Asks CPUID and PCI configuration space each time. */
bool boot_pm_find(struct boot_pm *pm);

/* The port of the PM timer, 32 bits wide, of which at least 24 count; 0 when there is none. */
uint16_t boot_pm_timer_port(void);

#endif
