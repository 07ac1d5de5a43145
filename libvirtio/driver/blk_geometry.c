/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, what the device tells of itself (VIRTIO 5.2.3 to 5.2.5), and its changes. Each field is read only when a
 * feature says that it exists, and believed as far as it makes sense: limits are kept, hints are dropped.
 */
#include "device/log.h"
#include "driver/blk.h"

#define MAX_BLOCK (2u << 20) /* bytes; a larger natural unit is a mistake */

VIRTIO_STATIC_ASSERT(BLK_MAX_PART % MAX_BLOCK == 0, "parts are whole blocks");

/* The natural unit: a hint, so a senseless one is replaced by what always works. */
static int read_block_size(struct virtio_blk *blk)
{
	uint32_t size = VIRTIO_BLK_SECTOR;

	if (virtio_device_has(blk->device, VIRTIO_BLK_F_BLK_SIZE)) {
		int error = virtio_device_config32(blk->device, VIRTIO_BLK_CONFIG_BLK_SIZE, &size);
		if (error)
			return error;
	}
	if (size < VIRTIO_BLK_SECTOR || size > MAX_BLOCK || (size & (size - 1))) {
		virtio_device_log(blk->device, VIRTIO_LOG_WARNING, "a block size of %u makes no sense, using 512",
			(unsigned)size);
		size = VIRTIO_BLK_SECTOR;
	}
	blk->block_size = size;
	return 0;
}

/* How many data segments may go at once, and how long each (5.2.5). A device that does not say takes one: all but the
 * most frugal do say (Firecracker does not, and means it). */
static int read_segment_limits(struct virtio_blk *blk)
{
	uint32_t wanted = blk->options.max_segments;
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

/* Hints: a physical block that is no power of two of sensible size counts as one of the logical ones. */
static int read_topology(struct virtio_blk *blk)
{
	uint8_t exponent = 0;
	uint8_t offset = 0;
	uint16_t min_io = 0;
	int error = 0;

	blk->topology.physical_block = 1;
	if (!virtio_device_has(blk->device, VIRTIO_BLK_F_TOPOLOGY))
		return 0;
	error = virtio_device_config8(blk->device, VIRTIO_BLK_CONFIG_PHYSICAL_EXPONENT, &exponent);
	if (!error)
		error = virtio_device_config8(blk->device, VIRTIO_BLK_CONFIG_ALIGNMENT_OFFSET, &offset);
	if (!error)
		error = virtio_device_config16(blk->device, VIRTIO_BLK_CONFIG_MIN_IO, &min_io);
	if (!error)
		error = virtio_device_config32(blk->device, VIRTIO_BLK_CONFIG_OPT_IO, &blk->topology.opt_io);
	if (exponent < 32 && (uint64_t)blk->block_size << exponent <= BLK_MAX_PART)
		blk->topology.physical_block = 1u << exponent;
	blk->topology.alignment_offset = offset < blk->topology.physical_block ? offset : 0;
	blk->topology.min_io = min_io;
	return error;
}

/* Whether finished writes wait for a flush (5.2.5.2). */
static int read_write_cache(struct virtio_blk *blk)
{
	uint8_t writeback;

	blk->flush = virtio_device_has(blk->device, VIRTIO_BLK_F_FLUSH);
	blk->write_cache = blk->flush;
	if (!virtio_device_has(blk->device, VIRTIO_BLK_F_CONFIG_WCE))
		return 0;
	int error = virtio_device_config8(blk->device, VIRTIO_BLK_CONFIG_WRITEBACK, &writeback);
	blk->write_cache = error || writeback;
	return error;
}

/* The limits of a command at OFFSET. Those of 0 leave nothing that could be sent: then it counts as missing. */
static int read_limits(struct virtio_blk *blk, struct virtio_blk_limits *limits, uint64_t feature, uint32_t offset)
{
	uint32_t segments = 0;
	int error;

	limits->alignment = blk->block_size / VIRTIO_BLK_SECTOR;
	if (!virtio_device_has(blk->device, feature))
		return 0;
	error = virtio_device_config32(blk->device, offset, &limits->max_sectors);
	if (!error)
		error = virtio_device_config32(blk->device, offset + 4, &segments);
	if (!error && feature != VIRTIO_BLK_F_WRITE_ZEROES)
		error = virtio_device_config32(blk->device, offset + 8, &limits->alignment);
	if (segments == 0 || limits->alignment == 0)
		limits->max_sectors = 0;
	return error;
}

static int read_commands(struct virtio_blk *blk)
{
	uint8_t may_unmap = 0;
	int error = read_limits(blk, &blk->discard, VIRTIO_BLK_F_DISCARD, VIRTIO_BLK_CONFIG_DISCARD);

	if (!error)
		error = read_limits(blk, &blk->secure_erase, VIRTIO_BLK_F_SECURE_ERASE, VIRTIO_BLK_CONFIG_SECURE_ERASE);
	if (!error)
		error = read_limits(blk, &blk->write_zeroes, VIRTIO_BLK_F_WRITE_ZEROES, VIRTIO_BLK_CONFIG_WRITE_ZEROES);
	if (!error && virtio_device_has(blk->device, VIRTIO_BLK_F_WRITE_ZEROES))
		error = virtio_device_config8(blk->device, VIRTIO_BLK_CONFIG_MAY_UNMAP, &may_unmap);
	blk->write_zeroes_may_unmap = may_unmap == 1;
	return error;
}

/* How many queues to use: those that we want and the device has. */
static int read_queue_count(struct virtio_blk *blk)
{
	uint16_t count = 1;
	int error = 0;

	if (virtio_device_has(blk->device, VIRTIO_BLK_F_MQ))
		error = virtio_device_config16(blk->device, VIRTIO_BLK_CONFIG_NUM_QUEUES, &count);
	if (count > blk->options.queues)
		count = blk->options.queues;
	blk->queue_count = count ? count : 1;
	return error;
}

int virtio_blk_read_geometry(struct virtio_blk *blk)
{
	static int (*const steps[])(struct virtio_blk *) = {
		read_block_size,
		read_segment_limits,
		read_topology,
		read_write_cache,
		read_commands,
		read_queue_count,
	};
	int error = virtio_device_config64(blk->device, VIRTIO_BLK_CONFIG_CAPACITY, &blk->capacity);

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]) && !error; i++)
		error = steps[i](blk);
	if (error)
		virtio_device_log(blk->device, VIRTIO_LOG_ERROR, "its configuration cannot be read: %s",
			virtio_error_name(error));
	blk->read_only = virtio_device_has(blk->device, VIRTIO_BLK_F_RO);
	blk->lengths_hold = virtio_device_has(blk->device, VIRTIO_F_VERSION_1);
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
	/* In one piece, since other processors look at it. */
	__atomic_store_n(&blk->capacity, capacity, __ATOMIC_RELAXED);
	virtio_device_log(blk->device, VIRTIO_LOG_INFO, "has %llu sectors now", (unsigned long long)capacity);
	return 1;
}
