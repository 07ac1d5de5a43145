/* SPDX-License-Identifier: ISC */
/*
 * Private to the drivers: a virtqueue with small buffers of the driver's own, all of one size and one segment each.
 * Drivers that copy (rng, console, vsock) keep their queues so; runtimes only see it inside of their structs.
 *
 *     virtio_buffers_add_queue(&buffers, device, 0, 16, 512);     16 buffers of 512 bytes for queue 0
 *     buffer = virtio_buffers_take(&buffers);                     a free one
 *     virtio_buffers_send(&buffers, buffer, length);              for the device to read
 *     virtio_buffers_offer(&buffers, buffer, length);             or to write
 *     buffer = virtio_buffers_get(&buffers, &length, &error);     one that the device has used
 *     virtio_buffers_put(&buffers, buffer);                       free again
 */
#ifndef VIRTIO_BUFFERS_H
#define VIRTIO_BUFFERS_H

#include <virtio/device.h>

VIRTIO_BEGIN_DECLS

/* The queue and its buffers. Private. */
struct virtio_buffers {
	struct virtio_queue queue; /* where they go */
	uint8_t *memory;           /* shared with the device: the buffers, one behind the other */
	uint64_t address;          /* the same, for the device */
	uint64_t free;             /* a bit for each buffer that is free */
	uint32_t size;             /* bytes of each */
	uint16_t count;            /* how many, up to 64 */
};

VIRTIO_END_DECLS

#endif
