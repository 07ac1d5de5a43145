/* SPDX-License-Identifier: ISC */
/* A block device for tests: transport, disk and driver put together. */
#include "fake/blk.h"

#include "fake/cmocka.h"
#include "fake/platform.h"

struct fake_blk fake_blk;

void fake_blk_start(uint64_t features)
{
	fake_transport_init(&fake_blk.transport, fake_platform(), VIRTIO_ID_BLOCK, features);
	if (!(features & VIRTIO_F_VERSION_1))
		fake_transport_make_legacy(&fake_blk.transport);
	fake_disk_start(&fake_blk.disk, &fake_blk.transport.queues[0].ring);
	fake_blk_capacity(FAKE_DISK_SECTORS);
	fake_blk_config32(VIRTIO_BLK_CONFIG_SEG_MAX, FAKE_BLK_SEG_MAX);
	fake_blk_config32(VIRTIO_BLK_CONFIG_BLK_SIZE, VIRTIO_BLK_SECTOR);
}

void fake_blk_config32(uint32_t offset, uint32_t value)
{
	struct le32 raw = le32_from(value);

	fake_transport_set_config(&fake_blk.transport, offset, &raw, sizeof raw);
}

void fake_blk_limits(uint32_t segments, uint32_t length)
{
	fake_blk_config32(VIRTIO_BLK_CONFIG_SEG_MAX, segments);
	fake_blk_config32(VIRTIO_BLK_CONFIG_SIZE_MAX, length);
	fake_blk.disk.max_segments = segments;
	fake_blk.disk.max_length = length;
}

void fake_blk_range_limits(uint32_t offset, uint32_t max_sectors, uint32_t segments, uint32_t alignment)
{
	fake_blk_config32(offset, max_sectors);
	fake_blk_config32(offset + 4, segments);
	if (offset != VIRTIO_BLK_CONFIG_WRITE_ZEROES)
		fake_blk_config32(offset + 8, alignment);
	fake_blk.disk.max_sectors = max_sectors;
}

void fake_blk_capacity(uint64_t sectors)
{
	struct le64 raw = le64_from(sectors);

	fake_transport_set_config(&fake_blk.transport, VIRTIO_BLK_CONFIG_CAPACITY, &raw, sizeof raw);
}

void fake_blk_attach(const struct virtio_blk_options *options)
{
	assert_int_equal(virtio_blk_attach(&fake_blk.blk, &fake_blk.transport.device, options), 0);
}

static void nothing_to_reclaim(void *context, struct virtio_blk_request *request)
{
	(void)context;
	fail_msg("a request for sector %llu was still in flight", (unsigned long long)request->sector);
}

void fake_blk_detach(void)
{
	assert_int_equal(virtio_blk_detach(&fake_blk.blk, nothing_to_reclaim, NULL), 0);
}

struct virtio_blk_request fake_blk_request(
	enum virtio_blk_operation type, uint64_t sector, struct virtio_segment *segment, uint32_t length)
{
	*segment = fake_platform_buffer(length ? length : 1);
	segment->length = length;
	return (struct virtio_blk_request){.type = type, .sector = sector, .segments = segment, .segment_count = 1};
}

int fake_blk_submit(struct virtio_blk_request *request)
{
	return virtio_blk_submit(&fake_blk.blk, &request, 1);
}

int fake_blk_completed(const struct virtio_blk_request *request)
{
	struct virtio_blk_request *done = NULL;

	assert_int_equal(virtio_blk_completed(&fake_blk.blk, &done, 1), 1);
	assert_ptr_equal(done, request);
	return done->result;
}

int fake_blk_execute(struct virtio_blk_request *request)
{
	assert_int_equal(fake_blk_submit(request), 1);
	assert_int_equal(fake_disk_serve(&fake_blk.disk), 1);
	return fake_blk_completed(request);
}
