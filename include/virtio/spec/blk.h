/* SPDX-License-Identifier: ISC */
/* The block device: features, configuration, requests (VIRTIO 5.2). */
#ifndef VIRTIO_SPEC_BLK_H
#define VIRTIO_SPEC_BLK_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

/* 5.2.3 */
#define VIRTIO_BLK_F_SIZE_MAX VIRTIO_FEATURE(1)      /* largest segment */
#define VIRTIO_BLK_F_SEG_MAX VIRTIO_FEATURE(2)       /* most segments a request */
#define VIRTIO_BLK_F_GEOMETRY VIRTIO_FEATURE(4)      /* cylinders, heads, sectors: declined */
#define VIRTIO_BLK_F_RO VIRTIO_FEATURE(5)            /* the device can only be read */
#define VIRTIO_BLK_F_BLK_SIZE VIRTIO_FEATURE(6)      /* the device's natural block size */
#define VIRTIO_BLK_F_FLUSH VIRTIO_FEATURE(9)         /* flush command */
#define VIRTIO_BLK_F_TOPOLOGY VIRTIO_FEATURE(10)     /* physical block size and alignment */
#define VIRTIO_BLK_F_CONFIG_WCE VIRTIO_FEATURE(11)   /* the cache mode can be switched */
#define VIRTIO_BLK_F_MQ VIRTIO_FEATURE(12)           /* several queues */
#define VIRTIO_BLK_F_DISCARD VIRTIO_FEATURE(13)      /* discard command */
#define VIRTIO_BLK_F_WRITE_ZEROES VIRTIO_FEATURE(14) /* write-zeroes command */

/* 5.2.4: offsets in the device configuration. */
#define VIRTIO_BLK_CONFIG_CAPACITY 0  /* le64, in 512-byte sectors */
#define VIRTIO_BLK_CONFIG_SIZE_MAX 8  /* le32, with SIZE_MAX */
#define VIRTIO_BLK_CONFIG_SEG_MAX 12  /* le32, with SEG_MAX */
#define VIRTIO_BLK_CONFIG_BLK_SIZE 20 /* le32, with BLK_SIZE */

/* 5.2.6: request types. */
#define VIRTIO_BLK_T_IN 0     /* read */
#define VIRTIO_BLK_T_OUT 1    /* write */
#define VIRTIO_BLK_T_FLUSH 4  /* make finished writes durable */
#define VIRTIO_BLK_T_GET_ID 8 /* the serial number, 20 bytes */

/* 5.2.6: status of a request. */
#define VIRTIO_BLK_S_OK 0
#define VIRTIO_BLK_S_IOERR 1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_SECTOR 512   /* bytes: the protocol's unit, whatever the block size is */
#define VIRTIO_BLK_ID_LENGTH 20 /* bytes of the serial number; a shorter one ends in NUL */

/* 5.2.6: the device-readable header of a request. */
struct virtio_blk_req {
	struct le32 type;     /* VIRTIO_BLK_T_ */
	struct le32 reserved; /* 0 */
	struct le64 sector;   /* first sector; 0 where there is none */
};

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_blk_req) == 16, "5.2.6");

#endif
