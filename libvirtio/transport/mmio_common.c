/* SPDX-License-Identifier: ISC */
/* What both versions of the MMIO transport do alike (VIRTIO 4.2.2, 4.2.3): all registers are words of 32 bits. */
#include <virtio/spec/status.h>

#include "base/barrier.h"
#include "transport/mmio.h"

int virtio_mmio_cut(struct virtio_device *dev)
{
	const struct virtio_region whole = dev->common;
	uint64_t config = whole.length - VIRTIO_MMIO_CONFIG;
	int bounds = virtio_region_part(&dev->common, &whole, 0, VIRTIO_MMIO_CONFIG);

	bounds |= virtio_region_part(&dev->notify, &whole, VIRTIO_MMIO_QUEUE_NOTIFY, 4);
	bounds |= virtio_region_part(&dev->isr, &whole, VIRTIO_MMIO_INTERRUPT_STATUS, 8);
	if (config)
		bounds |= virtio_region_part(&dev->config, &whole, VIRTIO_MMIO_CONFIG, config);
	return bounds;
}

uint16_t virtio_mmio_queue_size_max(struct virtio_device *dev)
{
	uint32_t size = virtio_region_read32(&dev->common, VIRTIO_MMIO_QUEUE_SIZE_MAX);

	return size < UINT16_MAX ? (uint16_t)size : UINT16_MAX;
}

uint8_t virtio_mmio_status(struct virtio_device *dev)
{
	return (uint8_t)virtio_region_read32(&dev->common, VIRTIO_MMIO_STATUS);
}

void virtio_mmio_set_status(struct virtio_device *dev, uint8_t status)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_STATUS, status);
}

uint32_t virtio_mmio_features_offered(struct virtio_device *dev, unsigned word)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_DEVICE_FEATURES_SEL, word);
	return virtio_region_read32(&dev->common, VIRTIO_MMIO_DEVICE_FEATURES);
}

void virtio_mmio_accept_features(struct virtio_device *dev, unsigned word, uint32_t features)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_DRIVER_FEATURES_SEL, word);
	virtio_region_write32(&dev->common, VIRTIO_MMIO_DRIVER_FEATURES, features);
}

void virtio_mmio_notify(struct virtio_queue *queue)
{
	virtio_fence_register_write(); /* MB-07: the buffers are there before the device looks for them */
	virtio_region_write32(&queue->window, 0, queue->notify_value);
}

/* Acknowledged before the work is done, which comes later and looks at all rings (MMIO-14): so no event is lost. */
uint8_t virtio_mmio_interrupt_cause(struct virtio_device *dev)
{
	const uint32_t known = VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG;
	uint32_t cause = virtio_region_read32(&dev->isr, 0) & known; /* 4.2.3.4.1: other bits are no concern of ours */

	if (cause)
		virtio_region_write32(&dev->isr, VIRTIO_MMIO_INTERRUPT_ACK - VIRTIO_MMIO_INTERRUPT_STATUS, cause);
	return (uint8_t)cause;
}
