/* SPDX-License-Identifier: ISC */
/*
 * The legacy PCI interface (VIRTIO 4.1.4.10): one I/O BAR with the common registers and, behind them, the device's own.
 * Each register is accessed in its own width, because bhyve answers to no other.
 */
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "device/log.h"
#include "pci/bar.h"
#include "transport/pci.h"

/*
 * 4.1.4.10: legacy configuration and rings are in the processor's order; we know only the one that needs no care
 * (LEG-01, LEG-02, LEG-03, LEG-04).
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "legacy devices are for little-endian processors");

#define PAGE_SHIFT 12 /* the queue address is a page number */

static int legacy_fault(const struct virtio_device *dev, int error, const char *problem)
{
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "legacy PCI: %s", problem);
	return error;
}

static int legacy_open(struct virtio_device *dev)
{
	const struct virtio_pci_function *function = &dev->function;
	struct virtio_region registers;
	struct virtio_pci_bar bar;

	if (!function->access.ops || function->device > VIRTIO_PCI_TRANSITIONAL_LAST)
		return VIRTIO_ERR_NO_DEVICE;
	if (virtio_pci_bar_decode(function, 0, &bar) < 0 || !bar.io)
		return legacy_fault(dev, VIRTIO_ERR_PROTOCOL, "BAR 0 is missing, or not in port space");
	if (virtio_pci_bar_ports(function, &bar, &registers) < 0)
		return legacy_fault(
			dev, VIRTIO_ERR_UNSUPPORTED, "BAR 0 has no address among the ports (virtio_pci_assign_from)");

	uint64_t config = dev->msix ? VIRTIO_PCI_LEGACY_CONFIG_MSIX : VIRTIO_PCI_LEGACY_CONFIG;
	if (registers.length < config)
		return legacy_fault(dev, VIRTIO_ERR_PROTOCOL, "BAR 0 is too short");
	int bounds = virtio_region_part(&dev->config, &registers, config, registers.length - config);
	bounds |= virtio_region_part(&dev->isr, &registers, VIRTIO_PCI_LEGACY_ISR_STATUS, 1);
	bounds |= virtio_region_part(&dev->notify, &registers, VIRTIO_PCI_LEGACY_QUEUE_NOTIFY, 2);
	bounds |= virtio_region_part(&dev->common, &registers, 0, config);
	return bounds;
}

static uint8_t legacy_status(struct virtio_device *dev)
{
	return virtio_region_read8(&dev->common, VIRTIO_PCI_LEGACY_DEVICE_STATUS);
}

static void legacy_set_status(struct virtio_device *dev, uint8_t status)
{
	virtio_region_write8(&dev->common, VIRTIO_PCI_LEGACY_DEVICE_STATUS, status);
}

static uint32_t legacy_features_offered(struct virtio_device *dev, unsigned word)
{
	(void)word; /* there is one */
	return virtio_region_read32(&dev->common, VIRTIO_PCI_LEGACY_DEVICE_FEATURES);
}

static void legacy_accept_features(struct virtio_device *dev, unsigned word, uint32_t features)
{
	(void)word;
	virtio_region_write32(&dev->common, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, features);
}

static uint16_t legacy_queue_size(struct virtio_device *dev, uint16_t index)
{
	virtio_region_write16(&dev->common, VIRTIO_PCI_LEGACY_QUEUE_SELECT, index);
	return virtio_region_read16(&dev->common, VIRTIO_PCI_LEGACY_QUEUE_SIZE);
}

static int legacy_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	uint64_t page = queue->ring.addresses.descriptors >> PAGE_SHIFT;

	if (page > UINT32_MAX)
		return legacy_fault(dev, VIRTIO_ERR_UNSUPPORTED, "a virtqueue lies above 16 TiB, out of its reach");
	virtio_region_write16(&dev->common, VIRTIO_PCI_LEGACY_QUEUE_SELECT, queue->index);
	if (virtio_region_read32(&dev->common, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS) != 0)
		return legacy_fault(dev, VIRTIO_ERR_PROTOCOL, "a virtqueue is in use after the reset");
	queue->window = dev->notify;
	queue->notify_value = queue->index;
	virtio_region_write32(&dev->common, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS, (uint32_t)page);
	return 0;
}

/* Nothing counts changes here: that two reads agree has to do (2.5.4). */
static uint32_t legacy_config_generation(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

const struct virtio_transport_ops virtio_pci_legacy_ops = {
	.name = "legacy PCI",
	.features = VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
	.feature_words = 1,
	.ring_size_fixed = true,
	.ring_alignment = VIRTIO_PCI_LEGACY_QUEUE_ALIGN,
	.open = legacy_open,
	.set_dma = virtio_pci_set_dma,
	.status = legacy_status,
	.set_status = legacy_set_status,
	.features_offered = legacy_features_offered,
	.accept_features = legacy_accept_features,
	.queue_size = legacy_queue_size,
	.start_queue = legacy_start_queue,
	.notify = virtio_pci_notify,
	.config_generation = legacy_config_generation,
	.interrupt_cause = virtio_pci_interrupt_cause,
	.vectors =
		{
			.config = VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR,
			.select = VIRTIO_PCI_LEGACY_QUEUE_SELECT,
			.queue = VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR,
		},
};
