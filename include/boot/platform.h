/* SPDX-License-Identifier: ISC */
/* The hooks that libvirtio asks for (virtio/platform.h), filled in by the shim. */
#ifndef BOOT_PLATFORM_H
#define BOOT_PLATFORM_H

#include <boot/base.h>
#include <virtio/platform.h>

BOOT_BEGIN_DECLS

/*
 * All hooks but dma_map and dma_unmap: memory from boot/memory.h, which devices see at its physical address, the
 * clock and the idle sleep of boot/clock.h, and the first serial line for the log. The struct is constant and lives
 * for ever. The rules of those headers hold: one core at a time, allocation never from an interrupt handler.
 */
const struct virtio_platform *boot_platform(void);

/*
 * Log lines of LEVEL (enum virtio_log_level) and more important ones; at first up to VIRTIO_LOG_INFO. -1 silences it.
 */
void boot_platform_set_log_level(int level);

BOOT_END_DECLS

#endif
