/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, what is refused before the device sees any of it (VIRTIO 5.2.6.1). Devices are not good at that: some
 * answer a read past the end with success and whatever was in the memory.
 */
#include "driver/blk.h"

/* Whether LENGTH bytes at SECTOR lie on the device. Sectors, not bytes: a capacity near 2^64 must not wrap. */
static int check_range(const struct virtio_blk *blk, uint64_t sector, uint64_t length)
{
	if (length == 0 || length % VIRTIO_BLK_SECTOR)
		return VIRTIO_ERR_INVALID;
	if (sector > blk->capacity || length / VIRTIO_BLK_SECTOR > blk->capacity - sector)
		return VIRTIO_ERR_NO_SPACE;
	return 0;
}

/* Whether a request for LENGTH bytes makes sense on this device. */
static int check_operation(const struct virtio_blk *blk, const struct virtio_blk_request *request, uint64_t length)
{
	switch (request->type) {
	case VIRTIO_BLK_WRITE:
		if (blk->read_only)
			return VIRTIO_ERR_READ_ONLY;
		return check_range(blk, request->sector, length);
	case VIRTIO_BLK_READ:
		return check_range(blk, request->sector, length);
	case VIRTIO_BLK_FLUSH:
		if (request->segment_count)
			return VIRTIO_ERR_INVALID;
		return blk->flush ? 0 : VIRTIO_ERR_UNSUPPORTED;
	case VIRTIO_BLK_SERIAL:
		return request->segment_count == 1 && length == VIRTIO_BLK_ID_LENGTH ? 0 : VIRTIO_ERR_INVALID;
	}
	return VIRTIO_ERR_INVALID;
}

/* Whether it is in flight already. The slot of one that is not may be anything. */
static bool in_flight(const struct virtio_blk *blk, const struct virtio_blk_request *request)
{
	return request->slot < blk->slot_count && blk->requests[request->slot] == request;
}

int virtio_blk_check_request(const struct virtio_blk *blk, const struct virtio_blk_request *request, uint32_t *length)
{
	uint64_t sum = 0;

	if (in_flight(blk, request))
		return VIRTIO_ERR_BUSY;
	if (request->segment_count > blk->max_segments)
		return VIRTIO_ERR_TOO_LARGE;
	for (unsigned i = 0; i < request->segment_count; i++) {
		if (request->segments[i].length == 0)
			return VIRTIO_ERR_INVALID;
		if (request->segments[i].length > blk->max_segment_length)
			return VIRTIO_ERR_TOO_LARGE;
		sum += request->segments[i].length;
	}
	/* A buffer has fewer than 2^32 bytes (2.7.5), and the used length must have room for the status. */
	if (sum > UINT32_MAX - sizeof(struct virtio_blk_frame))
		return VIRTIO_ERR_TOO_LARGE;
	*length = (uint32_t)sum;
	return check_operation(blk, request, sum);
}
