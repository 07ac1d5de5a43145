/* SPDX-License-Identifier: ISC */
/* MMIO registers of version 1, the legacy interface (VIRTIO 4.2.4): rings in one block, whose page number counts. */
#include <virtio/spec/features.h>

#include "device/log.h"
#include "transport/mmio.h"

/* 4.2.4: legacy configuration and rings are in the processor's order; we know only the one that needs no care. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "legacy devices are for little-endian processors");

static int legacy_open(struct virtio_device *dev)
{
	return dev->mmio_version == VIRTIO_MMIO_VERSION_1 ? virtio_mmio_cut(dev) : VIRTIO_ERR_NO_DEVICE;
}

/* Select a virtqueue that is not in use; only then may its size be looked at. */
static int legacy_select(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SEL, index);
	if (virtio_region_read32(&dev->common, VIRTIO_MMIO_LEGACY_QUEUE_PFN) == 0)
		return 0;
	return virtio_queue_complain(dev, index, VIRTIO_ERR_PROTOCOL, "it is in use after the reset");
}

static uint16_t legacy_queue_size(struct virtio_device *dev, uint16_t index)
{
	if (!dev->queues) /* before the first of them: what page numbers count in */
		virtio_region_write32(&dev->common, VIRTIO_MMIO_LEGACY_PAGE_SIZE, VIRTIO_MMIO_LEGACY_ALIGN);
	return legacy_select(dev, index) < 0 ? UINT16_MAX : virtio_mmio_queue_size_max(dev);
}

static int legacy_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	uint64_t page = queue->ring.addresses.descriptors / VIRTIO_MMIO_LEGACY_ALIGN;
	int result = legacy_select(dev, queue->index);

	if (result < 0)
		return result;
	if (page == 0 || page > UINT32_MAX)
		return virtio_queue_complain(dev, queue->index, VIRTIO_ERR_UNSUPPORTED,
			"it lies in page 0 or above 16 TiB, out of the device's reach");
	queue->window = dev->notify;
	queue->notify_value = queue->index;
	virtio_region_write32(&dev->common, VIRTIO_MMIO_QUEUE_SIZE, queue->ring.size);
	virtio_region_write32(&dev->common, VIRTIO_MMIO_LEGACY_QUEUE_ALIGN, VIRTIO_MMIO_LEGACY_ALIGN);
	virtio_region_write32(&dev->common, VIRTIO_MMIO_LEGACY_QUEUE_PFN, (uint32_t)page);
	return 0;
}

/* Nothing counts changes here: that two reads agree has to do (2.5.4). */
static uint32_t legacy_config_generation(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

const struct virtio_transport_ops virtio_mmio_legacy_ops = {
	.name = "legacy MMIO",
	.features = VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
	.feature_words = 1,
	.ring_alignment = VIRTIO_MMIO_LEGACY_ALIGN,
	.open = legacy_open,
	.status = virtio_mmio_status,
	.set_status = virtio_mmio_set_status,
	.features_offered = virtio_mmio_features_offered,
	.accept_features = virtio_mmio_accept_features,
	.queue_size = legacy_queue_size,
	.start_queue = legacy_start_queue,
	.notify = virtio_mmio_notify,
	.config_generation = legacy_config_generation,
	.interrupt_cause = virtio_mmio_interrupt_cause,
};
