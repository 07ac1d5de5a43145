/* SPDX-License-Identifier: ISC */
/*
 * Where the chipset has its ACPI power-management registers (the "PM base"), found without ACPI tables.
 * Machines started by multiboot under UEFI have no tables either, so this is more than a shortcut.
 */
#ifndef BOOT_CHIPSET_H
#define BOOT_CHIPSET_H

#include <stdbool.h>
#include <stdint.h>

/* The registers, as offsets from the PM base. */
#define BOOT_PM1A_STATUS 0  /* 16 bits: events that happened, cleared by writing them */
#define BOOT_PM1A_ENABLE 2  /* 16 bits: events that raise the interrupt */
#define BOOT_PM1A_CONTROL 4 /* 16 bits: sleep type and sleep enable */
#define BOOT_PM_TIMER 8     /* 32 bits: counts at 3.579545 MHz, 24 of them or all 32 */

/* The first port of the PM registers, or 0 when none were found. */
uint16_t boot_chipset_pm_base(void);

/* Whether there is a PCI bus: the register that selects what to configure holds what is written to it. */
bool boot_chipset_has_pci(void);

#endif
