/* SPDX-License-Identifier: ISC */
/* Which MSI-X vector tells of what: for a table of struct virtio_vector_ops. */
#ifndef VIRTIO_DEVICE_VECTORS_H
#define VIRTIO_DEVICE_VECTORS_H

#include <virtio/device.h>

/* virtio_vector_ops.begin. */
void virtio_vectors_begin(struct virtio_device *dev);

/* virtio_vector_ops.assign. */
void virtio_vectors_assign(struct virtio_device *dev, struct virtio_queue *queue);

#endif
