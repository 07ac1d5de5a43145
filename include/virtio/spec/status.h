/* SPDX-License-Identifier: ISC */
/* Bits of the device status field (VIRTIO 2.1). */
#ifndef VIRTIO_SPEC_STATUS_H
#define VIRTIO_SPEC_STATUS_H

#define VIRTIO_STATUS_ACKNOWLEDGE 0x01 /* the device was found */
#define VIRTIO_STATUS_DRIVER 0x02      /* we know how to drive it */
#define VIRTIO_STATUS_DRIVER_OK 0x04   /* the driver is ready */
#define VIRTIO_STATUS_FEATURES_OK 0x08 /* the features are settled */
#define VIRTIO_STATUS_SUSPEND 0x10     /* suspended (1.4, with VIRTIO_F_SUSPEND) */
#define VIRTIO_STATUS_NEEDS_RESET 0x40 /* the device hit an error that only a reset cures */
#define VIRTIO_STATUS_FAILED 0x80      /* the driver gave the device up */

/* Causes of an interrupt: the ISR status of PCI (4.1.4.5), InterruptStatus of MMIO (4.2.2). */
#define VIRTIO_INTERRUPT_QUEUE 0x1  /* a virtqueue has used buffers */
#define VIRTIO_INTERRUPT_CONFIG 0x2 /* the configuration, or the status, changed */

#define VIRTIO_NO_VECTOR 0xffff /* 4.1.5.1.2: this event has no MSI-X vector */

#endif
