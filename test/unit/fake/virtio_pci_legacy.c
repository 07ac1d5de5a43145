/* SPDX-License-Identifier: ISC */
/* A legacy virtio PCI device as strict as bhyve's. */
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

#define BAD(...) fail_msg(__VA_ARGS__)
#define PORTS 0x40 /* in BAR 0; an access across its end kills the virtual machine */
#define SUBSYSTEM_VENDOR 0x2c
#define SUBSYSTEM 0x2e

/* The width of each register, by its offset: bhyve answers others with all ones. */
static const uint8_t widths[VIRTIO_PCI_LEGACY_CONFIG_MSIX] = {
	[0] = 4, [4] = 4, [8] = 4, [12] = 2, [14] = 2, [16] = 2, [18] = 1, [19] = 1, [20] = 2, [22] = 2};

static bool msix(const struct fake_virtio_pci *fake)
{
	const struct fake_pci_function *function = fake->function;

	return function->msix && function->config[function->msix + 3] & 0x80;
}

static uint64_t config_start(const struct fake_virtio_pci *fake)
{
	return msix(fake) ? VIRTIO_PCI_LEGACY_CONFIG_MSIX : VIRTIO_PCI_LEGACY_CONFIG;
}

static void check(const struct fake_virtio_pci *fake, uint64_t offset, unsigned width)
{
	if (!fake_pci_decodes_io(fake->function))
		BAD("I/O decoding is off");
	if (offset < config_start(fake) && widths[offset] != width)
		BAD("%u bytes at %llu: not the width of the register there", width, (unsigned long long)offset);
}

static uint32_t read_config(struct fake_virtio_pci *fake, uint64_t offset, unsigned width)
{
	uint64_t at = offset - config_start(fake);

	/* bhyve's entropy device has no configuration: older versions crash when it is read. */
	if (fake->found.device == VIRTIO_PCI_TRANSITIONAL_FIRST + 5 || at + width > FAKE_VIRTIO_PCI_CONFIG)
		BAD("%u bytes of configuration at %llu do not exist", width, (unsigned long long)at);
	return fake_region_load(&fake->config[at], width);
}

static uint32_t read_legacy(void *context, uint64_t offset, unsigned width)
{
	struct fake_virtio_pci *fake = context;
	bool exists = fake->queue_select < FAKE_VIRTIO_PCI_QUEUES;
	struct fake_virtio_pci_queue *queue = &fake->queues[exists ? fake->queue_select : 0];
	uint8_t isr = fake->isr;

	check(fake, offset, width);
	if (offset >= config_start(fake))
		return read_config(fake, offset, width);
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DEVICE_FEATURES:
		return (uint32_t)fake->offered;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		return exists ? (uint32_t)queue->addresses[0] : 0;
	case VIRTIO_PCI_LEGACY_QUEUE_SIZE:
		return exists ? queue->size : 0;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		return fake->status;
	case VIRTIO_PCI_LEGACY_ISR_STATUS:
		if (msix(fake))
			BAD("the ISR status is not for MSI-X");
		fake->isr = 0;
		return isr;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
		return fake->config_vector;
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		return queue->vector;
	default:
		BAD("the register at %llu need not be read", (unsigned long long)offset);
		return 0;
	}
}

static void set_status(struct fake_virtio_pci *fake, uint32_t status)
{
	if (status & VIRTIO_STATUS_FEATURES_OK)
		BAD("FEATURES_OK does not exist on legacy devices");
	if (status & VIRTIO_STATUS_DRIVER_OK && fake->accepted_writes != 1)
		BAD("features must be written exactly once after a reset, not %u times", fake->accepted_writes);
	if (status == 0) {
		fake->accepted_writes = 0;
		fake->isr = 0;
		for (unsigned i = 0; i < FAKE_VIRTIO_PCI_QUEUES; i++) {
			uint64_t ring = fake->queues[i].addresses[0] * VIRTIO_PCI_LEGACY_QUEUE_ALIGN;
			/* PCIL-10 */
			if (fake->queues[i].enabled && !fake_platform_is_dma(ring, VIRTIO_PCI_LEGACY_QUEUE_ALIGN))
				BAD("the memory of virtqueue %u is gone before the reset", i);
			fake->queues[i].enabled = false;
			fake->queues[i].vector = VIRTIO_NO_VECTOR;
			fake->queues[i].addresses[0] = 0;
		}
	}
	fake->status = (uint8_t)status;
}

