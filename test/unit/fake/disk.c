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
	memcpy(disk->serial, "fake disk", sizeof "fake disk");
}

/* 5.2.6, and 5.2.6.4 for devices without ANY_LAYOUT: the header alone, the data, the status alone. */
static void check_framing(const struct fake_disk_request *request)
{
	const struct fake_device_buffer *buffer = &request->buffer;
	bool to_disk = request->type == VIRTIO_BLK_T_OUT;

	assert_true(buffer->count >= 2);
	assert_int_equal(buffer->elements[0].length, sizeof(struct virtio_blk_req));
	assert_false(buffer->elements[0].writable);
	assert_int_equal(buffer->elements[buffer->count - 1].length, 1);
	assert_true(buffer->elements[buffer->count - 1].writable);
	for (unsigned i = 1; i + 1 < buffer->count; i++)
		assert_int_equal(buffer->elements[i].writable, !to_disk);
}

static void check_request(const struct fake_disk_request *request)
{
	switch (request->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		assert_true(request->length > 0);
		assert_int_equal(request->length % VIRTIO_BLK_SECTOR, 0);
		break;
	case VIRTIO_BLK_T_FLUSH:
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
		assert_true(fake_device_take(disk->ring, &request->buffer));
		fake_device_read(&request->buffer, 0, &header, sizeof header);
		assert_int_equal(le32_to(header.reserved), 0);
		request->type = le32_to(header.type);
		request->sector = le64_to(header.sector);
		request->length =
			request->buffer.readable_bytes + request->buffer.writable_bytes - (uint32_t)sizeof header - 1;
		check_framing(request);
		check_request(request);
	}
	return count;
}

static void give_back(struct fake_disk *disk, unsigned index, uint32_t length)
{
	fake_device_return(disk->ring, &disk->held[index].buffer, length);
	disk->held_count--;
	memmove(&disk->held[index], &disk->held[index + 1], (disk->held_count - index) * sizeof disk->held[0]);
}

/* Do it. Returns the status. */
static uint8_t perform(struct fake_disk *disk, const struct fake_disk_request *request)
{
	bool addressed = request->type == VIRTIO_BLK_T_IN || request->type == VIRTIO_BLK_T_OUT;

	if (addressed && request->sector + request->length / VIRTIO_BLK_SECTOR > FAKE_DISK_SECTORS)
		return VIRTIO_BLK_S_IOERR;
	if (request->type == VIRTIO_BLK_T_IN)
		fake_device_write(&request->buffer, 0, disk->medium[request->sector], request->length);
	else if (request->type == VIRTIO_BLK_T_OUT)
		fake_device_read(&request->buffer, sizeof(struct virtio_blk_req), disk->medium[request->sector],
			request->length);
	else if (request->type == VIRTIO_BLK_T_GET_ID)
		fake_device_write(&request->buffer, 0, disk->serial, sizeof disk->serial);
	if (request->type == VIRTIO_BLK_T_OUT)
		disk->flushed = false;
	if (request->type == VIRTIO_BLK_T_FLUSH)
		disk->flushed = true;
	return VIRTIO_BLK_S_OK;
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
