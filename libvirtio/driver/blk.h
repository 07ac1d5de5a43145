/* SPDX-License-Identifier: ISC */
/* What the files of the block driver share. */
#ifndef LIBVIRTIO_DRIVER_BLK_H
#define LIBVIRTIO_DRIVER_BLK_H

#include <virtio/blk.h>

#define BLK_MAX_SEGMENTS 32     /* data segments that go at once at most: submit keeps them on its stack */
#define BLK_FRAMING 2           /* segments that go with them: the header and the status */
#define BLK_MAX_PART (1u << 30) /* bytes that go at once at most, a multiple of any block; QEMU takes less than 2^31 */
#define BLK_NO_STATUS 0xff      /* no status that a device knows */

/* blk_geometry.c: what the features and the configuration tell. 0 or an error. */
VIRTIO_MUST_CHECK int virtio_blk_read_geometry(struct virtio_blk *blk);

/*
 * blk_check.c: whether the device may see REQUEST. 0: it goes as it is, with *LENGTH bytes of data; 1: it goes in
 * parts, and its cursor is at its start; or an error of virtio_blk_submit.
 */
VIRTIO_MUST_CHECK int virtio_blk_check_request(
	const struct virtio_blk *blk, struct virtio_blk_request *request, uint32_t *length);

/* blk_check.c: whether the device has SECTORS sectors at SECTOR; else an error of virtio_blk_submit. */
VIRTIO_MUST_CHECK int virtio_blk_check_range(const struct virtio_blk *blk, uint64_t sector, uint64_t sectors);

/* blk_check.c: what the device says of the command TYPE; NULL if that is none with a range. */
const struct virtio_blk_limits *virtio_blk_limits_of(const struct virtio_blk *blk, enum virtio_blk_operation type);

/* blk_parts.c: put the cursor to the start of SECTORS sectors, and see whether they can be cut. 1, or
 * VIRTIO_ERR_TOO_LARGE. */
VIRTIO_MUST_CHECK int virtio_blk_parts_begin(
	const struct virtio_blk *blk, struct virtio_blk_request *request, uint64_t sectors);

/*
 * blk_parts.c: put parts of queue->partial into the ring while there is room. Once all are there, or after an error,
 * which becomes its result, it is no longer the partial one: its parts bring it back. Only when none is in flight it
 * stays, with nothing left to send.
 */
void virtio_blk_parts_send(struct virtio_blk_queue *queue);

/* Whether a request of TYPE names sectors in its header. */
static inline bool blk_is_addressed(enum virtio_blk_operation type)
{
	return type == VIRTIO_BLK_READ || type == VIRTIO_BLK_WRITE;
}

/* Give a part a slot, and fill in its header. There is a free one. Which it is. */
static inline uint16_t blk_slot_take(
	struct virtio_blk_queue *queue, struct virtio_blk_request *request, uint64_t sector, uint32_t length)
{
	uint16_t slot = queue->free_slots[--queue->free_count];
	struct virtio_blk_frame *frame = &queue->frames[slot];

	queue->slots[slot] = (struct virtio_blk_slot){request, length};
	frame->header = (struct virtio_blk_req){
		.type = le32_from((uint32_t)request->type),
		.sector = le64_from(blk_is_addressed(request->type) ? sector : 0),
	};
	frame->status = BLK_NO_STATUS;
	return slot;
}

/* Give SLOT back. */
static inline void blk_slot_put(struct virtio_blk_queue *queue, uint16_t slot)
{
	queue->slots[slot].request = NULL;
	queue->free_slots[queue->free_count++] = slot;
}

/* Which slot it is. */
static inline uint16_t blk_slot_index(const struct virtio_blk_queue *queue, const struct virtio_blk_slot *slot)
{
	return (uint16_t)(slot - queue->slots);
}

/* SEGMENTS[0] is the header and SEGMENTS[1 + DATA] the status of the part in SLOT; between them are its DATA. */
static inline void blk_frame_segments(
	const struct virtio_blk_queue *queue, uint16_t slot, struct virtio_segment *segments, unsigned data)
{
	struct virtio_blk_frame *frame = &queue->frames[slot];
	uint64_t address = queue->frames_address + slot * sizeof(*frame);

	segments[0] = (struct virtio_segment){NULL, address, sizeof(frame->header)};
	segments[1 + data] = (struct virtio_segment){NULL, address + offsetof(struct virtio_blk_frame, status), 1};
}

#endif
