/* SPDX-License-Identifier: ISC */
/*
 * The 9P transport: features, configuration, and the header of each message. The VIRTIO specification only reserves the
 * device's number; what stands here is how devices (QEMU, and whoever follows it) have it.
 */
#ifndef VIRTIO_SPEC_9P_H
#define VIRTIO_SPEC_9P_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

#define VIRTIO_9P_F_MOUNT_TAG VIRTIO_FEATURE(0) /* the configuration tells the name of what it offers */

/* Offsets in the device configuration. */
#define VIRTIO_9P_CONFIG_TAG_LENGTH 0 /* le16, with MOUNT_TAG */
#define VIRTIO_9P_CONFIG_TAG 2        /* that many bytes, without a NUL */

#define VIRTIO_9P_HEADER 7 /* bytes at the start of each message: le32 length of all of it, type, le16 tag */

#define VIRTIO_9P_OFFSET_LENGTH 0 /* in the header: bytes of the message, header included */
#define VIRTIO_9P_OFFSET_TYPE 4   /* what it is */
#define VIRTIO_9P_OFFSET_TAG 5    /* which request it belongs to */

#endif
