/* SPDX-License-Identifier: ISC */
/* Recognises the hypervisor by its signature. KVM may sit behind the leaves of Hyper-V, 0x100 further on. */
#include "hypervisor.h"
#include "machine.h"

#define HYPERVISOR_PRESENT (1u << 31) /* leaf 1, ecx */
#define FIRST_LEAF 0x40000000u
#define SECOND_LEAF 0x40000100u

/* Four characters as CPUID packs them into a register. */
#define TEXT(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static enum boot_hypervisor_kind kind_of(const struct boot_cpuid *id)
{
	if (id->ebx == TEXT('b', 'h', 'y', 'v') && id->ecx == TEXT('e', ' ', 'b', 'h') &&
		id->edx == TEXT('y', 'v', 'e', ' '))
		return BOOT_HYPERVISOR_BHYVE;
	if (id->ebx == TEXT('K', 'V', 'M', 'K') && id->ecx == TEXT('V', 'M', 'K', 'V') && id->edx == TEXT('M', 0, 0, 0))
		return BOOT_HYPERVISOR_KVM;
	if (id->ebx == TEXT('T', 'C', 'G', 'T') && id->ecx == TEXT('C', 'G', 'T', 'C') &&
		id->edx == TEXT('G', 'T', 'C', 'G'))
		return BOOT_HYPERVISOR_TCG;
	return BOOT_HYPERVISOR_OTHER;
}

static struct boot_hypervisor found_at(uint32_t base)
{
	struct boot_cpuid id = boot_cpuid(base, 0);
	struct boot_hypervisor found = {kind_of(&id), base, id.eax};

	/* Old KVM said 0 and meant the one leaf that it had. An absurd maximum would make us read anything. */
	if (found.kind == BOOT_HYPERVISOR_KVM && id.eax == 0)
		found.last = base + 1;
	if (found.last < base || found.last > base + 0xff)
		found.last = base;
	return found;
}

struct boot_hypervisor boot_hypervisor(void)
{
	struct boot_hypervisor first, second;

	if (!(boot_cpuid(1, 0).ecx & HYPERVISOR_PRESENT))
		return (struct boot_hypervisor){BOOT_HYPERVISOR_NONE, 0, 0};
	first = found_at(FIRST_LEAF);
	if (first.kind != BOOT_HYPERVISOR_OTHER)
		return first;
	second = found_at(SECOND_LEAF);
	return second.kind == BOOT_HYPERVISOR_KVM ? second : first;
}
