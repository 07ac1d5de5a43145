/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, requests that go in parts (VIRTIO 5.2.5, 5.2.6): reads and writes of more than the device takes at once,
 * and the commands that name ranges of sectors. The request has a cursor to what was not sent yet; parts are made from
 * there whenever there is room. At most one request of a queue waits so: while it does, no other is taken. Everyone who
 * has disks links this: what a device takes at once is known only when it is there.
 */
#include "driver/blk.h"

/* A part on its way into the ring. */
struct part {
	unsigned count;  /* data segments */
	uint32_t length; /* bytes of data */
	uint64_t sectors;
	struct virtio_segment segments[BLK_MAX_SEGMENTS + BLK_FRAMING]; /* the data from [1] on */
};

/* As much of the data as goes at once, from the cursor on, whether it is whole blocks or not. The cursor moves on. */
static void gather(const struct virtio_blk *blk, struct virtio_blk_request *request, struct part *part)
{
	part->count = 0;
	part->length = 0;
	while (request->segment < request->segment_count && part->count < blk->max_segments &&
		part->length < BLK_MAX_PART) {
		const struct virtio_segment *from = &request->segments[request->segment];
		uint32_t length = from->length - request->offset;
		uint32_t room = BLK_MAX_PART - part->length;

		room = room < blk->max_segment_length ? room : blk->max_segment_length;
		length = length < room ? length : room;
		part->segments[++part->count] =
			(struct virtio_segment){from->data ? (uint8_t *)from->data + request->offset : NULL,
				from->device_address + request->offset, length};
		part->length += length;
		request->offset += length;
		if (request->offset == from->length) {
			request->segment++;
			request->offset = 0;
		}
	}
}

/* Take the last EXCESS bytes off the part; the cursor moves back. */
static void trim(struct virtio_blk_request *request, struct part *part, uint32_t excess)
{
	part->length -= excess;
	while (excess) {
		struct virtio_segment *last = &part->segments[part->count];
		/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): never more than gather wrote */
		uint32_t bytes = last->length < excess ? last->length : excess;

		if (request->offset == 0)
			request->offset = request->segments[--request->segment].length;
		request->offset -= bytes;
		last->length -= bytes;
		excess -= bytes;
		part->count -= last->length == 0;
	}
}

/* The next part of a read or write: whole blocks, or whole sectors when there is not one block. */
static int cut_data(const struct virtio_blk *blk, struct virtio_blk_request *request, struct part *part)
{
	gather(blk, request, part);
	if (request->segment < request->segment_count) {
		uint32_t unit = part->length < blk->block_size ? VIRTIO_BLK_SECTOR : blk->block_size;
		trim(request, part, part->length & (unit - 1));
	}
	part->sectors = part->length / VIRTIO_BLK_SECTOR;
	return part->length ? 0 : VIRTIO_ERR_TOO_LARGE;
}

/* The next part of a discard or its kind; where there are more, it ends at a multiple of what the device prefers. */
static void cut_range(
	const struct virtio_blk_limits *limits, const struct virtio_blk_request *request, struct part *part)
{
	part->sectors = request->left;
	if (part->sectors > limits->max_sectors) {
		part->sectors = limits->max_sectors;
		uint64_t excess = (request->position + part->sectors) % limits->alignment;
		if (excess < part->sectors)
			part->sectors -= excess;
	}
	part->count = 1;
	part->length = sizeof(struct virtio_blk_range);
}

/* The next part, as a device would want it. The cursor moves on. */
static int cut(const struct virtio_blk *blk, struct virtio_blk_request *request, struct part *part)
{
	const struct virtio_blk_limits *limits = virtio_blk_limits_of(blk, request->type);

	if (limits)
		cut_range(limits, request, part);
	else if (cut_data(blk, request, part) < 0)
		return VIRTIO_ERR_TOO_LARGE;
	request->position += part->sectors;
	request->left -= part->sectors;
	return 0;
}

static void rewind(struct virtio_blk_request *request, uint64_t sectors)
{
	request->segment = 0;
	request->offset = 0;
	request->position = request->sector;
	request->left = sectors;
}

int virtio_blk_parts_begin(const struct virtio_blk *blk, struct virtio_blk_request *request, uint64_t sectors)
{
	struct part part;

	rewind(request, sectors);
	/* How data lies decides whether it can be cut, so do it all once before the device sees any of it. */
	while (blk_is_addressed(request->type) && request->left)
		if (cut(blk, request, &part) < 0)
			return VIRTIO_ERR_TOO_LARGE;
	rewind(request, sectors);
	return 1;
}

/* What the device reads of a discard or its kind. */
static void write_range(struct virtio_blk_queue *queue, uint16_t slot, const struct virtio_blk_request *request,
	uint64_t sector, struct part *part)
{
	bool unmap = request->type == VIRTIO_BLK_WRITE_ZEROES && request->unmap;
	struct virtio_blk_range *range = &queue->frames[slot].range;

	*range = (struct virtio_blk_range){
		.sector = le64_from(sector),
		.count = le32_from((uint32_t)part->sectors),
		.flags = le32_from(unmap ? VIRTIO_BLK_RANGE_UNMAP : 0),
	};
	part->segments[1] = (struct virtio_segment){NULL,
		queue->frames_address + slot * sizeof(struct virtio_blk_frame) +
			offsetof(struct virtio_blk_frame, range),
		sizeof(*range)};
}

/* Put the part that starts at SECTOR into the ring. 1; 0: there is no room; or an error. */
static int send(struct virtio_blk_queue *queue, struct virtio_blk_request *request, uint64_t sector, struct part *part)
{
	uint16_t slot = blk_slot_take(queue, request, sector, part->length);
	bool from_memory = request->type != VIRTIO_BLK_READ;
	const struct virtqueue_buffer buffer = {
		.segments = part->segments,
		.token = &queue->slots[slot],
		.readable = (uint16_t)(from_memory ? 1 + part->count : 1),
		.writable = (uint16_t)(from_memory ? 1 : part->count + 1),
	};

	blk_frame_segments(queue, slot, part->segments, part->count);
	if (!blk_is_addressed(request->type))
		write_range(queue, slot, request, sector, part);
	int added = virtio_queue_add(&queue->queue, &buffer, 1);
	if (added <= 0)
		blk_slot_put(queue, slot);
	return added;
}

/* Cut the next part of REQUEST and send it. As send; without success the cursor is where it was. */
static int send_next(struct virtio_blk_queue *queue, struct virtio_blk_request *request)
{
	const struct virtio_blk_request before = *request;
	struct part part;

	int result = virtio_blk_check_range(queue->blk, request->position, request->left); /* it may have shrunk */
	if (!result)
		result = cut(queue->blk, request, &part);
	if (!result)
		result = send(queue, request, before.position, &part);
	if (result <= 0)
		*request = before;
	else
		request->parts++;
	return result;
}

void virtio_blk_parts_send(struct virtio_blk_queue *queue)
{
	struct virtio_blk_request *request = queue->partial;
	int result = 1;

	while (request->left && queue->free_count && result > 0)
		result = send_next(queue, request);
	if (result < 0) {
		request->result = result;
		request->left = 0;
	}
	if (!request->left && request->parts)
		queue->partial = NULL;
}
