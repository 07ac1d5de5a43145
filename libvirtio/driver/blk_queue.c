/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, the data path (VIRTIO 5.2.6): requests to the device and back. A request goes out as its header, the
 * caller's data where it lies, and one byte for the status, each in descriptors of their own: devices from before 1.0
 * demand that (5.2.6.4), and the others do not mind.
 */
#include "base/barrier.h"
#include "device/log.h"
#include "driver/blk.h"

#define BURST_REQUESTS 16 /* what goes to the ring at once, so that the stack stays small */
#define BURST_SEGMENTS 48 /* enough for 16 requests of one segment, or for the largest one */

VIRTIO_STATIC_ASSERT(BURST_SEGMENTS >= BLK_MAX_SEGMENTS + BLK_FRAMING, "the largest request fits");

/* Requests on their way into the ring. */
struct burst {
	unsigned count;         /* requests */
	unsigned segments_used; /* of segments */
	struct virtqueue_buffer buffers[BURST_REQUESTS];
	struct virtio_segment segments[BURST_SEGMENTS];
};

/* Lay a request of LENGTH bytes out as the device wants it. There is room for it. */
static void burst_put(
	struct virtio_blk_queue *queue, struct burst *burst, struct virtio_blk_request *request, uint32_t length)
{
	struct virtio_segment *segments = &burst->segments[burst->segments_used];
	struct virtqueue_buffer *buffer = &burst->buffers[burst->count];
	uint16_t slot = blk_slot_take(queue, request, request->sector, length);
	uint16_t data = request->segment_count;
	bool from_memory = request->type == VIRTIO_BLK_WRITE;

	request->parts = 1;
	request->result = 0;
	blk_frame_segments(queue, slot, segments, data);
	for (unsigned i = 0; i < data; i++)
		segments[1 + i] = request->segments[i];
	buffer->segments = segments;
	buffer->token = &queue->slots[slot];
	buffer->readable = (uint16_t)(from_memory ? 1 + data : 1);
	buffer->writable = (uint16_t)(from_memory ? 1 : data + 1);
	burst->segments_used += data + BLK_FRAMING;
	burst->count++;
}

/*
 * Fill BURST with the first of REQUESTS. How many; fewer than COUNT when it is full, no slot is left, or the next one
 * is wrong or goes in parts. *NEXT: what virtio_blk_check_request says of that one, else 0.
 */
static unsigned burst_fill(struct virtio_blk_queue *queue, struct burst *burst,
	struct virtio_blk_request *const *requests, unsigned count, int *next)
{
	burst->count = 0;
	burst->segments_used = 0;
	*next = 0;
	while (burst->count < count && burst->count < BURST_REQUESTS && queue->free_count) {
		struct virtio_blk_request *request = requests[burst->count];
		uint32_t length;
		*next = virtio_blk_check_request(queue->blk, request, &length);
		if (*next || burst->segments_used + request->segment_count + BLK_FRAMING > BURST_SEGMENTS)
			break;
		burst_put(queue, burst, request, length);
	}
	return burst->count;
}

/* Put BURST into the ring. How many requests went in; the others get their slots back. */
static int burst_send(struct virtio_blk_queue *queue, const struct burst *burst)
{
	int added = virtio_queue_add(&queue->queue, burst->buffers, burst->count);

	for (unsigned i = burst->count; i > (added > 0 ? (unsigned)added : 0); i--) {
		struct virtio_blk_slot *slot = burst->buffers[i - 1].token;
		slot->request->parts = 0;
		blk_slot_put(queue, blk_slot_index(queue, slot));
	}
	return added;
}

/* Begin with a request that goes in parts. 1 when it was taken, 0 when there is no room, or an error. */
static int send_parts(struct virtio_blk_queue *queue, struct virtio_blk_request *request)
{
	request->result = 0;
	queue->partial = request;
	virtio_blk_parts_send(queue);
	if (request->parts)
		return 1;
	queue->partial = NULL;
	return request->result;
}

/* Take some of REQUESTS. How many, 0 when there is no room, or an error. */
static int take_some(
	struct virtio_blk_queue *queue, struct virtio_blk_request *const *requests, unsigned count, bool *full)
{
	struct burst burst;
	int next;
	unsigned filled = burst_fill(queue, &burst, requests, count, &next);
	int taken = filled ? burst_send(queue, &burst) : 0;

