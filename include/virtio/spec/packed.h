/* SPDX-License-Identifier: ISC */
/* The packed virtqueue's layout in memory (VIRTIO 2.8). */
#ifndef VIRTIO_SPEC_PACKED_H
#define VIRTIO_SPEC_PACKED_H

#include <virtio/spec/le.h>

#define PVIRTQ_DESC_F_NEXT 0x1     /* the list goes on in the next slot */
#define PVIRTQ_DESC_F_WRITE 0x2    /* the device writes this element, else it reads it */
#define PVIRTQ_DESC_F_INDIRECT 0x4 /* the element is a table of descriptors */
#define PVIRTQ_DESC_F_AVAIL 0x80   /* 2.8.1: equals the driver's wrap counter when the slot is available */
#define PVIRTQ_DESC_F_USED 0x8000  /* 2.8.1: differs from it then, and equals it when the slot is used */

/* 2.8.10: the flags of an event suppression structure. 3 is reserved. */
#define PVIRTQ_EVENT_F_ENABLE 0x0  /* tell of everything */
#define PVIRTQ_EVENT_F_DISABLE 0x1 /* tell of nothing */
#define PVIRTQ_EVENT_F_DESC 0x2    /* tell when the slot in off_wrap is reached; with EVENT_IDX only */

/* A place in the ring as one number: the slot in bits 0 to 14, the wrap counter of the lap in bit 15. */
#define PVIRTQ_SLOT 0x7fff
#define PVIRTQ_WRAP 0x8000

#define PVIRTQ_MAX_SIZE 32768 /* entries; need not be a power of two */

/* 2.8.13: one slot of the ring. */
struct pvirtq_desc {
	struct le64 addr;  /* device address */
	struct le32 len;   /* bytes of the element; in a used one: bytes that the device wrote */
	struct le16 id;    /* of the buffer; valid in the last slot of a list, and in a used one */
	struct le16 flags; /* PVIRTQ_DESC_F_ */
};

/* 2.8.14: what one side wants to hear of from the other. */
struct pvirtq_event_suppress {
	struct le16 off_wrap; /* a place in the ring, with PVIRTQ_EVENT_F_DESC */
	struct le16 flags;    /* PVIRTQ_EVENT_F_ */
};

VIRTIO_STATIC_ASSERT(sizeof(struct pvirtq_desc) == 16, "2.8.13");
VIRTIO_STATIC_ASSERT(sizeof(struct pvirtq_event_suppress) == 4, "2.8.14");

#endif
