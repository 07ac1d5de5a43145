/* SPDX-License-Identifier: ISC */
/* The disk behind a virtqueue: takes requests, checks how they are framed (VIRTIO 5.2.6), does them on its medium. */
#include "fake/disk.h"

#include <string.h>

#include "fake/cmocka.h"

void fake_disk_start(struct fake_disk *disk, struct fake_device_ring *ring)
{
	memset(disk, 0, sizeof *disk);
	disk->ring = ring;
	for (unsigned sector = 0; sector < FAKE_DISK_SECTORS; sector++)
		memset(disk->medium[sector], (int)sector, sizeof disk->medium[sector]);
	memcpy(disk->durable, disk->medium, sizeof disk->durable);
	memcpy(disk->serial, "fake disk", sizeof "fake disk");
}

void fake_disk_crash(struct fake_disk *disk)
{
	memcpy(disk->medium, disk->durable, sizeof disk->medium);
}

/* Whether the device reads the data. */
static bool is_to_disk(uint32_t type)
{
	return type == VIRTIO_BLK_T_OUT || type == VIRTIO_BLK_T_DISCARD || type == VIRTIO_BLK_T_WRITE_ZEROES ||
	       type == VIRTIO_BLK_T_SECURE_ERASE;
}

/* 5.2.6, and 5.2.6.4 for devices without ANY_LAYOUT: the header alone, the data, the status alone. */
static void check_framing(const struct fake_disk *disk, const struct fake_disk_request *request)
{
	const struct fake_device_buffer *buffer = &request->buffer;
	bool to_disk = is_to_disk(request->type);

	assert_true(buffer->count >= 2);
	assert_int_equal(buffer->elements[0].length, sizeof(struct virtio_blk_req));
	assert_false(buffer->elements[0].writable);
	assert_int_equal(buffer->elements[buffer->count - 1].length, 1);
	assert_true(buffer->elements[buffer->count - 1].writable);
	assert_true(disk->max_segments == 0 || buffer->count - 2 <= disk->max_segments);
	for (unsigned i = 1; i + 1 < buffer->count; i++) {
		assert_int_equal(buffer->elements[i].writable, !to_disk);
		assert_true(disk->max_length == 0 || buffer->elements[i].length <= disk->max_length);
	}
}

/* BLK-10, BLK-11, BLK-12, BLK-13, BLK-16 */
static void check_range(const struct fake_disk *disk, struct fake_disk_request *request, uint64_t feature)
{
	struct virtio_blk_range range;

	assert_true(request->ring->features & feature);
	assert_int_equal(request->length, sizeof range);
	assert_int_equal(request->sector, 0);
	fake_device_read(&request->buffer, sizeof(struct virtio_blk_req), &range, sizeof range);
	request->sector = le64_to(range.sector);
	request->count = le32_to(range.count);
	request->flags = le32_to(range.flags);
	assert_true(request->count > 0);
	assert_true(disk->max_sectors == 0 || request->count <= disk->max_sectors);
	assert_true(request->flags <= (feature == VIRTIO_BLK_F_WRITE_ZEROES ? VIRTIO_BLK_RANGE_UNMAP : 0));
}

static void check_request(const struct fake_disk *disk, struct fake_disk_request *request)
{
	switch (request->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		assert_true(request->length > 0);
		assert_int_equal(request->length % VIRTIO_BLK_SECTOR, 0);
		break;
	case VIRTIO_BLK_T_DISCARD:
		check_range(disk, request, VIRTIO_BLK_F_DISCARD);
		break;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		check_range(disk, request, VIRTIO_BLK_F_WRITE_ZEROES);
		break;
	case VIRTIO_BLK_T_SECURE_ERASE:
		check_range(disk, request, VIRTIO_BLK_F_SECURE_ERASE);
		break;
	case VIRTIO_BLK_T_GET_LIFETIME:
		assert_true(request->ring->features & VIRTIO_BLK_F_LIFETIME);
		assert_int_equal(request->sector, 0);
		assert_int_equal(request->length, sizeof(struct virtio_blk_lifetime));
		break;
	case VIRTIO_BLK_T_FLUSH:
		assert_true(request->ring->features & VIRTIO_BLK_F_FLUSH);
		assert_int_equal(request->sector, 0);
		assert_int_equal(request->length, 0);
		break;
	case VIRTIO_BLK_T_GET_ID:
		assert_int_equal(request->sector, 0);
		assert_int_equal(request->length, VIRTIO_BLK_ID_LENGTH);
		break;
	default:
		fail_msg("request of type %u", request->type);
	}
}

