/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, everything but the data path (VIRTIO 5.2.3 to 5.2.5): attach, the geometry, configuration changes,
 * detach.
 */
#include <virtio/spec/ids.h>

#include "base/hook.h"
#include "base/log.h"
#include "driver/blk.h"

#define BLK_FEATURES                                                                                                   \
	(VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH | \
		VIRTIO_F_ANY_LAYOUT)

#define BLK_DEFAULT_RING 256     /* entries, unless the runtime says otherwise */
#define BLK_MAX_BLOCK (2u << 20) /* bytes; a larger natural unit is a mistake */
#define BLK_NAP UINT64_C(100000) /* nanoseconds between two looks while waiting */
#define BLK_FRAMES_ALIGNMENT 64u /* a cache line */

/* The natural unit: a hint, so a senseless one is replaced by what always works. */
static int read_block_size(struct virtio_blk *blk)
{
	uint32_t size = VIRTIO_BLK_SECTOR;

	if (virtio_device_has(blk->device, VIRTIO_BLK_F_BLK_SIZE)) {
		int error = virtio_device_config32(blk->device, VIRTIO_BLK_CONFIG_BLK_SIZE, &size);
		if (error)
			return error;
	}
	if (size < VIRTIO_BLK_SECTOR || size > BLK_MAX_BLOCK || (size & (size - 1))) {
		virtio_log(blk->device->platform, VIRTIO_LOG_WARNING,
			"%s: a block size of %u makes no sense, using 512", blk->device->name, (unsigned)size);
		size = VIRTIO_BLK_SECTOR;
	}
	blk->block_size = size;
	return 0;
}

/* How many data segments a request may have, and how long each (5.2.5). A device that does not say takes one: all but
 * the most frugal do say (Firecracker does not, and means it). */
static int read_segment_limits(struct virtio_blk *blk, uint16_t wanted)
{
	uint32_t segments = 1;
	uint32_t length = UINT32_MAX;
	int error = 0;

	if (virtio_device_has(blk->device, VIRTIO_BLK_F_SEG_MAX))
		error = virtio_device_config32(blk->device, VIRTIO_BLK_CONFIG_SEG_MAX, &segments);
	if (!error && virtio_device_has(blk->device, VIRTIO_BLK_F_SIZE_MAX))
		error = virtio_device_config32(blk->device, VIRTIO_BLK_CONFIG_SIZE_MAX, &length);
	if (error)
		return error;
	if (wanted == 0 || wanted > BLK_MAX_SEGMENTS)
		wanted = BLK_MAX_SEGMENTS;
	if (segments == 0)
		segments = 1;
	blk->max_segments = (uint16_t)(segments < wanted ? segments : wanted);
	blk->max_segment_length = length ? length : UINT32_MAX;
	return 0;
}

/* Everything that the configuration and the features tell. */
static int read_geometry(struct virtio_blk *blk, uint16_t max_segments)
{
	int error = virtio_device_config64(blk->device, VIRTIO_BLK_CONFIG_CAPACITY, &blk->capacity);

	if (!error)
		error = read_block_size(blk);
	if (!error)
		error = read_segment_limits(blk, max_segments);
	if (error)
		virtio_log(blk->device->platform, VIRTIO_LOG_ERROR, "%s: its configuration cannot be read: %s",
			blk->device->name, virtio_error_name(error));
	blk->read_only = virtio_device_has(blk->device, VIRTIO_BLK_F_RO);
	blk->flush = virtio_device_has(blk->device, VIRTIO_BLK_F_FLUSH);
	blk->lengths_hold = virtio_device_has(blk->device, VIRTIO_F_VERSION_1);
	return error;
}

/* Set up requestq1. */
static int add_queue(struct virtio_blk *blk, uint16_t ring_size)
{
	uint16_t segments = (uint16_t)(blk->max_segments + BLK_FRAMING);
	int error = virtio_device_add_queue(blk->device, &blk->queue, 0, ring_size, segments);

	if (error)
		return error;
	/* A chain is never longer than the queue (2.7.5.3.1). */
	if (blk->queue.ring.size < 1 + BLK_FRAMING) {
		virtio_log(blk->device->platform, VIRTIO_LOG_ERROR,
			"%s: a queue of %u entries has no room for a request", blk->device->name,
			(unsigned)blk->queue.ring.size);
		return VIRTIO_ERR_UNSUPPORTED;
	}
	blk->max_segments = (uint16_t)(blk->queue.ring.max_segments - BLK_FRAMING);
	blk->slot_count = blk->queue.ring.size < ring_size ? blk->queue.ring.size : ring_size;
	return 0;
}

/* Bytes of the two private arrays, which lie one behind the other. */
static size_t private_size(const struct virtio_blk *blk)
{
	return blk->slot_count * (sizeof(*blk->requests) + sizeof(*blk->free_slots));
}

/* Bytes of the frames. */
static size_t frames_size(const struct virtio_blk *blk)
{
	return blk->slot_count * sizeof(*blk->frames);
}

