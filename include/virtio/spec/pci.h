/* SPDX-License-Identifier: ISC */
/* Registers of virtio over PCI: modern (VIRTIO 4.1.4) and legacy (4.1.4.10). */
#ifndef VIRTIO_SPEC_PCI_H
#define VIRTIO_SPEC_PCI_H

#include <virtio/spec/le.h>

/* 4.1.4: what a vendor capability (id 9) describes. */
#define VIRTIO_PCI_CAP_COMMON_CFG 1 /* common configuration */
#define VIRTIO_PCI_CAP_NOTIFY_CFG 2 /* notifications */
#define VIRTIO_PCI_CAP_ISR_CFG 3    /* ISR status */
#define VIRTIO_PCI_CAP_DEVICE_CFG 4 /* device-specific configuration */
#define VIRTIO_PCI_CAP_PCI_CFG 5    /* access to the BARs through configuration space */

/* 4.1.4: offsets within a vendor capability. */
#define VIRTIO_PCI_CAP_LEN 2                /* 8 bits: of the capability itself, 16 or more */
#define VIRTIO_PCI_CAP_CFG_TYPE 3           /* 8 bits: VIRTIO_PCI_CAP_ */
#define VIRTIO_PCI_CAP_BAR 4                /* 8 bits: 0 to 5 */
#define VIRTIO_PCI_CAP_OFFSET 8             /* 32 bits: within the BAR */
#define VIRTIO_PCI_CAP_LENGTH 12            /* 32 bits: of the structure */
#define VIRTIO_PCI_CAP_NOTIFY_MULTIPLIER 16 /* 32 bits, notifications only */
#define VIRTIO_PCI_CAP_PCI_CFG_DATA 16      /* 4 bytes, configuration access only */
#define VIRTIO_PCI_CAP_SIZE 16              /* bytes of the common part */
#define VIRTIO_PCI_NOTIFY_CAP_SIZE 20       /* bytes with the multiplier */
#define VIRTIO_PCI_CFG_CAP_SIZE 20          /* bytes with the data */

/* 4.1.4.3: the common configuration structure. */
#define VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT 0    /* 32 */
#define VIRTIO_PCI_COMMON_DEVICE_FEATURE 4           /* 32, read-only */
#define VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT 8    /* 32 */
#define VIRTIO_PCI_COMMON_DRIVER_FEATURE 12          /* 32 */
#define VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR 16      /* 16 */
#define VIRTIO_PCI_COMMON_NUM_QUEUES 18              /* 16, read-only */
#define VIRTIO_PCI_COMMON_DEVICE_STATUS 20           /* 8 */
#define VIRTIO_PCI_COMMON_CONFIG_GENERATION 21       /* 8, read-only */
#define VIRTIO_PCI_COMMON_QUEUE_SELECT 22            /* 16 */
#define VIRTIO_PCI_COMMON_QUEUE_SIZE 24              /* 16 */
#define VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR 26       /* 16 */
#define VIRTIO_PCI_COMMON_QUEUE_ENABLE 28            /* 16 */
#define VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF 30        /* 16, read-only */
#define VIRTIO_PCI_COMMON_QUEUE_DESC 32              /* 64, by halves */
#define VIRTIO_PCI_COMMON_QUEUE_DRIVER 40            /* 64, by halves */
#define VIRTIO_PCI_COMMON_QUEUE_DEVICE 48            /* 64, by halves */
#define VIRTIO_PCI_COMMON_SIZE 56                    /* bytes that every device has */
#define VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA 56 /* 16, read-only, with NOTIF_CONFIG_DATA */
#define VIRTIO_PCI_COMMON_QUEUE_RESET 58             /* 16, with RING_RESET */
#define VIRTIO_PCI_COMMON_SIZE_1_2 60                /* bytes that a device with these two has */

/* 4.1.4.10: the legacy header in BAR 0, an I/O BAR. */
#define VIRTIO_PCI_LEGACY_DEVICE_FEATURES 0     /* 32, read-only */
#define VIRTIO_PCI_LEGACY_DRIVER_FEATURES 4     /* 32 */
#define VIRTIO_PCI_LEGACY_QUEUE_ADDRESS 8       /* 32: the page number, address / 4096 */
#define VIRTIO_PCI_LEGACY_QUEUE_SIZE 12         /* 16, read-only */
#define VIRTIO_PCI_LEGACY_QUEUE_SELECT 14       /* 16 */
#define VIRTIO_PCI_LEGACY_QUEUE_NOTIFY 16       /* 16 */
#define VIRTIO_PCI_LEGACY_DEVICE_STATUS 18      /* 8 */
#define VIRTIO_PCI_LEGACY_ISR_STATUS 19         /* 8, reading clears */
#define VIRTIO_PCI_LEGACY_CONFIG_MSIX_VECTOR 20 /* 16, while MSI-X is enabled only */
#define VIRTIO_PCI_LEGACY_QUEUE_MSIX_VECTOR 22  /* 16, while MSI-X is enabled only */
#define VIRTIO_PCI_LEGACY_CONFIG 20             /* device configuration, MSI-X not enabled */
#define VIRTIO_PCI_LEGACY_CONFIG_MSIX 24        /* device configuration, MSI-X enabled */
#define VIRTIO_PCI_LEGACY_QUEUE_ALIGN 4096      /* 2.7.2: of the used ring, and the unit of addresses */

#endif