unsigned fake_disk_take(struct fake_disk *disk)
{
	unsigned count = 0;

	for (; fake_device_available(disk->ring); count++) {
		assert_true(disk->held_count < FAKE_DISK_HELD);
		struct fake_disk_request *request = &disk->held[disk->held_count++];
		struct virtio_blk_req header;
		request->ring = disk->ring;
		assert_true(fake_device_take(disk->ring, &request->buffer));
		fake_device_read(&request->buffer, 0, &header, sizeof header);
		assert_int_equal(le32_to(header.reserved), 0);
		request->type = le32_to(header.type);
		request->sector = le64_to(header.sector);
		request->length =
			request->buffer.readable_bytes + request->buffer.writable_bytes - (uint32_t)sizeof header - 1;
		check_framing(disk, request);
		check_request(disk, request);
	}
	return count;
}

static void give_back(struct fake_disk *disk, unsigned index, uint32_t length)
{
	fake_device_return(disk->held[index].ring, &disk->held[index].buffer, length);
	disk->held_count--;
	memmove(&disk->held[index], &disk->held[index + 1], (disk->held_count - index) * sizeof disk->held[0]);
}

/* Sectors that a request is for. */
static uint32_t sectors_of(const struct fake_disk_request *request)
{
	if (request->type == VIRTIO_BLK_T_IN || request->type == VIRTIO_BLK_T_OUT)
		return request->length / VIRTIO_BLK_SECTOR;
	return request->count;
}

static void fill(struct fake_disk *disk, const struct fake_disk_request *request, int value)
{
	memset(disk->medium[request->sector], value, (size_t)request->count * VIRTIO_BLK_SECTOR);
}

/* What is asked of the device, not of the medium. */
static void answer(const struct fake_disk *disk, const struct fake_disk_request *request)
{
	const struct virtio_blk_lifetime lifetime = {le16_from(1), le16_from(3), le16_from(0)};

	if (request->type == VIRTIO_BLK_T_GET_ID)
		fake_device_write(&request->buffer, 0, disk->serial, sizeof disk->serial);
	else if (request->type == VIRTIO_BLK_T_GET_LIFETIME)
		fake_device_write(&request->buffer, 0, &lifetime, sizeof lifetime);
}

/* Do it. Returns the status. */
static uint8_t perform(struct fake_disk *disk, const struct fake_disk_request *request)
{
	if (request->sector + sectors_of(request) > FAKE_DISK_SECTORS)
		return VIRTIO_BLK_S_IOERR;
	disk->flushed = request->type == VIRTIO_BLK_T_FLUSH || (disk->flushed && !is_to_disk(request->type));
	switch (request->type) {
	case VIRTIO_BLK_T_IN:
		fake_device_write(&request->buffer, 0, disk->medium[request->sector], request->length);
		break;
	case VIRTIO_BLK_T_OUT:
		fake_device_read(&request->buffer, sizeof(struct virtio_blk_req), disk->medium[request->sector],
			request->length);
		if (!disk->cache)
			memcpy(disk->durable[request->sector], disk->medium[request->sector], request->length);
		break;
	case VIRTIO_BLK_T_FLUSH:
		memcpy(disk->durable, disk->medium, sizeof disk->durable);
		break;
	case VIRTIO_BLK_T_DISCARD:
		fill(disk, request, FAKE_DISK_DISCARDED);
		break;
	case VIRTIO_BLK_T_WRITE_ZEROES:
		fill(disk, request, 0);
		break;
	case VIRTIO_BLK_T_SECURE_ERASE:
		fill(disk, request, FAKE_DISK_ERASED);
		break;
	default:
		answer(disk, request);
	}
	return VIRTIO_BLK_S_OK;
}

unsigned fake_disk_next(const struct fake_disk *disk, unsigned index)
{
	assert_true(index < disk->held_count);
	return disk->held[index].ring->features & VIRTIO_F_IN_ORDER ? 0 : index;
}

void fake_disk_finish(struct fake_disk *disk, unsigned index)
{
	assert_true(index < disk->held_count);
	const struct fake_disk_request *request = &disk->held[index];
	uint8_t status = perform(disk, request);
	uint32_t written = request->buffer.writable_bytes;

	fake_device_write(&request->buffer, written - 1, &status, 1);
	give_back(disk, index, written);
}

unsigned fake_disk_serve(struct fake_disk *disk)
{
	unsigned count = fake_disk_take(disk);

	while (disk->held_count)
		fake_disk_finish(disk, 0);
	return count;
}

void fake_disk_claim(struct fake_disk *disk, unsigned index, int status, uint32_t length)
{
	assert_true(index < disk->held_count);
	const struct fake_disk_request *request = &disk->held[index];

	if (status != FAKE_DISK_UNTOUCHED) {
		uint8_t byte = (uint8_t)status;
		fake_device_write(&request->buffer, request->buffer.writable_bytes - 1, &byte, 1);
	}
	give_back(disk, index, length);
}
