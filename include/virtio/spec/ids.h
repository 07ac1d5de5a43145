/* SPDX-License-Identifier: ISC */
/* Device types (VIRTIO 5) and how PCI tells them (4.1.2). */
#ifndef VIRTIO_SPEC_IDS_H
#define VIRTIO_SPEC_IDS_H

#define VIRTIO_ID_NET 1     /* 5.1 network card */
#define VIRTIO_ID_BLOCK 2   /* 5.2 block device */
#define VIRTIO_ID_CONSOLE 3 /* 5.3 console */
#define VIRTIO_ID_ENTROPY 4 /* 5.4 entropy source */
#define VIRTIO_ID_BALLOON 5 /* 5.5 memory balloon */
#define VIRTIO_ID_9P 9      /* 9P transport */
#define VIRTIO_ID_VSOCK 19  /* 5.10 socket device */

#define VIRTIO_PCI_VENDOR 0x1af4             /* 4.1.2: the vendor of every virtio PCI device */
#define VIRTIO_PCI_TRANSITIONAL_FIRST 0x1000 /* 4.1.2.3: device numbers of transitional and legacy devices, */
#define VIRTIO_PCI_TRANSITIONAL_LAST 0x103f  /* whose type stands in the subsystem number */
#define VIRTIO_PCI_MODERN_FIRST 0x1040       /* 4.1.2: device number = 0x1040 + type */
#define VIRTIO_PCI_MODERN_LAST 0x107f

#endif
