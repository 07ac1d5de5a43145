/* SPDX-License-Identifier: ISC */
/*
 * The processor's own word: leaf 0x15 gives the ratio of the time stamp counter to a crystal and perhaps the
 * crystal's frequency, leaf 0x16 the base frequency in MHz, which helps out when the crystal's is missing.
 */
#include "clock_source.h"
#include "machine.h"

#define RATIO_LEAF 0x15
#define BASE_LEAF 0x16

static bool cpuid_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	uint32_t last = boot_cpuid(0, 0).eax;
	struct boot_cpuid ratio;

	(void)wanted_ppm;
	estimate->error_ppm = 0;
	if (last < RATIO_LEAF)
		return false;
	ratio = boot_cpuid(RATIO_LEAF, 0); /* eax: denominator, ebx: numerator, ecx: crystal in Hz */
	if (ratio.eax == 0 || ratio.ebx == 0)
		return false;
	if (ratio.ecx != 0)
		estimate->hz = (uint64_t)ratio.ecx * ratio.ebx / ratio.eax;
	else if (last >= BASE_LEAF)
		estimate->hz = UINT64_C(1000000) * (boot_cpuid(BASE_LEAF, 0).eax & 0xffff);
	else
		return false;
	return true;
}

const struct boot_clock_source boot_clock_cpuid = {"CPUID", false, cpuid_calibrate};
