/* SPDX-License-Identifier: ISC */
/* Who runs this machine, as CPUID tells it (leaf 0x40000000). Costs a few CPUID instructions at each call. */
#ifndef BOOT_HYPERVISOR_H
#define BOOT_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

/* The kinds that need care, or help; everything else is one of the last two. */
enum boot_hypervisor_kind {
	BOOT_HYPERVISOR_NONE,  /* a processor of its own, or a hypervisor that hides */
	BOOT_HYPERVISOR_BHYVE, /* FreeBSD's: ends the machine on accesses that others forgive */
	BOOT_HYPERVISOR_KVM,   /* offers KVM's leaves: QEMU, Firecracker, Cloud Hypervisor and others */
	BOOT_HYPERVISOR_TCG,   /* QEMU without KVM */
	BOOT_HYPERVISOR_OTHER, /* some hypervisor: VMware, Hyper-V, ... */
};

/* A hypervisor and where its CPUID leaves are. */
struct boot_hypervisor {
	enum boot_hypervisor_kind kind; /* which */
	uint32_t base; /* first leaf of this kind: 0x40000000, or 0x40000100 behind Hyper-V's; 0 for NONE */
	uint32_t last; /* the highest leaf that it answers */
};

/* Ask CPUID. */
struct boot_hypervisor boot_hypervisor(void);

#endif