static int allocate_slots(struct virtio_blk *blk)
{
	const struct virtio_platform *platform = blk->device->platform;

	blk->requests = platform->alloc(platform->context, private_size(blk), sizeof(void *));
	if (!blk->requests)
		return VIRTIO_ERR_NO_MEMORY;
	blk->frames =
		platform->dma_alloc(platform->context, frames_size(blk), BLK_FRAMES_ALIGNMENT, &blk->frames_address);
	if (!blk->frames)
		return VIRTIO_ERR_NO_MEMORY;
	blk->free_slots = (uint16_t *)(blk->requests + blk->slot_count);
	for (uint16_t slot = blk->slot_count; slot > 0; slot--)
		blk_slot_put(blk, (uint16_t)(slot - 1));
	return 0;
}

/* Free the slots. A device that is STUCK may still write to the frames: those it keeps. */
static void free_slots(struct virtio_blk *blk, bool stuck)
{
	const struct virtio_platform *platform = blk->device->platform;

	if (blk->requests)
		platform->free(platform->context, blk->requests, private_size(blk));
	blk->requests = NULL;
	if (!blk->frames || stuck)
		return;
	platform->dma_free(platform->context, blk->frames, frames_size(blk), blk->frames_address);
	blk->frames = NULL;
}

/* Steps 7 and 8 of 3.1.1, and what the device tells of itself in between. */
static int start(struct virtio_blk *blk, const struct virtio_blk_options *options)
{
	int error = read_geometry(blk, options->max_segments);

	if (!error)
		error = add_queue(blk, options->ring_size ? options->ring_size : BLK_DEFAULT_RING);
	if (!error)
		error = allocate_slots(blk);
	if (!error)
		error = virtio_device_ready(blk->device);
	if (error)
		virtio_device_fail(blk->device);
	return error;
}

/* Back to nothing. No request has told the device of the frames, so they can go even when it is stuck. */
static int give_up(struct virtio_blk *blk, int error)
{
	struct virtio_device *device = blk->device;

	virtio_log(
		device->platform, VIRTIO_LOG_ERROR, "%s: cannot be used: %s", device->name, virtio_error_name(error));
	(void)virtio_device_detach(device);
	free_slots(blk, false);
	blk->device = NULL;
	return error;
}

/* An argument that cannot be right, before anything is touched. */
static int refuse(const struct virtio_device *device, int error, const char *why)
{
	virtio_log(device->platform, VIRTIO_LOG_ERROR, "%s: %s", device->name, why);
	return error;
}

int virtio_blk_attach(struct virtio_blk *blk, struct virtio_device *device, const struct virtio_blk_options *options)
{
	static const struct virtio_blk_options defaults;

	if (device->type != VIRTIO_ID_BLOCK)
		return refuse(device, VIRTIO_ERR_NO_DEVICE, "it is no block device");
	if (device->live || device->queues)
		return refuse(device, VIRTIO_ERR_BUSY, "a driver is attached already");
	*blk = (struct virtio_blk){.device = device};
	int error = virtio_device_begin(device, BLK_FEATURES, 0, NULL);
	if (!error)
		error = start(blk, options ? options : &defaults);
	if (error)
		return give_up(blk, error);
	virtio_log(device->platform, VIRTIO_LOG_INFO, "%s: %llu sectors, blocks of %u bytes%s", device->name,
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

/* Wait until no request is in flight: bhyve finishes those that it works on into a ring that a reset took away. */
static void drain(struct virtio_blk *blk, const struct reclaim *reclaim)
{
	const struct virtio_platform *platform = blk->device->platform;
	struct virtio_blk_request *done;

	if (!VIRTIO_HAS_HOOK(platform, now) || virtio_device_check(blk->device) < 0)
		return;
	uint64_t deadline = platform->now(platform->context) + VIRTIO_RESET_TIMEOUT;
	while (blk->free_count < blk->slot_count) {
		int count = virtio_blk_completed(blk, &done, 1);
		if (count > 0) {
			hand_back(reclaim, done);
			continue;
		}
		uint64_t now = platform->now(platform->context);
		if (count < 0 || now >= deadline)
			return;
		if (VIRTIO_HAS_HOOK(platform, wait))
			platform->wait(platform->context, now + BLK_NAP);
	}
}

int virtio_blk_detach(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context)
{
	const struct reclaim owner = {reclaim, context};

	if (!blk->device)
		return 0;
	drain(blk, &owner);
	int error = virtio_device_detach(blk->device);
	for (uint16_t slot = 0; slot < blk->slot_count; slot++) {
		if (!blk->requests[slot])
			continue;
		blk->requests[slot]->result = error ? VIRTIO_ERR_TIMEOUT : VIRTIO_ERR_NO_DEVICE;
		hand_back(&owner, blk->requests[slot]);
	}
	free_slots(blk, error != 0);
	blk->device = NULL;
	return error;
}

int virtio_blk_poll_config(struct virtio_blk *blk)
{
	uint64_t capacity;
	int error = virtio_device_check(blk->device);

	if (!error)
		error = virtio_device_config64(blk->device, VIRTIO_BLK_CONFIG_CAPACITY, &capacity);
	if (error)
		return error;
	if (capacity == blk->capacity)
		return 0;
	blk->capacity = capacity;
	virtio_log(blk->device->platform, VIRTIO_LOG_INFO, "%s: has %llu sectors now", blk->device->name,
		(unsigned long long)capacity);
	return 1;
}
