/* SPDX-License-Identifier: ISC */
/* What every driver asks before it takes a device, and what it says when it does not get far. */
#ifndef LIBVIRTIO_DRIVER_ATTACH_H
#define LIBVIRTIO_DRIVER_ATTACH_H

#include <virtio/device.h>

/*
 * Whether DEVICE is free for a driver of TYPE (VIRTIO_ID_): 0; VIRTIO_ERR_INVALID: it was never opened, and is zeroed;
 * VIRTIO_ERR_NO_DEVICE: it is of another type; VIRTIO_ERR_BUSY: a driver has it. The log tells of the last two.
 */
VIRTIO_MUST_CHECK int virtio_attach_check(const struct virtio_device *device, uint32_t type);

/* Tell the log WHY an attach ends with ERROR, and return that. */
int virtio_attach_refuse(const struct virtio_device *device, int error, const char *why);

/* The same, once the device was touched. */
int virtio_attach_failed(const struct virtio_device *device, int error);

#endif
