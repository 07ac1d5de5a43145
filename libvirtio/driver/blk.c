/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, from attach to detach (VIRTIO 3.1.1, 5.2.2).
 */
#include <virtio/spec/ids.h>

#include "base/hook.h"
#include "device/log.h"
#include "driver/attach.h"
#include "driver/blk.h"

#define BLK_FEATURES                                                                                                   \
	(VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | \
		VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES |   \
		VIRTIO_BLK_F_LIFETIME | VIRTIO_BLK_F_SECURE_ERASE | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_IN_ORDER)

#define BLK_DEFAULT_RING 256     /* entries, unless the runtime says otherwise */
#define BLK_NAP UINT64_C(100000) /* nanoseconds between two looks while waiting */
#define BLK_CACHE_LINE 64u

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_blk_frame) == BLK_CACHE_LINE, "a cache line for each part");

/* Bytes of a queue's two private arrays, which lie one behind the other. */
static size_t private_size(const struct virtio_blk_queue *queue)
{
	return queue->slot_count * (sizeof(*queue->slots) + sizeof(*queue->free_slots));
}

/* Bytes of its frames. */
static size_t frames_size(const struct virtio_blk_queue *queue)
{
	return queue->slot_count * sizeof(*queue->frames);
}

static int allocate_slots(struct virtio_blk_queue *queue)
{
	const struct virtio_platform *platform = queue->blk->device->platform;

	queue->slots = platform->alloc(platform->context, private_size(queue), BLK_CACHE_LINE);
	if (!queue->slots)
		return VIRTIO_ERR_NO_MEMORY;
	queue->frames =
		platform->dma_alloc(platform->context, frames_size(queue), BLK_CACHE_LINE, &queue->frames_address);
	if (!queue->frames)
		return VIRTIO_ERR_NO_MEMORY;
	queue->free_slots = (uint16_t *)(queue->slots + queue->slot_count);
	for (uint16_t slot = queue->slot_count; slot > 0; slot--)
		blk_slot_put(queue, (uint16_t)(slot - 1));
	return 0;
}

/* Free a queue's slots. A device that is STUCK may still write to the frames: those it keeps. */
static void free_slots(struct virtio_blk_queue *queue, bool stuck)
{
	const struct virtio_platform *platform = queue->blk->device->platform;

	if (queue->slots)
		platform->free(platform->context, queue->slots, private_size(queue));
	if (queue->frames && !stuck)
		platform->dma_free(platform->context, queue->frames, frames_size(queue), queue->frames_address);
}

/* Free the queues. The rings in them are the device layer's, which has dropped them before. */
static void free_queues(struct virtio_blk *blk, bool stuck)
{
	const struct virtio_platform *platform = blk->device->platform;

	if (!blk->queues)
		return;
	for (uint16_t i = 0; i < blk->options.queues; i++)
		free_slots(&blk->queues[i], stuck);
	platform->free(platform->context, blk->queues, blk->options.queues * sizeof(*blk->queues));
	blk->queues = NULL;
	blk->queue_count = 0;
}

/* Memory for as many queues as the device may have. */
static int allocate_queues(struct virtio_blk *blk)
{
	const struct virtio_platform *platform = blk->device->platform;

	blk->options.queues = blk->queue_count;
	blk->queues = platform->alloc(platform->context, blk->queue_count * sizeof(*blk->queues), BLK_CACHE_LINE);
	if (!blk->queues)
		return VIRTIO_ERR_NO_MEMORY;
	for (uint16_t i = 0; i < blk->queue_count; i++)
		blk->queues[i] = (struct virtio_blk_queue){.blk = blk};
	return 0;
}

/* Set up requestq INDEX + 1. */
static int add_queue(struct virtio_blk *blk, uint16_t index)
{
	struct virtio_blk_queue *queue = &blk->queues[index];
	const struct virtqueue *ring = &queue->queue.ring;
	uint16_t segments = (uint16_t)(blk->max_segments + BLK_FRAMING);
	int error = virtio_device_add_queue(blk->device, &queue->queue, index, blk->options.ring_size, segments);

	if (error)
		return error;
	/* A chain is never longer than the queue (2.7.5.3.1). */
	if (ring->size < 1 + BLK_FRAMING) {
		virtio_device_log(blk->device, VIRTIO_LOG_ERROR, "a queue of %u entries has no room for a request",
			(unsigned)ring->size);
		return VIRTIO_ERR_UNSUPPORTED;
	}
	blk->max_segments = (uint16_t)(ring->max_segments - BLK_FRAMING);
	queue->slot_count = ring->size < blk->options.ring_size ? ring->size : blk->options.ring_size;
	return allocate_slots(queue);
}

/* All queues. A device that has fewer than it says is used with those that it has. */
static int add_queues(struct virtio_blk *blk)
{
	int error = allocate_queues(blk);

	for (uint16_t i = 0; i < blk->queue_count && !error; i++) {
		error = add_queue(blk, i);
		if (error == VIRTIO_ERR_NO_DEVICE && i > 0) {
			blk->queue_count = i;
			error = 0;
		}
	}
	return error;
}

