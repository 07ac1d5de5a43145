/* SPDX-License-Identifier: ISC */
/* MMIO registers of version 2 (VIRTIO 4.2.2). */
#include <virtio/spec/features.h>

#include "base/barrier.h"
#include "device/log.h"
#include "transport/mmio.h"

static int modern_open(struct virtio_device *dev)
{
	return dev->mmio_version == VIRTIO_MMIO_VERSION_2 ? virtio_mmio_cut(dev) : VIRTIO_ERR_NO_DEVICE;
}

static uint16_t modern_queue_size(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SEL, index);
	return virtio_mmio_queue_size_max(dev);
}

/* 4.2.2: both halves, also when the upper one is 0. */
static void write_address(struct virtio_device *dev, uint64_t offset, uint64_t address)
{
	virtio_region_write32(&dev->common, offset, (uint32_t)address);
	virtio_region_write32(&dev->common, offset + 4, (uint32_t)(address >> 32));
}

/* 4.2.3.2. */
static int modern_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	const struct virtqueue_addresses *addresses = &queue->ring.addresses;

	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SEL, queue->index);
	if (virtio_region_read32(&dev->common, VIRTIO_MMIO_QUEUE_READY) != 0)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_PROTOCOL, "it is in use after the reset");
	queue->window = dev->notify;
	queue->notify_value = queue->index;
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SIZE, queue->ring.size);
	write_address(dev, VIRTIO_MMIO_QUEUE_DESC, addresses->descriptors);
	write_address(dev, VIRTIO_MMIO_QUEUE_DRIVER, addresses->driver);
	write_address(dev, VIRTIO_MMIO_QUEUE_DEVICE, addresses->device);
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_READY, 1); /* last: it fixes the rest */
	if (virtio_region_read32(&dev->common, VIRTIO_MMIO_QUEUE_READY) != 1)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_PROTOCOL, "the device does not take it");
	return 0;
}

/* 4.2.3.3. */
static void modern_notify_with_data(struct virtio_queue *queue)
{
	virtio_fence_register_write(); /* the buffers are there before the device looks for them */
	virtio_region_write32(&queue->window, 0, queue->notify_value | virtqueue_notification_data(&queue->ring));
}

static void modern_reset_queue(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SEL, index);
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_RESET, 1);
}

/* 4.2.2.2: it is not over before 0 is read. */
static bool modern_queue_in_reset(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SEL, index);
	return virtio_region_read32(&dev->common, VIRTIO_MMIO_QUEUE_RESET) != 0;
}

static uint32_t modern_config_generation(struct virtio_device *dev)
{
	return virtio_region_read32(&dev->common, VIRTIO_MMIO_CONFIG_GENERATION);
}

const struct virtio_transport_ops virtio_mmio_modern_ops = {
	.name = "modern MMIO",
	.features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
		    VIRTIO_F_RING_PACKED | VIRTIO_F_ORDER_PLATFORM | VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_RING_RESET |
		    VIRTIO_F_SUSPEND | VIRTIO_F_IN_ORDER,
	.required_features = VIRTIO_F_VERSION_1,
	.feature_words = 2,
	.confirms_features = true,
	.open = modern_open,
	.status = virtio_mmio_status,
	.set_status = virtio_mmio_set_status,
	.features_offered = virtio_mmio_features_offered,
	.accept_features = virtio_mmio_accept_features,
	.queue_size = modern_queue_size,
	.start_queue = modern_start_queue,
	.notify = virtio_mmio_notify,
	.notify_with_data = modern_notify_with_data,
	.reset_queue = modern_reset_queue,
	.queue_in_reset = modern_queue_in_reset,
	.config_generation = modern_config_generation,
	.interrupt_cause = virtio_mmio_interrupt_cause,
};
