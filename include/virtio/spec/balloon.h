/* SPDX-License-Identifier: ISC */
/* The traditional memory balloon: features, configuration, virtqueues (VIRTIO 5.5). */
#ifndef VIRTIO_SPEC_BALLOON_H
#define VIRTIO_SPEC_BALLOON_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

/* 5.5.3 */
#define VIRTIO_BALLOON_F_MUST_TELL_HOST VIRTIO_FEATURE(0) /* pages are used again only after the device knows */
#define VIRTIO_BALLOON_F_STATS_VQ VIRTIO_FEATURE(1)       /* statistics: declined */
#define VIRTIO_BALLOON_F_DEFLATE_ON_OOM VIRTIO_FEATURE(2) /* pages may be taken back when memory is short */
#define VIRTIO_BALLOON_F_FREE_PAGE_HINT VIRTIO_FEATURE(3) /* hints on demand: declined */
#define VIRTIO_BALLOON_F_PAGE_POISON VIRTIO_FEATURE(4)    /* pages have a known content: declined */
#define VIRTIO_BALLOON_F_PAGE_REPORTING VIRTIO_FEATURE(5) /* the device is told of free memory */

/* 5.5.4: offsets in the device configuration, little-endian over every transport. */
#define VIRTIO_BALLOON_CONFIG_NUM_PAGES 0 /* le32: how many pages the device wants in the balloon */
#define VIRTIO_BALLOON_CONFIG_ACTUAL 4    /* le32, written by the driver: how many are in it */

/* 5.5.2: virtqueues. Those behind them move up where one is missing. */
#define VIRTIO_BALLOON_QUEUE_INFLATE 0
#define VIRTIO_BALLOON_QUEUE_DEFLATE 1

#define VIRTIO_BALLOON_PAGE 4096u /* bytes of a page, whatever the processor's are (5.5.6) */

#endif
