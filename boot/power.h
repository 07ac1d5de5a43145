/* SPDX-License-Identifier: ISC */
/* Getting ready for what include/boot/power.h offers. */
#ifndef BOOT_POWER_SETUP_H
#define BOOT_POWER_SETUP_H

/* Map the registers for power off and reset that ACPI tables name, so that ending the machine needs no memory. */
void boot_power_start(void);

#endif
