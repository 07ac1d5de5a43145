/* SPDX-License-Identifier: ISC */
/*
 * The registers of the fuzz targets' device: MMIO of both versions (VIRTIO 4.2), and what lies behind the BARs of
 * modern and legacy PCI devices (4.1). In place of the library's ways to memory and ports, these are called for each
 * access.
 */
#include <virtio/spec/mmio.h>
#include <virtio/spec/pci.h>

#include "base/region_widths.h"
#include "device.h"
#include "pci.h"

static struct fuzz_device *device;

/* ---- MMIO ---- */

static uint32_t mmio_value(uint64_t offset)
{
	bool modern = device->bus == FUZZ_MMIO_MODERN;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MMIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return modern ? VIRTIO_MMIO_VERSION_2 : VIRTIO_MMIO_VERSION_1;
	case VIRTIO_MMIO_DEVICE_ID:
		return device->kind->type;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return device->device_select < 2 ? (uint32_t)(device->offered >> 32 * device->device_select) : 0;
	case VIRTIO_MMIO_QUEUE_SIZE_MAX:
		return fuzz_device_queue_size(device);
	case VIRTIO_MMIO_QUEUE_READY:
		return fuzz_device_queue(device)->enabled;
	case VIRTIO_MMIO_LEGACY_QUEUE_PFN:
		return fuzz_device_queue(device)->page;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return device->isr;
	case VIRTIO_MMIO_STATUS:
		return device->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return device->generation;
	default:
		return 0;
	}
}

static void mmio_write(uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device->device_select = value;
		return;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		device->driver_select = value;
		return;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		device->accepted |= device->driver_select < 2 ? (uint64_t)value << 32 * device->driver_select : 0;
		return;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->queue_select = value;
		return;
	case VIRTIO_MMIO_QUEUE_READY:
		fuzz_device_enable(device, value == 1);
		return;
	case VIRTIO_MMIO_LEGACY_QUEUE_PFN:
		fuzz_device_enable(device, true);
		fuzz_device_queue(device)->page = value;
		return;
	case VIRTIO_MMIO_QUEUE_RESET:
		fuzz_device_enable(device, false);
		return;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		device->isr = (uint8_t)(device->isr & ~value);
		return;
	case VIRTIO_MMIO_STATUS:
		fuzz_device_set_status(device, (uint8_t)value);
		return;
	}
}

/* ---- modern PCI ---- */

static uint32_t common_value(uint64_t offset)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE:
		return device->device_select < 2 ? (uint32_t)(device->offered >> 32 * device->device_select) : 0;
	case VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR:
		return device->config_vector;
	case VIRTIO_PCI_COMMON_NUM_QUEUES:
		return device->kind->queues;
	case VIRTIO_PCI_COMMON_DEVICE_STATUS:
		return device->status;
	case VIRTIO_PCI_COMMON_CONFIG_GENERATION:
		return device->generation;
	case VIRTIO_PCI_COMMON_QUEUE_SIZE:
		return fuzz_device_queue_size(device);
	case VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR:
		return fuzz_device_queue(device)->vector;
	case VIRTIO_PCI_COMMON_QUEUE_ENABLE:
		return fuzz_device_queue(device)->enabled;
	case VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF:
	case VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA:
		return device->queue_select;
	default:
		return 0;
	}
}

static void common_write(uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT:
		device->device_select = value;
		return;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT:
		device->driver_select = value;
		return;
	case VIRTIO_PCI_COMMON_DRIVER_FEATURE:
		device->accepted |= device->driver_select < 2 ? (uint64_t)value << 32 * device->driver_select : 0;
		return;
	case VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR:
		device->config_vector = (uint16_t)value;
		return;
	case VIRTIO_PCI_COMMON_DEVICE_STATUS:
		fuzz_device_set_status(device, (uint8_t)value);
		return;
	case VIRTIO_PCI_COMMON_QUEUE_SELECT:
		device->queue_select = value;
		return;
	case VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR:
		fuzz_device_queue(device)->vector = (uint16_t)value;
		return;
	case VIRTIO_PCI_COMMON_QUEUE_ENABLE:
		fuzz_device_enable(device, true);
		return;
	case VIRTIO_PCI_COMMON_QUEUE_RESET:
		fuzz_device_enable(device, false);
		return;
	}
}

static uint32_t bar_read(uint64_t offset, unsigned width)
{
	if (offset < FUZZ_PCI_ISR)
		return common_value(offset);
	if (offset < FUZZ_PCI_DEVICE)
		return fuzz_device_take_isr(device);
	return offset < FUZZ_PCI_NOTIFY ? fuzz_device_config_read(device, offset - FUZZ_PCI_DEVICE, width) : 0;
}

static void bar_write(uint64_t offset, unsigned width, uint32_t value)
{
	if (offset < FUZZ_PCI_ISR)
		common_write(offset, value);
	else if (offset >= FUZZ_PCI_DEVICE && offset < FUZZ_PCI_NOTIFY)
		fuzz_device_config_write(device, offset - FUZZ_PCI_DEVICE, width, value);
}

/* ---- legacy PCI ---- */

static uint64_t legacy_config(void)
{
	return device->driver.msix ? VIRTIO_PCI_LEGACY_CONFIG_MSIX : VIRTIO_PCI_LEGACY_CONFIG;
}