	*full = taken < (int)filled || queue->free_count == 0;
	if (taken || *full)
		return taken;
	return next > 0 ? send_parts(queue, requests[0]) : next;
}

int virtio_blk_queue_submit(struct virtio_blk_queue *queue, struct virtio_blk_request *const *requests, unsigned count)
{
	unsigned taken = 0;
	int result = 0;
	bool full = false;

	if (queue->partial)
		virtio_blk_parts_send(queue);
	while (taken < count && !full && !queue->partial) {
		result = take_some(queue, requests + taken, count - taken, &full);
		if (result <= 0)
			break;
		taken += (unsigned)result;
	}
	virtio_queue_submit(&queue->queue);
	return taken ? (int)taken : result;
}

/* An answer that makes no sense: the request fails, and the log says so, once. */
static int complain(struct virtio_blk_queue *queue, const char *what, unsigned number)
{
	const struct virtio_device *device = queue->blk->device;

	if (!queue->complained)
		virtio_device_log(device, VIRTIO_LOG_ERROR, "%s %u", what, number);
	queue->complained = true;
	return VIRTIO_ERR_PROTOCOL;
}

/* What the device made of a part (5.2.6). */
static int part_result(struct virtio_blk_queue *queue, const struct virtio_blk_slot *slot, uint32_t written)
{
	/* Read once, since the device can change it meanwhile; virtqueue_get's acquire puts it after the used entry. */
	uint8_t status = virtio_load_relaxed8(&queue->frames[blk_slot_index(queue, slot)].status);

	switch (status) {
	case VIRTIO_BLK_S_OK:
		/* Data that the device says it did not write is whatever was in the memory. The status byte is not
		 * counted: kvmtool does not, and a status that was not written shows by itself. */
		if (written < slot->length && slot->request->type == VIRTIO_BLK_READ && queue->blk->lengths_hold)
			return complain(queue, "a read is done with fewer bytes than it has:", written);
		return 0;
	case VIRTIO_BLK_S_IOERR:
		return VIRTIO_ERR_IO;
	case VIRTIO_BLK_S_UNSUPP:
		return VIRTIO_ERR_UNSUPPORTED;
	default:
		return complain(queue, "a request is done with the impossible status", status);
	}
}

/* Take back a part. Whether that was the last of its request. */
static bool part_done(struct virtio_blk_queue *queue, struct virtio_blk_slot *slot, uint32_t written)
{
	struct virtio_blk_request *request = slot->request;
	int result = part_result(queue, slot, written);

	if (result < 0) {
		if (request->result == 0)
			request->result = result;
		if (queue->partial == request) /* what was not sent yet never will be */
			queue->partial = NULL;
	}
	blk_slot_put(queue, blk_slot_index(queue, slot));
	return --request->parts == 0 && queue->partial != request;
}

/* Whether the request that waited for room has ended meanwhile, and no part of it will bring it back. */
static bool partial_ended(const struct virtio_blk_queue *queue)
{
	return queue->partial && queue->partial->parts == 0 && queue->partial->left == 0;
}

/* Go on with the request that waits for room. How many have ended by that, up to COUNT. */
static unsigned continue_partial(struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count)
{
	virtio_blk_parts_send(queue);
	virtio_queue_submit(&queue->queue);
	if (!partial_ended(queue) || count == 0)
		return 0;
	requests[0] = queue->partial;
	queue->partial = NULL;
	return 1;
}

int virtio_blk_queue_completed(struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count)
{
	struct virtqueue_used used[BURST_REQUESTS];
	unsigned done = 0;

	while (done < count) {
		unsigned wanted = count - done < BURST_REQUESTS ? count - done : BURST_REQUESTS;
		int got = virtio_queue_get(&queue->queue, used, wanted);
		if (got < 0 && done == 0)
			return got;
		for (int i = 0; i < got; i++) {
			struct virtio_blk_slot *slot = used[i].token;
			requests[done] = slot->request;
			done += part_done(queue, slot, used[i].length);
		}
		if (got < (int)wanted)
			break;
	}
	if (queue->partial)
		done += continue_partial(queue, requests + done, count - done);
	return (int)done;
}

bool virtio_blk_queue_enable_interrupts(struct virtio_blk_queue *queue)
{
	return virtqueue_enable_interrupts(&queue->queue.ring, 1) || partial_ended(queue);
}

void virtio_blk_queue_disable_interrupts(struct virtio_blk_queue *queue)
{
	virtqueue_disable_interrupts(&queue->queue.ring);
}
