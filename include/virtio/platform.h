/* SPDX-License-Identifier: ISC */
/*
 * The contract with the runtime: the one struct of hooks that it fills in. Nothing else is asked of
 * it, save the four functions that every C compiler may call: memcpy, memmove, memset, memcmp.
 *
 *     static const struct virtio_platform platform = {
 *         .size = sizeof platform,
 *         .alloc = my_alloc, .free = my_free,
 *         .dma_alloc = my_dma_alloc, .dma_free = my_dma_free,
 *         .map_device = my_map_device,
 *         .now = my_now, .wait = my_wait, .log = my_log,
 *     };
 *
 * Kernels started by libvirtio_boot.a get it ready-made from boot_platform() (boot/platform.h). Who fills it in has
 * virtio_platform_check() (helper.h) look for the usual mistakes.
 *
 * The library calls alloc, free, dma_alloc, dma_free, map_device and wait only from calls that say that they
 * attach, detach, reset or wait; never on the data path, never from a call that is allowed in an
 * interrupt handler. The struct must stay where it is, unchanged, while a device uses it.
 */
#ifndef VIRTIO_PLATFORM_H
#define VIRTIO_PLATFORM_H

#include <virtio/base.h>

VIRTIO_BEGIN_DECLS

/* How much a log line matters. */
enum virtio_log_level {
	VIRTIO_LOG_ERROR = 0,   /* a device or a call failed */
	VIRTIO_LOG_WARNING = 1, /* something is wrong and was worked around */
	VIRTIO_LOG_INFO = 2,    /* a device was found, attached, changed */
	VIRTIO_LOG_DEBUG = 3,   /* steps on the way there */
};

/* A piece of memory as dma_map takes it: in, where the processor sees it; out, where the device does. */
struct virtio_dma_range {
	void *data;              /* in: first byte, for the processor */
	uint64_t device_address; /* in: the address that the owner of the memory gave; out: the one for the device */
	uint32_t length;         /* in: bytes, at least 1 */
	bool device_writes;      /* in: whether the device may write it; it may read it in either case */
};

/*
 * The hooks. `size` lets the struct grow: a field beyond it counts as absent, so a runtime built against an
 * older header goes on working. Hooks marked optional may be NULL.
 */
struct virtio_platform {
	size_t size;   /* sizeof(struct virtio_platform), as the runtime was compiled */
	void *context; /* handed to every hook as it is; may be NULL */

	/*
	 * Private memory that no device sees: SIZE bytes (at least 1) aligned to ALIGNMENT bytes (a power of two,
	 * at most 4096). Need not be zeroed. NULL when there is none.
	 */
	void *(*alloc)(void *context, size_t size, size_t alignment);

	/* Take back what alloc gave; SIZE is the same. */
	void (*free)(void *context, void *memory, size_t size);

	/*
	 * Memory that the device sees: contiguous for it, cache-coherent, SIZE bytes (at least 1) aligned to
	 * ALIGNMENT (a power of two, at most 4096) in both address spaces. Need not be zeroed. Stores where the device
	 * finds it in *DEVICE_ADDRESS, never 0: the physical address, unless an IOMMU stands between. NULL when there
	 * is none.
	 */
	void *(*dma_alloc)(void *context, size_t size, size_t alignment, uint64_t *device_address);

	/* Take back what dma_alloc gave; SIZE and DEVICE_ADDRESS are the same. The device no longer uses it. */
	void (*dma_free)(void *context, void *memory, size_t size, uint64_t device_address);

	/*
	 * Optional, called only for devices with VIRTIO_F_ACCESS_PLATFORM: make COUNT ranges of the caller's memory
	 * reachable for the device and store where it finds them. A range may lie in memory that dma_alloc gave: then
	 * it may stay where it is. 0, or a negative enum virtio_error with nothing mapped. Called on the data path,
	 * once a burst: must not block. Without it such devices are refused.
	 */
	int (*dma_map)(void *context, struct virtio_dma_range *ranges, size_t count);

	/* Optional, goes with dma_map: undo it, with the ranges as dma_map left them; afterwards the processor sees
	 * what the device wrote. */
	void (*dma_unmap)(void *context, struct virtio_dma_range *ranges, size_t count);

	/*
	 * Make LENGTH bytes of device registers at PHYSICAL_ADDRESS accessible, uncached, and return where. The mapping
	 * stays for ever, and asking again for the same range must work. NULL when that cannot be done. Optional for
	 * runtimes that use only PCI devices: legacy ones have port I/O, modern ones are slow without (pci.h).
	 */
	void *(*map_device)(void *context, uint64_t physical_address, uint64_t length);

	/*
	 * Nanoseconds (not cycles of the processor) on a clock that never goes back; where it starts does not matter.
	 * Callable anywhere, and moves also where interrupts are off, or waits would not end. Optional:
	 * without it whatever would have to wait (attach, reset, the blocking helpers) answers VIRTIO_ERR_UNSUPPORTED;
	 * the data path needs no clock.
	 */
	uint64_t (*now)(void *context);

	/*
	 * Optional: give the processor away until an interrupt arrived or now() reaches DEADLINE, whichever is first;
	 * not at all when it has passed. May return at any time, also at once: callers look again. NULL makes waiting
	 * calls spin.
	 */
	void (*wait)(void *context, uint64_t deadline);

	/*
	 * Optional: one line for the log, without a newline, NUL-terminated, gone when the call returns. LEVEL is an
	 * enum virtio_log_level. Called at attach, reset and on errors, never per packet; may be called from an
	 * interrupt handler when a device breaks the rules. Never called by a library that was built without messages
	 * (the build's option `messages`).
	 */
	void (*log)(void *context, int level, const char *message);
};

VIRTIO_END_DECLS

#endif
