/* SPDX-License-Identifier: ISC */
/* The split virtqueue's layout in memory (VIRTIO 2.7). */
#ifndef VIRTIO_SPEC_SPLIT_H
#define VIRTIO_SPEC_SPLIT_H

#include <virtio/spec/le.h>

#define VIRTQ_DESC_F_NEXT 0x1     /* the chain goes on at `next` */
#define VIRTQ_DESC_F_WRITE 0x2    /* the device writes this element, else it reads it */
#define VIRTQ_DESC_F_INDIRECT 0x4 /* the element is a table of descriptors */

#define VIRTQ_AVAIL_F_NO_INTERRUPT 0x1 /* 2.7.6: the driver does not want interrupts */
#define VIRTQ_USED_F_NO_NOTIFY 0x1     /* 2.7.8: the device does not want notifications */

#define VIRTQ_MAX_SIZE 32768 /* entries, a power of two */

/* 2.7.5: one element of a buffer. */
struct virtq_desc {
	struct le64 addr;  /* device address */
	struct le32 len;   /* bytes */
	struct le16 flags; /* VIRTQ_DESC_F_ */
	struct le16 next;  /* index of the next element, with VIRTQ_DESC_F_NEXT */
};

/* 2.7.6: the head of the available ring; le16 ring[size] and le16 used_event follow. */
struct virtq_avail {
	struct le16 flags; /* VIRTQ_AVAIL_F_ */
	struct le16 idx;   /* where the driver puts the next entry, modulo the size; runs freely */
};

/* 2.7.8: one entry of the used ring. */
struct virtq_used_elem {
	struct le32 id;  /* index of the head of the chain that was used */
	struct le32 len; /* bytes that the device wrote */
};

/* 2.7.8: the head of the used ring; virtq_used_elem ring[size] and le16 avail_event follow. */
struct virtq_used {
	struct le16 flags; /* VIRTQ_USED_F_ */
	struct le16 idx;   /* where the device puts the next entry, modulo the size; runs freely */
};

VIRTIO_STATIC_ASSERT(sizeof(struct virtq_desc) == 16, "2.7.5");
VIRTIO_STATIC_ASSERT(sizeof(struct virtq_avail) == 4, "2.7.6");
VIRTIO_STATIC_ASSERT(sizeof(struct virtq_used_elem) == 8, "2.7.8");
VIRTIO_STATIC_ASSERT(sizeof(struct virtq_used) == 4, "2.7.8");

#endif
