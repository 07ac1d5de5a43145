/* SPDX-License-Identifier: ISC */
/*
 * kvmclock: KVM writes into a page of ours how it turns cycles into nanoseconds since its start, and so tells the
 * frequency; and into another one when that start was. The model-specific registers fault elsewhere, so both the
 * signature and the feature bit must be there.
 */
#include <stddef.h>

#include "clock_kvm.h"
#include "clock_source.h"
#include "hypervisor.h"
#include "machine.h"

#define FEATURES_LEAF 1         /* from the first leaf on */
#define FEATURE_CLOCK (1u << 3) /* in eax */
#define WALL_MSR 0x4b564d00
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

/* When KVM's clock started. The version as above. */
struct kvm_wall {
	uint32_t version;
	uint32_t seconds; /* since 1970 began */
	uint32_t nanoseconds;
};

/* KVM does not let them cross a page: aligned to their sizes, they cannot. */
static _Alignas(32) volatile struct kvm_clock page;
static _Alignas(16) volatile struct kvm_wall wall_page;

static bool kvm_has_clock(void)
{
	struct boot_hypervisor hypervisor = boot_hypervisor();

	return hypervisor.kind == BOOT_HYPERVISOR_KVM &&
	       (boot_cpuid(hypervisor.base + FEATURES_LEAF, 0).eax & FEATURE_CLOCK);
}

/* A copy that KVM did not write into while it was made, and that makes sense. */
static bool copy_page(struct kvm_clock *copy)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		copy->version = page.version;
		copy->cycle = page.cycle;
		copy->nanoseconds = page.nanoseconds;
		copy->multiplier = page.multiplier;
		copy->shift = page.shift;
		if (copy->version != 0 && copy->version % 2 == 0 && copy->version == page.version)
			return copy->multiplier >= MIN_MULTIPLIER && copy->shift >= -MAX_SHIFT &&
			       copy->shift <= MAX_SHIFT;
		boot_pause();
	}
	return false;
}

/* Let KVM write the page, once. */
static bool read_page(struct kvm_clock *copy)
{
	bool stable;

	page.version = 0;
	boot_wrmsr(CLOCK_MSR, (uintptr_t)&page | CLOCK_ENABLE);
	stable = copy_page(copy);
	boot_wrmsr(CLOCK_MSR, 0);
	return stable;
}

static bool kvm_calibrate(struct boot_clock_estimate *estimate, uint32_t wanted_ppm)
{
	struct kvm_clock copy;

	(void)wanted_ppm;
	estimate->error_ppm = 0;
	if (!kvm_has_clock() || !read_page(&copy))
		return false;
	estimate->hz = (UINT64_C(1000000000) << 32) / copy.multiplier;
	estimate->hz = copy.shift < 0 ? estimate->hz << -copy.shift : estimate->hz >> copy.shift;
	return true;
}

/* Nanoseconds on KVM's clock now. */
static uint64_t kvm_now(const struct kvm_clock *copy)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t now = boot_tsc(), cycles = now > copy->cycle ? now - copy->cycle : 0;

	cycles = copy->shift < 0 ? cycles >> -copy->shift : cycles << copy->shift;
	return copy->nanoseconds + (uint64_t)((wide)cycles * copy->multiplier >> 32);
}

/* Written once, before the write to the register returns. */
static bool read_wall(uint64_t *nanoseconds)
{
	wall_page.version = 0;
	boot_wrmsr(WALL_MSR, (uintptr_t)&wall_page);
	*nanoseconds = wall_page.seconds * UINT64_C(1000000000) + wall_page.nanoseconds;
	return wall_page.version != 0 && wall_page.version % 2 == 0 && wall_page.seconds != 0 &&
	       wall_page.nanoseconds < 1000000000;
}

bool boot_clock_kvm_wall(uint64_t *nanoseconds)
{
	struct kvm_clock copy;

	if (!kvm_has_clock() || !read_wall(nanoseconds) || !read_page(&copy))
		return false;
	*nanoseconds += kvm_now(&copy);
	return true;
}

const struct boot_clock_source boot_clock_kvm = {"kvmclock", false, kvm_calibrate};