/* Steps 7 and 8 of 3.1.1, and what the device tells of itself in between. */
static int start(struct virtio_blk *blk)
{
	int error = virtio_blk_read_geometry(blk);

	if (!error)
		error = add_queues(blk);
	if (!error)
		error = virtio_device_ready(blk->device);
	if (error)
		virtio_device_fail(blk->device);
	return error;
}

/* An attach has failed: back to nothing. No request has told the device of the frames, so they can go even when it is
 * stuck; the rings in the queues are forgotten or freed by then. */
static int give_up(struct virtio_blk *blk, int error)
{
	struct virtio_device *device = blk->device;

	virtio_attach_failed(device, error);
	(void)virtio_device_detach(device);
	free_queues(blk, false);
	blk->device = NULL;
	return error;
}

/* What was asked for, with the defaults. */
static struct virtio_blk_options choose(const struct virtio_blk_options *options)
{
	struct virtio_blk_options chosen = {0};

	if (options)
		chosen = *options;
	if (!chosen.ring_size)
		chosen.ring_size = BLK_DEFAULT_RING;
	if (!chosen.queues)
		chosen.queues = 1;
	return chosen;
}

int virtio_blk_attach(struct virtio_blk *blk, struct virtio_device *device, const struct virtio_blk_options *options)
{
	int error = virtio_attach_check(device, VIRTIO_ID_BLOCK);

	if (error)
		return error;
	*blk = (struct virtio_blk){.device = device, .options = choose(options)};
	error = virtio_device_begin(device, BLK_FEATURES | (blk->options.queues > 1 ? VIRTIO_BLK_F_MQ : 0), 0, NULL);
	if (!error)
		error = start(blk);
	if (error)
		return give_up(blk, error);
	virtio_device_log(device, VIRTIO_LOG_INFO, "%llu sectors, blocks of %u bytes%s",
		(unsigned long long)blk->capacity, (unsigned)blk->block_size, blk->read_only ? ", read-only" : "");
	return 0;
}

/* Who gets the requests that detach finds. */
struct reclaim {
	void (*call)(void *context, struct virtio_blk_request *request);
	void *context;
};

static void hand_back(const struct reclaim *reclaim, struct virtio_blk_request *request)
{
	if (reclaim->call)
		reclaim->call(reclaim->context, request);
}

/* Hand back what has finished. How many; an error when a ring is broken. *LEFT: whether more is in flight. */
static int reap(struct virtio_blk *blk, const struct reclaim *reclaim, bool *left)
{
	struct virtio_blk_request *done;
	int all = 0;

	*left = false;
	for (uint16_t i = 0; i < blk->queue_count; i++) {
		struct virtio_blk_queue *queue = &blk->queues[i];
		int count = virtio_blk_queue_completed(queue, &done, 1);
		if (count < 0)
			return count;
		if (count)
			hand_back(reclaim, done);
		all += count;
		*left |= queue->free_count < queue->slot_count || queue->partial;
	}
	return all;
}

/* Wait until no request is in flight: bhyve finishes those that it works on into a ring that a reset took away. */
static void drain(struct virtio_blk *blk, const struct reclaim *reclaim)
{
	const struct virtio_platform *platform = blk->device->platform;
	bool left;

	if (!VIRTIO_HAS_HOOK(platform, now) || virtio_device_check(blk->device) < 0)
		return;
	uint64_t deadline = platform->now(platform->context) + VIRTIO_RESET_TIMEOUT;
	for (;;) {
		/* The clock first: if the machine stands still after this, what finished meanwhile is still found. */
		uint64_t now = platform->now(platform->context);
		int count = reap(blk, reclaim, &left);
		if (count < 0 || !left || (count == 0 && now >= deadline))
			return;
		if (count == 0 && VIRTIO_HAS_HOOK(platform, wait))
			platform->wait(platform->context, now + BLK_NAP);
	}
}

/* One part fewer of REQUEST is in flight; when it was the last, it goes back to its owner with ERROR. */
static void abandon(struct virtio_blk_request *request, int error, const struct reclaim *reclaim)
{
	if (request->parts > 1) {
		request->parts--;
		return;
	}
	request->parts = 0;
	request->left = 0;
	if (request->result == 0 || error == VIRTIO_ERR_TIMEOUT)
		request->result = error;
	hand_back(reclaim, request);
}

/* Hand back what the device was reset over. */
static void abandon_queue(struct virtio_blk_queue *queue, int error, const struct reclaim *reclaim)
{
	if (queue->partial && queue->partial->parts == 0)
		abandon(queue->partial, error, reclaim);
	for (uint16_t slot = 0; slot < queue->slot_count; slot++)
		if (queue->slots[slot].request)
			abandon(queue->slots[slot].request, error, reclaim);
}

int virtio_blk_detach(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context)
{
	const struct reclaim owner = {reclaim, context};

	if (!blk->device)
		return 0;
	drain(blk, &owner);
	int error = virtio_device_detach(blk->device);
	for (uint16_t i = 0; i < blk->queue_count; i++)
		abandon_queue(&blk->queues[i], error ? VIRTIO_ERR_TIMEOUT : VIRTIO_ERR_NO_DEVICE, &owner);
	free_queues(blk, error != 0);
	blk->device = NULL;
	return error;
}
