/* SPDX-License-Identifier: ISC */
/* Feature bits that do not belong to one device type (VIRTIO 6). Each is a mask for a 64-bit set. */
#ifndef VIRTIO_SPEC_FEATURES_H
#define VIRTIO_SPEC_FEATURES_H

#include <stdint.h>

#define VIRTIO_FEATURE(bit) (UINT64_C(1) << (bit))

#define VIRTIO_F_NOTIFY_ON_EMPTY VIRTIO_FEATURE(24)   /* legacy only; declined: it defeats suppression on bhyve */
#define VIRTIO_F_ANY_LAYOUT VIRTIO_FEATURE(27)        /* legacy only: framing of messages is free */
#define VIRTIO_F_INDIRECT_DESC VIRTIO_FEATURE(28)     /* 2.7.5.3: descriptors may point to tables of descriptors */
#define VIRTIO_F_EVENT_IDX VIRTIO_FEATURE(29)         /* 2.7.7: used_event and avail_event */
#define VIRTIO_F_VERSION_1 VIRTIO_FEATURE(32)         /* a modern device */
#define VIRTIO_F_ACCESS_PLATFORM VIRTIO_FEATURE(33)   /* device addresses go through the platform's mapping */
#define VIRTIO_F_RING_PACKED VIRTIO_FEATURE(34)       /* 2.8: packed virtqueues */
#define VIRTIO_F_IN_ORDER VIRTIO_FEATURE(35)          /* buffers are used in the order they were made available */
#define VIRTIO_F_ORDER_PLATFORM VIRTIO_FEATURE(36)    /* fences must suit a real device */
#define VIRTIO_F_SR_IOV VIRTIO_FEATURE(37)            /* declined */
#define VIRTIO_F_NOTIFICATION_DATA VIRTIO_FEATURE(38) /* notifications carry the ring's position */
#define VIRTIO_F_NOTIF_CONFIG_DATA VIRTIO_FEATURE(39) /* notifications carry a number that the device chose */
#define VIRTIO_F_RING_RESET VIRTIO_FEATURE(40)        /* one queue can be reset while others run */
#define VIRTIO_F_ADMIN_VQ VIRTIO_FEATURE(41)          /* declined */
#define VIRTIO_F_SUSPEND VIRTIO_FEATURE(43)           /* 3.4: the device can stand still and go on */

#endif
