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
#define VIRTIO_BLK_F_LIFETIME VIRTIO_FEATURE(15)     /* the wear of the medium can be asked */
#define VIRTIO_BLK_F_SECURE_ERASE VIRTIO_FEATURE(16) /* secure-erase command */
#define VIRTIO_BLK_F_ZONED VIRTIO_FEATURE(17)        /* zones: declined */

/* 5.2.4: offsets in the device configuration. */
#define VIRTIO_BLK_CONFIG_CAPACITY 0  /* le64, in 512-byte sectors */
#define VIRTIO_BLK_CONFIG_SIZE_MAX 8  /* le32, with SIZE_MAX */
#define VIRTIO_BLK_CONFIG_SEG_MAX 12  /* le32, with SEG_MAX */
#define VIRTIO_BLK_CONFIG_BLK_SIZE 20 /* le32, with BLK_SIZE */

/* The same, with TOPOLOGY. */
#define VIRTIO_BLK_CONFIG_PHYSICAL_EXPONENT 24 /* u8: logical blocks of a physical one, as a power of two */
#define VIRTIO_BLK_CONFIG_ALIGNMENT_OFFSET 25  /* u8: the first aligned logical block */
#define VIRTIO_BLK_CONFIG_MIN_IO 26            /* le16, in logical blocks */
#define VIRTIO_BLK_CONFIG_OPT_IO 28            /* le32, in logical blocks */

#define VIRTIO_BLK_CONFIG_WRITEBACK 32  /* u8, with CONFIG_WCE: 1 while writes are cached; may be written */
#define VIRTIO_BLK_CONFIG_NUM_QUEUES 34 /* le16, with MQ */

/* The same for each of the commands that name ranges of sectors, with its feature: three le32. The alignment of
 * write-zeroes does not exist: a byte, whether it may deallocate, stands there. */
#define VIRTIO_BLK_CONFIG_DISCARD 36      /* most sectors of a segment, most segments, alignment */
#define VIRTIO_BLK_CONFIG_WRITE_ZEROES 48 /* most sectors of a segment, most segments */
#define VIRTIO_BLK_CONFIG_MAY_UNMAP 56    /* u8: writing zeroes may deallocate */
#define VIRTIO_BLK_CONFIG_SECURE_ERASE 60 /* most sectors of a segment, most segments, alignment */

/* 5.2.6: request types. */
#define VIRTIO_BLK_T_IN 0            /* read */
#define VIRTIO_BLK_T_OUT 1           /* write */
#define VIRTIO_BLK_T_FLUSH 4         /* make finished writes durable */
#define VIRTIO_BLK_T_GET_ID 8        /* the serial number, 20 bytes */
#define VIRTIO_BLK_T_GET_LIFETIME 10 /* the wear of the medium, struct virtio_blk_lifetime */
#define VIRTIO_BLK_T_DISCARD 11      /* these sectors are not needed; struct virtio_blk_range */
#define VIRTIO_BLK_T_WRITE_ZEROES 13 /* zeroes to sectors; struct virtio_blk_range */
#define VIRTIO_BLK_T_SECURE_ERASE 14 /* make sectors unreadable for good; struct virtio_blk_range */

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

#define VIRTIO_BLK_RANGE_UNMAP 1u /* write-zeroes: the sectors may be deallocated */

/* 5.2.6: what discard, write-zeroes and secure-erase have for data; the header's sector is 0 then. */
struct virtio_blk_range {
	struct le64 sector; /* first sector */
	struct le32 count;  /* sectors */
	struct le32 flags;  /* VIRTIO_BLK_RANGE_, else 0 */
};

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_blk_range) == 16, "5.2.6");

/* 5.2.6: what GET_LIFETIME answers, as JEDEC's eMMC does. */
struct virtio_blk_lifetime {
	struct le16 pre_eol;    /* reserved blocks: 0 unknown, 1 normal, 2 warning (80 % used), 3 urgent */
	struct le16 estimate_a; /* life used, type A memory: 0 unknown, 1 up to 10 %, ... 10 up to 100 %, 11 beyond */
	struct le16 estimate_b; /* the same for type B memory */
};

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_blk_lifetime) == 6, "5.2.6");

#endif
