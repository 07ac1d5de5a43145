/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, the data path (VIRTIO 5.2.6): requests to the device and back. A request goes out as its header, the
 * caller's data where it lies, and one byte for the status, each in descriptors of their own: devices from before 1.0
 * demand that (5.2.6.4), and the others do not mind.
 */
#include "base/barrier.h"
#include "base/log.h"
#include "driver/blk.h"

#define BURST_REQUESTS 16 /* what goes to the ring at once, so that the stack stays small */
#define BURST_SEGMENTS 48 /* enough for 16 requests of one segment, or for the largest one */

VIRTIO_STATIC_ASSERT(BURST_SEGMENTS >= BLK_MAX_SEGMENTS + BLK_FRAMING, "the largest request fits");

#define STATUS_UNTOUCHED 0xff /* no status that a device knows */

/* Requests on their way into the ring. */
struct burst {
	unsigned count;         /* requests */
	unsigned segments_used; /* of segments */
	struct virtqueue_buffer buffers[BURST_REQUESTS];
	struct virtio_segment segments[BURST_SEGMENTS];
};

/* Give the request a slot and fill in its header. */
static void slot_take(struct virtio_blk *blk, struct virtio_blk_request *request)
{
	uint16_t slot = blk->free_slots[--blk->free_count];
	struct virtio_blk_frame *frame = &blk->frames[slot];
	bool addressed = request->type == VIRTIO_BLK_READ || request->type == VIRTIO_BLK_WRITE;

	blk->requests[slot] = request;
	request->slot = slot;
	frame->header = (struct virtio_blk_req){
		.type = le32_from((uint32_t)request->type),
		.sector = le64_from(addressed ? request->sector : 0),
	};
	frame->status = STATUS_UNTOUCHED;
}

/* Lay a request out as the device wants it. There is room for it. */
static void burst_put(struct virtio_blk *blk, struct burst *burst, struct virtio_blk_request *request)
{
	struct virtio_segment *segments = &burst->segments[burst->segments_used];
	struct virtqueue_buffer *buffer = &burst->buffers[burst->count];

	slot_take(blk, request);
	struct virtio_blk_frame *frame = &blk->frames[request->slot];
	uint64_t address = blk->frames_address + request->slot * sizeof(*frame);
	uint16_t data = request->segment_count;

	segments[0] = (struct virtio_segment){&frame->header, address, sizeof(frame->header)};
	for (unsigned i = 0; i < data; i++)
		segments[1 + i] = request->segments[i];
	segments[1 + data] =
		(struct virtio_segment){&frame->status, address + offsetof(struct virtio_blk_frame, status), 1};

	bool from_memory = request->type == VIRTIO_BLK_WRITE;
	buffer->segments = segments;
	buffer->token = request;
	buffer->readable = (uint16_t)(from_memory ? 1 + data : 1);
	buffer->writable = (uint16_t)(from_memory ? 1 : data + 1);
	burst->segments_used += data + BLK_FRAMING;
	burst->count++;
}

/* Fill BURST with the first of REQUESTS. How many; fewer than COUNT when it is full, no slot is left, or the next one
 * is wrong. When the first is wrong: the error. */
static int burst_fill(
	struct virtio_blk *blk, struct burst *burst, struct virtio_blk_request *const *requests, unsigned count)
{
	burst->count = 0;
	burst->segments_used = 0;
	while (burst->count < count && burst->count < BURST_REQUESTS && blk->free_count) {
		struct virtio_blk_request *request = requests[burst->count];
		int error = virtio_blk_check_request(blk, request, &request->length);
		if (error)
			return burst->count ? (int)burst->count : error;
		if (burst->segments_used + request->segment_count + BLK_FRAMING > BURST_SEGMENTS)
			break;
		burst_put(blk, burst, request);
	}
	return (int)burst->count;
}

/* Put BURST into the ring. How many requests went in; the others get their slots back. */
static int burst_send(struct virtio_blk *blk, const struct burst *burst, struct virtio_blk_request *const *requests)
{
	int added = virtio_queue_add(&blk->queue, burst->buffers, burst->count);

	for (unsigned i = burst->count; i > (added > 0 ? (unsigned)added : 0); i--)
		blk_slot_put(blk, requests[i - 1]->slot);
	return added;
}

int virtio_blk_submit(struct virtio_blk *blk, struct virtio_blk_request *const *requests, unsigned count)
{
	struct burst burst;
	unsigned taken = 0;
	int result = 0;

	while (taken < count) {
		int filled = burst_fill(blk, &burst, requests + taken, count - taken);
		result = filled > 0 ? burst_send(blk, &burst, requests + taken) : filled;
		if (result <= 0)
			break;
		taken += (unsigned)result;
		if (result < filled)
			break;
	}
	if (taken == 0)
		return result;
	virtio_queue_submit(&blk->queue);
	return (int)taken;
}

/* An answer that makes no sense: the request fails, and the log says so, once. */
static int complain(struct virtio_blk *blk, const char *what, unsigned number)
{
	if (!blk->complained)
		virtio_log(blk->device->platform, VIRTIO_LOG_ERROR, "%s: %s %u", blk->device->name, what, number);
	blk->complained = true;
	return VIRTIO_ERR_PROTOCOL;
}

/* What the device made of a request (5.2.6). */
static int request_result(struct virtio_blk *blk, const struct virtio_blk_request *request, uint32_t written)
{
	/* Read once, since the device can change it meanwhile; virtqueue_get's acquire puts it after the used entry. */
	uint8_t status = virtio_load_relaxed8(&blk->frames[request->slot].status);

	switch (status) {
	case VIRTIO_BLK_S_OK:
		/* Data that the device says it did not write is whatever was in the memory. The status byte is not
		 * counted: kvmtool does not, and a status that was not written shows by itself. */
		if (request->type == VIRTIO_BLK_READ && blk->lengths_hold && written < request->length)
			return complain(blk, "a read is done with fewer bytes than it has:", written);
		return 0;
	case VIRTIO_BLK_S_IOERR:
		return VIRTIO_ERR_IO;
	case VIRTIO_BLK_S_UNSUPP:
		return VIRTIO_ERR_UNSUPPORTED;
	default:
		return complain(blk, "a request is done with the impossible status", status);
	}
}

int virtio_blk_completed(struct virtio_blk *blk, struct virtio_blk_request **requests, unsigned count)
{
	struct virtqueue_used used[BURST_REQUESTS];
	unsigned done = 0;

	while (done < count) {
		unsigned wanted = count - done < BURST_REQUESTS ? count - done : BURST_REQUESTS;
		int got = virtio_queue_get(&blk->queue, used, wanted);
		if (got < 0 && done == 0)
			return got;
		for (int i = 0; i < got; i++) {
			struct virtio_blk_request *request = used[i].token;
			request->result = request_result(blk, request, used[i].length);
			blk_slot_put(blk, request->slot);
			requests[done++] = request;
		}
		if (got < (int)wanted)
			break;
	}
	return (int)done;
}

bool virtio_blk_enable_interrupts(struct virtio_blk *blk)
{
	return virtqueue_enable_interrupts(&blk->queue.ring, 1);
}

void virtio_blk_disable_interrupts(struct virtio_blk *blk)
{
	virtqueue_disable_interrupts(&blk->queue.ring);
}
