/* SPDX-License-Identifier: ISC */
/* Registers of virtio over MMIO (VIRTIO 4.2): version 2, and the legacy version 1 (4.2.4). */
#ifndef VIRTIO_SPEC_MMIO_H
#define VIRTIO_SPEC_MMIO_H

#include <virtio/spec/le.h>

#define VIRTIO_MMIO_MAGIC 0x74726976u  /* what MagicValue reads: "virt" */
#define VIRTIO_MMIO_VERSION_2 2u       /* what Version reads */
#define VIRTIO_MMIO_VERSION_1 1u       /* likewise, for legacy devices */
#define VIRTIO_MMIO_LEGACY_ALIGN 4096u /* 4.2.4: our page, and the alignment of the used ring */

/* 4.2.2: of both versions; all are 32 bits wide. R: only read; W: only written. */
#define VIRTIO_MMIO_MAGIC_VALUE 0x000         /* R */
#define VIRTIO_MMIO_VERSION 0x004             /* R */
#define VIRTIO_MMIO_DEVICE_ID 0x008           /* R: device type, 0: there is no device */
#define VIRTIO_MMIO_DEVICE_FEATURES 0x010     /* R */
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014 /* W */
#define VIRTIO_MMIO_DRIVER_FEATURES 0x020     /* W */
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024 /* W */
#define VIRTIO_MMIO_QUEUE_SEL 0x030           /* W */
#define VIRTIO_MMIO_QUEUE_SIZE_MAX 0x034      /* R: 0: there is no such virtqueue */
#define VIRTIO_MMIO_QUEUE_SIZE 0x038          /* W */
#define VIRTIO_MMIO_QUEUE_NOTIFY 0x050        /* W */
#define VIRTIO_MMIO_INTERRUPT_STATUS 0x060    /* R */
#define VIRTIO_MMIO_INTERRUPT_ACK 0x064       /* W */
#define VIRTIO_MMIO_STATUS 0x070              /* RW */
#define VIRTIO_MMIO_CONFIG 0x100              /* device configuration, in widths of its own */

/* 4.2.2: of version 2 alone. */
#define VIRTIO_MMIO_QUEUE_READY 0x044       /* RW */
#define VIRTIO_MMIO_QUEUE_DESC 0x080        /* W: 64 bits, by halves */
#define VIRTIO_MMIO_QUEUE_DRIVER 0x090      /* W: likewise */
#define VIRTIO_MMIO_QUEUE_DEVICE 0x0a0      /* W: likewise */
#define VIRTIO_MMIO_QUEUE_RESET 0x0c0       /* RW, with RING_RESET */
#define VIRTIO_MMIO_CONFIG_GENERATION 0x0fc /* R */

/* 4.2.4: of version 1 alone. */
#define VIRTIO_MMIO_LEGACY_PAGE_SIZE 0x028   /* W */
#define VIRTIO_MMIO_LEGACY_QUEUE_ALIGN 0x03c /* W */
#define VIRTIO_MMIO_LEGACY_QUEUE_PFN 0x040   /* RW: address / page size */

#endif
