/* SPDX-License-Identifier: ISC */
/* Queues of small buffers that belong to the driver; include/virtio/buffers.h says what they are. */
#ifndef LIBVIRTIO_DRIVER_BUFFERS_H
#define LIBVIRTIO_DRIVER_BUFFERS_H

#include <virtio/buffers.h>

#define BUFFERS_MOST 64 /* of one queue: a bit each */

/*
 * Set up virtqueue INDEX with up to COUNT buffers of SIZE bytes each, all free; fewer when the queue is shorter. For
 * between virtio_device_begin and ready. 0, or the error of virtio_device_add_queue, or VIRTIO_ERR_NO_MEMORY.
 */
VIRTIO_MUST_CHECK int virtio_buffers_add_queue(
	struct virtio_buffers *buffers, struct virtio_device *device, uint16_t index, uint16_t count, uint32_t size);

/* Free the memory, once the device is reset. What was never set up is left alone, if it is zeroed. */
void virtio_buffers_free(struct virtio_buffers *buffers, const struct virtio_platform *platform);

/* A free buffer, not free from now on; NULL when there is none. */
uint8_t *virtio_buffers_take(struct virtio_buffers *buffers);

/* BUFFER is free again. */
void virtio_buffers_put(struct virtio_buffers *buffers, const uint8_t *buffer);

/* Put BUFFER into the ring for the device to read LENGTH bytes of it. 0, or VIRTIO_ERR_PROTOCOL and it is free again.
 * The device sees it after virtio_queue_submit. */
VIRTIO_MUST_CHECK int virtio_buffers_send(struct virtio_buffers *buffers, uint8_t *buffer, uint32_t length);

/* The same for it to write. */
VIRTIO_MUST_CHECK int virtio_buffers_offer(struct virtio_buffers *buffers, uint8_t *buffer, uint32_t length);

/* Offer all buffers that are free, in full, without telling the device yet. 0, or VIRTIO_ERR_PROTOCOL. */
VIRTIO_MUST_CHECK int virtio_buffers_offer_all(struct virtio_buffers *buffers);

/*
 * Take back one buffer that the device has used: 1, with *BUFFER and the *LENGTH that it wrote, at most what was
 * offered; 0 when there is none; VIRTIO_ERR_PROTOCOL when the ring is broken. It is not free until it is put.
 */
VIRTIO_MUST_CHECK int virtio_buffers_get(struct virtio_buffers *buffers, uint8_t **buffer, uint32_t *length);

/* Put all buffers that the device has read back among the free ones. 0, or VIRTIO_ERR_PROTOCOL. */
VIRTIO_MUST_CHECK int virtio_buffers_reclaim(struct virtio_buffers *buffers);

#endif
