/* SPDX-License-Identifier: ISC */
/*
 * kvmclock: KVM writes into a page of ours how it turns cycles into nanoseconds, and so tells the frequency.
 * The model-specific register faults elsewhere, so both the signature and the feature bit must be there.
 */
#include <stddef.h>

#include "clock_source.h"
#include "hypervisor.h"
#include "machine.h"

#define FEATURES_LEAF 1         /* from the first leaf on */
#define FEATURE_CLOCK (1u << 3) /* in eax */
#define CLOCK_MSR 0x4b564d01
#define CLOCK_ENABLE 1 /* goes with the address */
#define ATTEMPTS 1000

/* KVM keeps the multiplier above 2^31; far less, or a large shift, would only overflow below. */
#define MIN_MULTIPLIER (1u << 24)
#define MAX_SHIFT 8

/* What KVM writes: nanoseconds = (cycles << shift) * multiplier / 2^32. The version is odd while it writes. */
struct kvm_clock {
	uint32_t version;
	uint32_t unused;
	uint64_t cycle;
	uint64_t nanoseconds;
	uint32_t multiplier;
	int8_t shift;
	uint8_t flags;
	uint8_t padding[2];
};

/* KVM does not let it cross a page: aligned to its size, it cannot. */
static _Alignas(32) volatile struct kvm_clock page;

/* A copy that KVM did not write into while it was made. */
static bool read_page(uint32_t *multiplier, int8_t *shift)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		uint32_t version = page.version;

		*multiplier = page.multiplier;
		*shift = page.shift;
		if (version != 0 && version % 2 == 0 && version == page.version)
			return true;
		boot_pause();
	}
	return false;
}

static bool kvm_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	struct boot_hypervisor hypervisor = boot_hypervisor();
	uint32_t multiplier = 0;
	int8_t shift = 0;
	bool stable;

	(void)wanted_ppm;
	estimate->error_ppm = 0;
	if (hypervisor.kind != BOOT_HYPERVISOR_KVM ||
		!(boot_cpuid(hypervisor.base + FEATURES_LEAF, 0).eax & FEATURE_CLOCK))
		return false;
	page.version = 0;
	boot_wrmsr(CLOCK_MSR, (uintptr_t)&page | CLOCK_ENABLE);
	stable = read_page(&multiplier, &shift);
	boot_wrmsr(CLOCK_MSR, 0);
	if (!stable || multiplier < MIN_MULTIPLIER || shift < -MAX_SHIFT || shift > MAX_SHIFT)
		return false;
	estimate->hz = (UINT64_C(1000000000) << 32) / multiplier;
	estimate->hz = shift < 0 ? estimate->hz << -shift : estimate->hz >> shift;
	return true;
}

const struct boot_clock_source boot_clock_kvm = {"kvmclock", false, kvm_calibrate};
