/* SPDX-License-Identifier: ISC */
/* The one file of the shim that knows libvirtio: its hooks, on what the shim offers. */
#include <boot/platform.h>

#include <boot/acpi.h>
#include <boot/clock.h>
#include <boot/memory.h>

#include "acpi.h"
#include "memory_map.h"
#include "serial.h"

/* Below are RAM and, on q35, the window for PCI Express's configuration; above the chipset's own devices. */
#define PCI_MEMORY_START 0xc0000000
#define PCI_MEMORY_END 0xfec00000

/* Those of the chipset are below. */
#define PCI_PORTS_START 0xc000
#define PCI_PORTS_END 0x10000

static int platform_log_level = VIRTIO_LOG_INFO;

static void *platform_alloc(void *context, size_t size, size_t alignment)
{
	(void)context;
	return boot_alloc(size, alignment);
}

static void platform_free(void *context, void *memory, size_t size)
{
	(void)context;
	boot_free(memory, size);
}

static void *platform_dma_alloc(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	void *memory = boot_alloc(size, alignment);

	(void)context;
	*device_address = (uintptr_t)memory;
	return memory;
}

static void platform_dma_free(void *context, void *memory, size_t size, uint64_t device_address)
{
	(void)context;
	(void)device_address;
	boot_free(memory, size);
}

/* Nobody here sets an IOMMU up, and one that nobody set up lets everything pass: addresses stay what they are. */
static int platform_dma_map(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context;
	(void)ranges;
	(void)count;
	return 0;
}

static void platform_dma_unmap(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context;
	(void)ranges;
	(void)count;
}

static void *platform_map_device(void *context, uint64_t physical_address, uint64_t length)
{
	(void)context;
	return boot_map_device(physical_address, length);
}

static uint64_t platform_now(void *context)
{
	(void)context;
	return boot_clock_now();
}

static void platform_wait(void *context, uint64_t deadline)
{
	(void)context;
	boot_wait(deadline);
}

static void platform_log(void *context, int level, const char *message)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	const char *name = level >= 0 && level <= VIRTIO_LOG_DEBUG ? names[level] : "?";

	(void)context;
	if (level <= platform_log_level)
		boot_printf("virtio %s: %s\n", name, message);
}

static const struct virtio_platform platform_hooks = {
	.size = sizeof platform_hooks,
	.alloc = platform_alloc,
	.free = platform_free,
	.dma_alloc = platform_dma_alloc,
	.dma_free = platform_dma_free,
	.dma_map = platform_dma_map,
	.dma_unmap = platform_dma_unmap,
	.map_device = platform_map_device,
	.now = platform_now,
	.wait = platform_wait,
	.log = platform_log,
};

const struct virtio_platform *boot_platform(void)
{
	return &platform_hooks;
}

void boot_platform_set_log_level(int level)
{
	platform_log_level = level;
}

const struct virtio_pci_windows *boot_pci_windows(const struct boot_info *info)
{
	static struct virtio_pci_windows windows;
	struct boot_range hole = boot_memory_map_hole(info, PCI_MEMORY_START, PCI_MEMORY_END);

	windows = (struct virtio_pci_windows){
		.memory = (uint32_t)hole.start,
		.memory_length = (uint32_t)(hole.end - hole.start),
		.ports = PCI_PORTS_START,
		.ports_length = PCI_PORTS_END - PCI_PORTS_START,
	};
	return &windows;
}

const struct virtio_mmio_window *boot_mmio_windows(unsigned *count)
{
	static struct virtio_mmio_window windows[BOOT_ACPI_VIRTIO_MMIO_MAX];
	const struct boot_acpi_virtio_mmio *told;

	for (*count = 0; (told = boot_acpi_virtio_mmio(*count)) != NULL; ++*count)
		windows[*count] = (struct virtio_mmio_window){told->base, told->length, told->line.gsi};
	return windows;
}
