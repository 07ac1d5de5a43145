/* SPDX-License-Identifier: ISC */
/* A disk that goes while it reads. */
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"

static struct virtio_blk blk;
static struct virtio_blk_request requests[IN_FLIGHT];
static struct virtio_segment segments[IN_FLIGHT];
static uint8_t bytes[IN_FLIGHT][VIRTIO_BLK_SECTOR];
static unsigned returned;

/* A sector tells its number in its first eight bytes (test/qemu/disk.py). */
static bool is_sector(const uint8_t *sector, uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		if (sector[i] != (uint8_t)(number >> 8 * i))
			return false;
	return true;
}

static const char *submit(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct virtio_blk_request *request = &requests[i];
		segments[i] = virtio_segment_identity(bytes[i], VIRTIO_BLK_SECTOR);
		*request = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .sector = i, .segments = &segments[i], .segment_count = 1};
		if (virtio_blk_submit(&blk, &request, 1) != 1)
			return "submit";
	}
	return NULL;
}

static const char *work(void)
{
	struct virtio_blk_request *done[IN_FLIGHT];
	uint64_t deadline = now() + PATIENCE;
	const char *error = submit(IN_FLIGHT);

	for (unsigned left = IN_FLIGHT; left && !error;) {
		int count = virtio_blk_completed_wait(&blk.queues[0], done, left, deadline);
		if (count < 0)
			return virtio_error_name(count);
		for (int i = 0; i < count; i++)
			if (done[i]->result || !is_sector(done[i]->segments[0].data, done[i]->sector))
				error = "data";
		left -= (unsigned)count;
	}
	return error;
}

static const char *attach(struct virtio_device *device)
{
	returned = 0;
	return virtio_blk_attach(&blk, device, NULL) < 0 ? "attach" : work();
}

static const char *occupy(void)
{
	return submit(IN_FLIGHT);
}

/* What was read before it went comes back, too. */
static int look(void)
{
	struct virtio_blk_request *done;
	int count = virtio_blk_completed(&blk, &done, 1);

	returned += count > 0;
	return count < 0 ? count : virtio_blk_poll_config(&blk);
}

static void take_back(void *context, struct virtio_blk_request *request)
{
	(void)context;
	returned += !virtio_blk_in_flight(request) && request->result < 0;
}

static unsigned detach(void)
{
	return virtio_blk_detach(&blk, take_back, NULL) < 0 ? 0 : returned;
}

const struct driver blk_driver = {VIRTIO_ID_BLOCK, attach, work, occupy, look, detach};
