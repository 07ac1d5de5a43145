/* SPDX-License-Identifier: ISC */
/* What the two versions of the MMIO transport share. */
#ifndef VIRTIO_TRANSPORT_MMIO_H
#define VIRTIO_TRANSPORT_MMIO_H

#include <virtio/device.h>
#include <virtio/spec/mmio.h>

/* Whether WINDOW begins with the magic number, even if no device is in it. */
bool virtio_mmio_present(const struct virtio_platform *platform, const struct virtio_mmio_window *window);

/* Cut dev->common, which is the whole window, into the registers that both versions have. Cannot fail: 0. */
VIRTIO_MUST_CHECK int virtio_mmio_cut(struct virtio_device *dev);

/* Read QueueSizeMax of the selected virtqueue, cut to 16 bits: what is too large stays too large. */
uint16_t virtio_mmio_queue_size_max(struct virtio_device *dev);

/* The operations of both that are the same, as struct virtio_transport_ops describes them. */
uint8_t virtio_mmio_status(struct virtio_device *dev);
void virtio_mmio_set_status(struct virtio_device *dev, uint8_t status);
uint32_t virtio_mmio_features_offered(struct virtio_device *dev, unsigned word);
void virtio_mmio_accept_features(struct virtio_device *dev, unsigned word, uint32_t features);
void virtio_mmio_notify(struct virtio_queue *queue);
uint8_t virtio_mmio_interrupt_cause(struct virtio_device *dev);

#endif
