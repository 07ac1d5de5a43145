/* SPDX-License-Identifier: ISC */
/* What libvirtio asks of a runtime (virtio/platform.h), filled in by the shim. */
#ifndef BOOT_PLATFORM_H
#define BOOT_PLATFORM_H

#include <boot/info.h>
#include <virtio/helper.h>
#include <virtio/pci.h>
#include <virtio/platform.h>

BOOT_BEGIN_DECLS

/*
 * All hooks but dma_map and dma_unmap: memory from boot/memory.h, which devices see at its physical address, the
 * clock and the idle sleep of boot/clock.h, and the first serial line for the log. The struct is constant and lives
 * for ever. The rules of those headers hold: one core at a time, allocation never from an interrupt handler.
 */
const struct virtio_platform *boot_platform(void);

/*
 * Where BARs may be put that firmware left without an address: in the largest hole of INFO's memory map between 3 GiB
 * and 0xfec00000, where the chipset's own devices begin, and among the ports from 0xc000 on. The struct lives for ever.
 */
const struct virtio_pci_windows *boot_pci_windows(const struct boot_info *info);

/* The way to PCI's configuration space, with addresses from boot_pci_windows() for BARs that have none. */
static inline struct virtio_pci_access boot_pci(const struct boot_info *info)
{
	struct virtio_pci_access access = virtio_pci_access_ports();

	virtio_pci_assign_from(&access, boot_pci_windows(info));
	return access;
}

/* The windows of the virtio devices that ACPI's tables tell of (boot/acpi.h), *COUNT of them. They live for ever. */
const struct virtio_mmio_window *boot_mmio_windows(unsigned *count);

/*
 * Everywhere that a device may be, for virtio_find (virtio/helper.h): on PCI, which is reached through *PCI; where the
 * tables tell, else where the command line does; else where QEMU's microvm has them. INFO and *PCI must live until the
 * end of the search.
 */
static inline struct virtio_find_sources boot_sources(const struct boot_info *info, struct virtio_pci_access *pci)
{
	struct virtio_find_sources sources = {pci, NULL, 0, info->command_line, true};

	*pci = boot_pci(info);
	sources.windows = boot_mmio_windows(&sources.window_count);
	return sources;
}

/*
 * Log lines of LEVEL (enum virtio_log_level) and more important ones; at first up to VIRTIO_LOG_INFO. -1 silences it.
 */
void boot_platform_set_log_level(int level);

BOOT_END_DECLS

#endif
