/* SPDX-License-Identifier: ISC */
/* The local APIC's registers, in either of their places. */
#include "local_apic.h"

#include <boot/memory.h>
#include <stddef.h>

#include "machine.h"

#define FEATURE_APIC (1u << 9) /* leaf 1, edx */
#define MSR_APIC_BASE 0x1b
#define APIC_ENABLED (1u << 11)
#define APIC_X2 (1u << 10)
#define APIC_ADDRESS UINT64_C(0xffffffffff000)

#define MSR_APIC_FIRST 0x800
#define APIC_WINDOW 0x400
#define ID_SHIFT 24 /* in memory; as an MSR it is all of the register */
#define ID_LAST 254

static void *apic_registers; /* NULL in x2APIC mode */

uint32_t boot_apic_read(enum boot_apic_register index)
{
	if (apic_registers == NULL)
		return (uint32_t)boot_rdmsr(MSR_APIC_FIRST + index);
	return boot_read32((uint8_t *)apic_registers + (size_t)16 * index);
}

void boot_apic_write(enum boot_apic_register index, uint32_t value)
{
	if (apic_registers == NULL)
		boot_wrmsr(MSR_APIC_FIRST + index, value);
	else
		boot_write32((uint8_t *)apic_registers + (size_t)16 * index, value);
}

bool boot_apic_find(void)
{
	uint64_t base;

	if (!(boot_cpuid(1, 0).edx & FEATURE_APIC))
		return false;
	base = boot_rdmsr(MSR_APIC_BASE);
	if (!(base & APIC_ENABLED))
		return false;
	apic_registers = NULL;
	if (base & APIC_X2)
		return true;
	apic_registers = boot_map_device(base & APIC_ADDRESS, APIC_WINDOW);
	return apic_registers != NULL;
}

int boot_apic_id(void)
{
	uint32_t id = boot_apic_read(BOOT_APIC_ID);

	if (apic_registers != NULL)
		id >>= ID_SHIFT;
	return id <= ID_LAST ? (int)id : -1;
}
