/* SPDX-License-Identifier: ISC */
/*
 * Finds the PM base: a fixed port on bhyve, else a register in the configuration space of the one PCI function
 * that has it (Intel 82371AB section 7.2, ICH9 section 13.1). Looks only at the slots where hypervisors put
 * them.
 */
#include <stddef.h>

#include "chipset.h"
#include "hypervisor.h"
#include "machine.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE (1u << 31)

#define BHYVE_PM_BASE 0x400

/* A PCI function with a PM base, and the bit that switches the registers on. */
struct chipset {
	uint32_t identity;       /* device and vendor, as in register 0 */
	uint8_t slot;            /* on bus 0 */
	uint8_t function;        /* in that slot */
	uint8_t base_register;   /* holds the PM base, bit 0 set */
	uint8_t enable_register; /* says whether the registers are there ... */
	uint8_t enable_bit;      /* ... in this bit */
};

static const struct chipset chipsets[] = {
	{0x71138086, 1, 3, 0x40, 0x80, 0},    /* PIIX4 power management: QEMU's pc */
	{0x29188086, 0x1f, 0, 0x40, 0x44, 7}, /* ICH9 LPC bridge: QEMU's q35 */
	{0x71138086, 7, 0, 0x40, 0x80, 0},    /* PIIX4 again: VirtualBox */
	{0x71138086, 7, 3, 0x40, 0x80, 0},    /* PIIX4 again: VMware */
};

static uint32_t config_read(const struct chipset *chipset, uint8_t offset)
{
	boot_out32(CONFIG_ADDRESS,
		CONFIG_ENABLE | (uint32_t)chipset->slot << 11 | (uint32_t)chipset->function << 8 | offset);
	return boot_in32(CONFIG_DATA);
}

static uint16_t pm_base_of(const struct chipset *chipset)
{
	if (config_read(chipset, 0) != chipset->identity)
		return 0;
	if (!(config_read(chipset, chipset->enable_register) >> chipset->enable_bit & 1))
		return 0;
	return config_read(chipset, chipset->base_register) & 0xffc0;
}

uint16_t boot_chipset_pm_base(void)
{
	uint16_t base = 0;

	if (boot_hypervisor().kind == BOOT_HYPERVISOR_BHYVE)
		return BHYVE_PM_BASE;
	for (size_t i = 0; i < sizeof chipsets / sizeof chipsets[0] && base == 0; i++)
		base = pm_base_of(&chipsets[i]);
	return base;
}

bool boot_chipset_has_pci(void)
{
	boot_out32(CONFIG_ADDRESS, CONFIG_ENABLE);
	return boot_in32(CONFIG_ADDRESS) == CONFIG_ENABLE;
}
