/* SPDX-License-Identifier: ISC */
/* A device's registers (VIRTIO 4.1.4.10), with the rules by which bhyve reads them. */
#include <virtio/spec/features.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/bhyve.h"
#include "fake/platform.h"

#define PAGE 4096

/* The width of the common register at OFFSET, 0 where none begins. */
static unsigned register_width(const struct bhyve_device *device, unsigned offset)
{
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DEVICE_FEATURES:
	case VIRTIO_PCI_LEGACY_DRIVER_FEATURES:
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		return 4;
	case VIRTIO_PCI_LEGACY_QUEUE_SIZE:
	case VIRTIO_PCI_LEGACY_QUEUE_SELECT:
	case VIRTIO_PCI_LEGACY_QUEUE_NOTIFY:
		return 2;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
	case VIRTIO_PCI_LEGACY_ISR_STATUS:
		return 1;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		return bhyve_msix(device) ? 2 : 0;
	default:
		return 0;
	}
}

/* Where the device-specific configuration begins: later while MSI-X is enabled. */
static unsigned config_start(const struct bhyve_device *device)
{
	return bhyve_msix(device) ? VIRTIO_PCI_LEGACY_CONFIG_MSIX : VIRTIO_PCI_LEGACY_CONFIG;
}

/* Whether bhyve survives and understands the access. */
static bool access_ok(const struct bhyve_device *device, unsigned offset, unsigned width)
{
	unsigned start = config_start(device);

	if (offset + width > device->bar_size)
		bhyve_kill("an access across the end of BAR 0");
	else if (offset >= start && device->config_size == 0)
		bhyve_kill("the entropy device has no configuration and crashes at it");
	else if (offset >= start && offset - start + width > device->config_size)
		bhyve_kill("an access behind the device's configuration");
	else if (offset < start && register_width(device, offset) != width)
		bhyve_kill("a common register takes its exact width only");
	return !bhyve_killed();
}

static struct bhyve_queue *selected(struct bhyve_device *device)
{
	return device->select < device->queue_count ? &device->queues[device->select] : NULL;
}

uint32_t bhyve_register_read(struct bhyve_device *device, unsigned offset, unsigned width)
{
	struct bhyve_queue *queue = selected(device);
	uint32_t value = 0;

	if (!access_ok(device, offset, width))
		return UINT32_MAX;
	if (offset >= config_start(device)) {
		for (unsigned i = 0; i < width; i++)
			value |= (uint32_t)device->config[offset - config_start(device) + i] << 8 * i;
		return value;
	}
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DEVICE_FEATURES:
		return device->offered;
	case VIRTIO_PCI_LEGACY_DRIVER_FEATURES:
		return device->features;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		return queue ? queue->page : 0;
	case VIRTIO_PCI_LEGACY_QUEUE_SIZE:
		return queue ? queue->size : 0;
	case VIRTIO_PCI_LEGACY_QUEUE_SELECT:
		return device->select;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		return device->status;
	case VIRTIO_PCI_LEGACY_ISR_STATUS:
		value = device->isr;
		device->isr = 0;
		return value;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
		return device->config_vector;
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		return queue ? queue->vector : VIRTIO_NO_VECTOR;
	default:
		return 0;
	}
}

static void write_features(struct bhyve_device *device, uint32_t features)
{
	device->features = features;
	device->features_written++;
	if (device->features_written > 1)
		bhyve_kill("features are written once for each reset: older versions change the net header's size");
	if (features & ~device->offered)
		bhyve_kill("a feature was accepted that was not offered");
	if (features & VIRTIO_F_NOTIFY_ON_EMPTY)
		bhyve_kill("NOTIFY_ON_EMPTY defeats interrupt suppression: decline it");
	if (device->status & VIRTIO_STATUS_DRIVER_OK)
		bhyve_kill("features were written after DRIVER_OK");
}

static uint64_t align(uint64_t value)
{
	return (value + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static void write_page(struct bhyve_queue *queue, uint32_t page)
{
	uint64_t used = queue ? align(18 * (uint64_t)queue->size + 6) : 0;
	uint64_t address = (uint64_t)page * PAGE;

	if (!queue)
		bhyve_kill("an address was given for a queue that is not there");
	else if (page == 0)
		bhyve_kill("page 0 does not take a queue away: it maps the ring at address 0");
	else if (!fake_platform_is_dma(address, used + align(8 * (uint64_t)queue->size + 6)))
		bhyve_kill("a ring outside memory");
	else {
		queue->page = page;
		queue->desc = fake_platform_pointer(address, 16 * (uint64_t)queue->size);
		queue->avail = fake_platform_pointer(address + 16 * (uint64_t)queue->size, 4);
		queue->used = fake_platform_pointer(address + used, 4);
	}
}

static void write_status(struct bhyve_device *device, uint8_t status)
{
	if (status == 0) {
		bhyve_device_reset(device);
		return;
	}
	if (status & VIRTIO_STATUS_FEATURES_OK)
		bhyve_kill("a legacy device knows no FEATURES_OK");
	if (device->status & ~status)
		bhyve_kill("a status bit was taken back without a reset");
	if ((status & VIRTIO_STATUS_DRIVER_OK) && device->features_written == 0)
		bhyve_kill("features were never written, not even 0: newer versions keep receive off");
	device->status = status;
}

static void write_notify(struct bhyve_device *device, unsigned index)
{
	device->notified++;
	if (index >= device->queue_count)
		bhyve_kill("a notification of a queue that is not there");
	else if (!device->queues[index].page)
		bhyve_kill("a notification of a queue without memory");
	else if (!(device->status & VIRTIO_STATUS_DRIVER_OK))
		bhyve_kill("a notification before DRIVER_OK");
	else
		bhyve_device_notify(device, index);
}

/* A vector is taken as it is. */
static void write_vector(struct bhyve_device *device, unsigned offset, uint16_t vector)
{
	struct bhyve_queue *queue = selected(device);

	if (offset == VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR)
		device->config_vector = vector;
	else if (queue)
		queue->vector = vector;
}

static void write_common(struct bhyve_device *device, unsigned offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DRIVER_FEATURES:
		write_features(device, value);
		break;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		write_page(selected(device), value);
		break;
	case VIRTIO_PCI_LEGACY_QUEUE_SELECT:
		device->select = (uint16_t)value;
		break;
	case VIRTIO_PCI_LEGACY_QUEUE_NOTIFY:
		write_notify(device, value);
		break;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		write_status(device, (uint8_t)value);
		break;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		write_vector(device, offset, (uint16_t)value);
		break;
	default:
		bhyve_kill("a write to a register that can only be read");
	}
}

void bhyve_register_write(struct bhyve_device *device, unsigned offset, unsigned width, uint32_t value)
{
	if (!access_ok(device, offset, width))
		return;
	if (offset >= config_start(device))
		bhyve_kill("a write to the device's configuration");
	else
		write_common(device, offset, value);
}
