/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's word: leaf 0x10 of its own CPUID leaves has the frequency in kHz (VMware's invention, given
 * by KVM and others too). Leaves above the maximum answer with those of another leaf on bhyve, so the maximum
 * is looked at first.
 */
#include "clock_source.h"
#include "hypervisor.h"
#include "machine.h"

#define FREQUENCY_LEAF 0x40000010

static bool hypervisor_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	struct boot_hypervisor hypervisor = boot_hypervisor();

	(void)wanted_ppm;
	estimate->error_ppm = 0;
	if (hypervisor.base > FREQUENCY_LEAF || hypervisor.last < FREQUENCY_LEAF)
		return false;
	estimate->hz = UINT64_C(1000) * boot_cpuid(FREQUENCY_LEAF, 0).eax;
	return true;
}

const struct boot_clock_source boot_clock_hypervisor = {"hypervisor", false, hypervisor_calibrate};