static void notified(struct fake_virtio_pci *fake, uint32_t value)
{
	if (value >= FAKE_VIRTIO_PCI_QUEUES || !fake->queues[value].enabled)
		BAD("virtqueue %u is notified, and it has no address: bhyve dies", value);
	if (!(fake->status & VIRTIO_STATUS_DRIVER_OK))
		BAD("virtqueue %u is notified before DRIVER_OK", value);
	fake->queues[value].notifications++;
}

static void write_legacy(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	struct fake_virtio_pci *fake = context;
	bool exists = fake->queue_select < FAKE_VIRTIO_PCI_QUEUES && fake->queues[fake->queue_select].size;
	struct fake_virtio_pci_queue *queue = &fake->queues[exists ? fake->queue_select : 0];

	check(fake, offset, width);
	if (offset >= config_start(fake))
		BAD("device configuration is not ours to write");
	switch (offset) {
	case VIRTIO_PCI_LEGACY_DRIVER_FEATURES:
		fake->accepted = value;
		fake->accepted_writes++;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_ADDRESS:
		if (!exists || !value)
			BAD("page %u for virtqueue %u: bhyve would map the ring there", value, fake->queue_select);
		queue->addresses[0] = value;
		queue->enabled = true;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_SELECT:
		fake->queue_select = (uint16_t)value;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_NOTIFY:
		notified(fake, value);
		return;
	case VIRTIO_PCI_LEGACY_DEVICE_STATUS:
		set_status(fake, value);
		return;
	case VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR:
		fake->config_vector = fake->refuses_vectors ? VIRTIO_NO_VECTOR : (uint16_t)value;
		return;
	case VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR:
		queue->vector = fake->refuses_vectors ? VIRTIO_NO_VECTOR : (uint16_t)value;
		return;
	default:
		BAD("the register at %llu is read-only", (unsigned long long)offset);
	}
}

void fake_virtio_pci_start_legacy(struct fake_virtio_pci *fake, uint16_t type, uint32_t offered)
{
	static const uint16_t devices[] = {
		[VIRTIO_ID_NET] = 0x1000, [VIRTIO_ID_BLOCK] = 0x1001, [VIRTIO_ID_ENTROPY] = 0x1005};

	fake_pci_start();
	*fake = (struct fake_virtio_pci){
		.offered = offered, .queue_select = 0xabcd, .status = VIRTIO_STATUS_ACKNOWLEDGE};
	fake->function = fake_pci_add(FAKE_VIRTIO_PCI_ADDRESS, VIRTIO_PCI_VENDOR, devices[type]);
	fake_region_store(&fake->function->config[SUBSYSTEM_VENDOR], 2, VIRTIO_PCI_VENDOR);
	fake_region_store(&fake->function->config[SUBSYSTEM], 2, type);
	fake->queues[0].size = fake->queues[1].size = 256;
	fake->registers =
		(struct fake_region){.length = PORTS, .read = read_legacy, .write = write_legacy, .context = fake};
	fake_pci_set_bar(fake->function, 0, FAKE_PCI_IO, FAKE_VIRTIO_PCI_PORTS, PORTS, &fake->registers);
	fake_pci_set_bar(fake->function, 1, FAKE_PCI_MEMORY32, 0xc0000000, 0x2000, NULL); /* the MSI-X table */
	fake_pci_add_msix(fake->function, false);
	fake_virtio_pci_find(fake);
}
