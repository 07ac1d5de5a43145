/* SPDX-License-Identifier: ISC */
/* The modern PCI registers (VIRTIO 4.1.4.3 to 4.1.5). Where they lie is found by pci_modern_open.c. */
#include <virtio/spec/features.h>
#include <virtio/spec/pci.h>

#include "device/log.h"
#include "transport/pci.h"
#include "transport/pci_modern.h"

static uint8_t modern_status(struct virtio_device *dev)
{
	return virtio_region_read8(&dev->common, VIRTIO_PCI_COMMON_DEVICE_STATUS);
}

static void modern_set_status(struct virtio_device *dev, uint8_t status)
{
	virtio_region_write8(&dev->common, VIRTIO_PCI_COMMON_DEVICE_STATUS, status);
}

static uint32_t modern_features_offered(struct virtio_device *dev, unsigned word)
{
	virtio_region_write32(&dev->common, VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT, word);
	uint32_t features = virtio_region_read32(&dev->common, VIRTIO_PCI_COMMON_DEVICE_FEATURE);

	/* Devices of before 1.2 have no registers for them (4.1.4.3), whatever they offer. */
	if (word == 1 && dev->common.length < VIRTIO_PCI_COMMON_SIZE_1_2)
		features &= (uint32_t) ~((VIRTIO_F_NOTIF_CONFIG_DATA | VIRTIO_F_RING_RESET) >> 32);
	return features;
}

static void modern_accept_features(struct virtio_device *dev, unsigned word, uint32_t features)
{
	virtio_region_write32(&dev->common, VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT, word);
	virtio_region_write32(&dev->common, VIRTIO_PCI_COMMON_DRIVER_FEATURE, features);
}

/* The registers, where those of virtqueue INDEX can be reached now. */
static const struct virtio_region *select_queue(const struct virtio_device *dev, uint16_t index)
{
	virtio_region_write16(&dev->common, VIRTIO_PCI_COMMON_QUEUE_SELECT, index);
	return &dev->common;
}

static uint16_t modern_queue_size(struct virtio_device *dev, uint16_t index)
{
	return virtio_region_read16(select_queue(dev, index), VIRTIO_PCI_COMMON_QUEUE_SIZE);
}

/* 4.1.3.1: fields of 64 bits are written by halves. */
static void write_address(const struct virtio_region *common, uint64_t offset, uint64_t address)
{
	virtio_region_write32(common, offset, (uint32_t)address);
	virtio_region_write32(common, offset + 4, (uint32_t)(address >> 32));
}

/* 4.1.4.4: where this virtqueue's notifications go. */
static int find_notify_window(struct virtio_device *dev, struct virtio_queue *queue)
{
	uint64_t number = virtio_region_read16(&dev->common, VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF);
	uint64_t offset = number * dev->notify_multiplier;
	unsigned width = virtio_device_has(dev, VIRTIO_F_NOTIFICATION_DATA) ? 4 : 2;

	queue->notify_value = queue->index;
	if (virtio_device_has(dev, VIRTIO_F_NOTIF_CONFIG_DATA))
		queue->notify_value = virtio_region_read16(&dev->common, VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA);
	if ((dev->notify.base + offset) & (width - 1) ||
		virtio_region_part(&queue->window, &dev->notify, offset, width) < 0)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_PROTOCOL,
			"its notifications would go outside the device's window for them");
	return 0;
}

static int modern_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	const struct virtqueue_addresses *addresses = &queue->ring.addresses;
	const struct virtio_region *common = select_queue(dev, queue->index);

	if (virtio_region_read16(common, VIRTIO_PCI_COMMON_QUEUE_ENABLE) != 0)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_PROTOCOL, "it is in use after the reset");
	int result = find_notify_window(dev, queue);
	if (result < 0)
		return result;
	virtio_region_write16(common, VIRTIO_PCI_COMMON_QUEUE_SIZE, queue->ring.size);
	write_address(common, VIRTIO_PCI_COMMON_QUEUE_DESC, addresses->descriptors);
	write_address(common, VIRTIO_PCI_COMMON_QUEUE_DRIVER, addresses->driver);
	write_address(common, VIRTIO_PCI_COMMON_QUEUE_DEVICE, addresses->device);
	virtio_region_write16(common, VIRTIO_PCI_COMMON_QUEUE_ENABLE, 1); /* last: it fixes the rest */
	return 0;
}

static void modern_reset_queue(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write16(select_queue(dev, index), VIRTIO_PCI_COMMON_QUEUE_RESET, 1);
}

/* 4.1.4.3.2: it is not over before 0 is read. */
static bool modern_queue_in_reset(struct virtio_device *dev, uint16_t index)
{
	return virtio_region_read16(select_queue(dev, index), VIRTIO_PCI_COMMON_QUEUE_RESET) != 0;
}

static uint32_t modern_config_generation(struct virtio_device *dev)
{
	return virtio_region_read8(&dev->common, VIRTIO_PCI_COMMON_CONFIG_GENERATION);
}

const struct virtio_transport_ops virtio_pci_modern_ops = {
	.name = "modern PCI",
	.features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
		    VIRTIO_F_RING_PACKED | VIRTIO_F_ORDER_PLATFORM | VIRTIO_F_NOTIFICATION_DATA |
		    VIRTIO_F_NOTIF_CONFIG_DATA | VIRTIO_F_RING_RESET | VIRTIO_F_SUSPEND | VIRTIO_F_IN_ORDER,
	.required_features = VIRTIO_F_VERSION_1,
	.feature_words = 2,
	.confirms_features = true,
	.open = virtio_pci_modern_open,
	.set_dma = virtio_pci_set_dma,
	.status = modern_status,
	.set_status = modern_set_status,
	.features_offered = modern_features_offered,
	.accept_features = modern_accept_features,
	.queue_size = modern_queue_size,
	.start_queue = modern_start_queue,
	.notify = virtio_pci_notify,
	.notify_with_data = virtio_pci_notify_with_data,
	.reset_queue = modern_reset_queue,
	.queue_in_reset = modern_queue_in_reset,
	.config_generation = modern_config_generation,
	.interrupt_cause = virtio_pci_interrupt_cause,
	.vectors =
		{
			.config = VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR,
			.select = VIRTIO_PCI_COMMON_QUEUE_SELECT,
			.queue = VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR,
		},
};
