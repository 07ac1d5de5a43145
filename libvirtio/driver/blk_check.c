/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk, what is refused before the device sees any of it (VIRTIO 5.2.6.1). Devices are not good at that: some
 * answer a read past the end with success and whatever was in the memory.
 */
#include "driver/blk.h"

/* Sectors, not bytes: a capacity near 2^64 must not wrap. */
int virtio_blk_check_range(const struct virtio_blk *blk, uint64_t sector, uint64_t sectors)
{
	/* Another processor may be in virtio_blk_poll_config. */
	uint64_t capacity = __atomic_load_n(&blk->capacity, __ATOMIC_RELAXED);

	if (sectors == 0)
		return VIRTIO_ERR_INVALID;
	return sector > capacity || sectors > capacity - sector ? VIRTIO_ERR_NO_SPACE : 0;
}

const struct virtio_blk_limits *virtio_blk_limits_of(const struct virtio_blk *blk, enum virtio_blk_operation type)
{
	switch (type) {
	case VIRTIO_BLK_DISCARD:
		return &blk->discard;
	case VIRTIO_BLK_WRITE_ZEROES:
		return &blk->write_zeroes;
	case VIRTIO_BLK_SECURE_ERASE:
		return &blk->secure_erase;
	default:
		return NULL;
	}
}

/* Discard and its kind: 1, they always go by the cursor. */
static int check_command(const struct virtio_blk *blk, struct virtio_blk_request *request)
{
	const struct virtio_blk_limits *limits = virtio_blk_limits_of(blk, request->type);

	if (!limits || request->segment_count)
		return VIRTIO_ERR_INVALID;
	if (limits->max_sectors == 0)
		return VIRTIO_ERR_UNSUPPORTED;
	if (blk->read_only)
		return VIRTIO_ERR_READ_ONLY;
	int error = virtio_blk_check_range(blk, request->sector, request->sector_count);
	return error ? error : virtio_blk_parts_begin(blk, request, request->sector_count);
}

/* An answer of WANTED bytes in one piece. */
static int check_answer(
	const struct virtio_blk *blk, const struct virtio_blk_request *request, uint64_t length, uint32_t wanted)
{
	if (request->segment_count != 1 || length != wanted)
		return VIRTIO_ERR_INVALID;
	return length > blk->max_segment_length ? VIRTIO_ERR_TOO_LARGE : 0;
}

/* All but reads and writes. */
static int check_other(const struct virtio_blk *blk, struct virtio_blk_request *request, uint64_t length)
{
	switch (request->type) {
	case VIRTIO_BLK_FLUSH:
		if (request->segment_count)
			return VIRTIO_ERR_INVALID;
		return blk->flush ? 0 : VIRTIO_ERR_UNSUPPORTED;
	case VIRTIO_BLK_SERIAL:
		return check_answer(blk, request, length, VIRTIO_BLK_ID_LENGTH);
	case VIRTIO_BLK_LIFETIME:
		if (!virtio_device_has(blk->device, VIRTIO_BLK_F_LIFETIME))
			return VIRTIO_ERR_UNSUPPORTED;
		return check_answer(blk, request, length, sizeof(struct virtio_blk_lifetime));
	default:
		return check_command(blk, request);
	}
}

int virtio_blk_check_request(const struct virtio_blk *blk, struct virtio_blk_request *request, uint32_t *length)
{
	uint64_t sum = 0;
	uint32_t longest = 0;

	if (request->parts)
		return VIRTIO_ERR_BUSY;
	for (unsigned i = 0; i < request->segment_count; i++) {
		uint32_t part = request->segments[i].length;
		if (part == 0)
			return VIRTIO_ERR_INVALID;
		longest = part > longest ? part : longest;
		sum += part;
	}
	*length = (uint32_t)sum;
	if (!blk_is_addressed(request->type))
		return check_other(blk, request, sum);
	if (request->type == VIRTIO_BLK_WRITE && blk->read_only)
		return VIRTIO_ERR_READ_ONLY;
	if (sum % VIRTIO_BLK_SECTOR)
		return VIRTIO_ERR_INVALID;
	int error = virtio_blk_check_range(blk, request->sector, sum / VIRTIO_BLK_SECTOR);
	if (error)
		return error;
	if (request->segment_count > blk->max_segments || longest > blk->max_segment_length || sum > BLK_MAX_PART)
		return virtio_blk_parts_begin(blk, request, sum / VIRTIO_BLK_SECTOR);
	return 0;
}