static uint32_t legacy_read(uint64_t offset, unsigned width)
{
	if (offset >= legacy_config())
		return fuzz_device_config_read(device, offset - legacy_config(), width);
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DEVICE_FEATURES:
		return (uint32_t)device->offered;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		return fuzz_device_queue(device)->page;
	case VIRTIO_PCI_LEGACY_QUEUE_SIZE:
		return fuzz_device_queue_size(device);
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		return device->status;
	case VIRTIO_PCI_LEGACY_ISR_STATUS:
		return fuzz_device_take_isr(device);
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
		return device->config_vector;
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		return fuzz_device_queue(device)->vector;
	default:
		return 0;
	}
}

static void legacy_write(uint64_t offset, unsigned width, uint32_t value)
{
	if (offset >= legacy_config()) {
		fuzz_device_config_write(device, offset - legacy_config(), width, value);
		return;
	}
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DRIVER_FEATURES:
		device->accepted = value;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		fuzz_device_enable(device, value != 0);
		fuzz_device_queue(device)->page = value;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_SELECT:
		device->queue_select = value;
		return;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		fuzz_device_set_status(device, (uint8_t)value);
		return;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
		device->config_vector = (uint16_t)value;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		fuzz_device_queue(device)->vector = (uint16_t)value;
		return;
	}
}

/* ---- the window ---- */

/* Where in the machine an access goes; the library must not have made a window longer than it may be. */
static uint64_t place_of(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	fuzz_check(offset <= region->length && width <= region->length - offset);
	fuzz_check((region->base + offset) % width == 0);
	return region->base + offset;
}

static uint32_t register_read(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	uint64_t place = place_of(region, offset, width);
	uint32_t value = 0;

	if (place >= FUZZ_MMIO_ADDRESS + VIRTIO_MMIO_CONFIG && place < FUZZ_BAR_ADDRESS)
		value = fuzz_device_config_read(device, place - FUZZ_MMIO_ADDRESS - VIRTIO_MMIO_CONFIG, width);
	else if (place >= FUZZ_MMIO_ADDRESS && place < FUZZ_BAR_ADDRESS)
		value = mmio_value(place - FUZZ_MMIO_ADDRESS);
	else if (place >= FUZZ_BAR_ADDRESS && place < FUZZ_MSIX_ADDRESS)
		value = bar_read(place - FUZZ_BAR_ADDRESS, width);
	else if (place >= FUZZ_PORTS && place < FUZZ_MMIO_ADDRESS)
		value = legacy_read(place - FUZZ_PORTS, width);
	return fuzz_device_answer(device, value, width);
}

static void register_write(const struct virtio_region *region, uint64_t offset, unsigned width, uint32_t value)
{
	uint64_t place = place_of(region, offset, width);

	if (place >= FUZZ_MMIO_ADDRESS + VIRTIO_MMIO_CONFIG && place < FUZZ_BAR_ADDRESS)
		fuzz_device_config_write(device, place - FUZZ_MMIO_ADDRESS - VIRTIO_MMIO_CONFIG, width, value);
	else if (place >= FUZZ_MMIO_ADDRESS && place < FUZZ_BAR_ADDRESS)
		mmio_write(place - FUZZ_MMIO_ADDRESS, value);
	else if (place >= FUZZ_BAR_ADDRESS && place < FUZZ_MSIX_ADDRESS)
		bar_write(place - FUZZ_BAR_ADDRESS, width, value);
	else if (place >= FUZZ_PORTS && place < FUZZ_MMIO_ADDRESS)
		legacy_write(place - FUZZ_PORTS, width, value);
	fuzz_device_touched();
}

REGION_WIDTHS(register);

/* These two stand in for the library's. */
struct virtio_region virtio_region_memory(void *registers, uint64_t length)
{
	return (struct virtio_region){.ops = &register_ops, .base = (uintptr_t)registers, .length = length};
}

#ifdef __x86_64__
struct virtio_region virtio_region_ports(uint16_t port, uint16_t length)
{
	return (struct virtio_region){.ops = &register_ops, .base = port, .length = length};
}
#endif

/* Never followed: the address itself tells what is there. */
static void *map(uint64_t address, uint64_t length)
{
	fuzz_check(length > 0 && length - 1 <= UINT64_MAX - address);
	return (void *)(uintptr_t)address;
}

void fuzz_bus_start(struct fuzz_device *with)
{
	device = with;
	fuzz_runtime_set_map(map);
	fuzz_pci_describe(with);
}

int fuzz_device_open(struct fuzz_device *with)
{
	static const struct virtio_mmio_window window = {
		.address = FUZZ_MMIO_ADDRESS, .length = VIRTIO_MMIO_CONFIG + FUZZ_CONFIG};
	struct virtio_pci_access access = fuzz_pci_access(with);
	struct virtio_pci_function function = virtio_pci_first(&access);

	if (with->bus == FUZZ_MMIO_MODERN || with->bus == FUZZ_MMIO_LEGACY)
		return virtio_mmio_open(&with->driver, with->platform, &window, &virtio_support_all);
	if (!virtio_pci_next(&function))
		return VIRTIO_ERR_NO_DEVICE;
	return virtio_pci_open(&with->driver, with->platform, &function, &virtio_support_all);
}
