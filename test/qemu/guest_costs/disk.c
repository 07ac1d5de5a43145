/* SPDX-License-Identifier: ISC */
/* Reads of 4 KiB: a burst of them is submitted, and then there are none until all are back. */
#include <virtio/helper.h>

#include "guest.h"

#define BLOCK 4096 /* bytes */

static struct virtio_blk blk;
static uint8_t memory[BURST][BLOCK];

/* Take COUNT requests back. NULL, or what went wrong. */
static const char *take_back(unsigned count)
{
	struct virtio_blk_request *done[BURST];
	uint64_t start = 0;

	while (count) {
		int got = virtio_blk_completed(&blk, done, count);

		for (int i = 0; i < got; i++)
			if (done[i]->result < 0)
				return "a request";
		if (got < 0 || (got == 0 && too_long(&start)))
			return "requests do not come back";
		count -= (unsigned)got;
	}
	return NULL;
}

/* With interrupts on before anything is submitted, one must come, however fast the disk is. */
static const char *round_read(unsigned burst)
{
	struct virtio_segment segments[BURST];
	struct virtio_blk_request store[BURST], *requests[BURST];

	for (unsigned i = 0; i < burst; i++) {
		segments[i] = virtio_segment_identity(memory[i], BLOCK);
		store[i] = (struct virtio_blk_request){.type = VIRTIO_BLK_READ,
			.sector = i * (BLOCK / VIRTIO_BLK_SECTOR),
			.segments = &segments[i],
			.segment_count = 1};
		requests[i] = &store[i];
	}
	if (sleeps() && virtio_blk_enable_interrupts(&blk))
		return "requests that nobody made";
	if (virtio_blk_submit(&blk, requests, burst) != (int)burst)
		return "submit";
	if (sleeps() && !sleep_until_interrupt())
		return "no interrupt of the disk";
	virtio_blk_disable_interrupts(&blk);
	return take_back(burst);
}

const struct path disk_paths[] = {{"read", 1, round_read}, {"read", BURST, round_read}, {0}};

const char *disk_start(struct virtio_device *device)
{
	return virtio_blk_attach(&blk, device, NULL) < 0 ? "attach to the disk" : NULL;
}

void disk_stop(void)
{
	virtio_blk_detach(&blk, NULL, NULL);
}
