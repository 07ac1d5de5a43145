/* SPDX-License-Identifier: ISC */
/* What block devices have besides reads and writes: range commands, the write cache, resizing, and being pulled out. */
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define PATIENCE UINT64_C(60000000000) /* nanoseconds */
#define SOON UINT64_C(10000000000)     /* a device that has gone is noticed long before PATIENCE ends */
#define PIECE 64                       /* sectors */
#define PULLED 8                       /* requests in flight meanwhile */
#define EJECT_PORT 0xae08              /* QEMU's pc: a bit for each slot (docs/specs/acpi_pci_hotplug) */

static uint64_t now(void)
{
	return boot_platform()->now(NULL);
}

static int execute(struct virtio_blk *blk, struct virtio_blk_request request)
{
	return virtio_blk_execute(blk, &request, now() + PATIENCE);
}

/* Whether PIECE sectors from FIRST on read as zeroes. */
static bool is_zero(struct virtio_blk *blk, uint64_t first)
{
	static uint8_t bytes[PIECE * VIRTIO_BLK_SECTOR];
	struct virtio_segment memory = virtio_segment_identity(bytes, sizeof(bytes));

	bytes[0] = 1;
	if (execute(blk,
		    (struct virtio_blk_request){
			    .type = VIRTIO_BLK_READ, .sector = first, .segments = &memory, .segment_count = 1}) < 0)
		return false;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		if (bytes[i])
			return false;
	return true;
}

static const char *ranges(struct virtio_blk *blk)
{
	struct virtio_blk_request discard = {.type = VIRTIO_BLK_DISCARD, .sector = PIECE, .sector_count = PIECE};
	struct virtio_blk_request zeroes = {
		.type = VIRTIO_BLK_WRITE_ZEROES, .sector = 2 * PIECE, .sector_count = PIECE};
	struct virtio_blk_request erase = {.type = VIRTIO_BLK_SECURE_ERASE, .sector = 0, .sector_count = 1};

	if (execute(blk, discard) < 0)
		return "discard";
	if (execute(blk, zeroes) < 0 || !is_zero(blk, 2 * PIECE))
		return "write zeroes";
	zeroes.sector += PIECE;
	zeroes.unmap = true;
	if (execute(blk, zeroes) < 0 || !is_zero(blk, 3 * PIECE))
		return "write zeroes with unmap";
	if (!blk->secure_erase.max_sectors && execute(blk, erase) != VIRTIO_ERR_UNSUPPORTED)
		return "secure erase on a device without";
	return NULL;
}

const char *features_commands(struct virtio_blk *blk)
{
	const char *error = ranges(blk);

	if (error)
		return error;
	if (virtio_blk_set_write_cache(blk, false) < 0 || blk->write_cache)
		return "write cache off";
	if (virtio_blk_set_write_cache(blk, true) < 0 || !blk->write_cache)
		return "write cache on";
	boot_printf("commands done\n");
	return execute(blk, (struct virtio_blk_request){.type = VIRTIO_BLK_FLUSH}) < 0 ? "flush" : NULL;
}

const char *features_resize(struct virtio_blk *blk)
{
	uint64_t deadline = now() + PATIENCE;
	int changed = 0;

	boot_printf("waiting to be resized\n");
	while ((changed = virtio_blk_poll_config(blk)) == 0 && now() < deadline)
		boot_platform()->wait(NULL, now() + 1000000);
	boot_printf("resized to %lu\n", blk->capacity);
	return changed == 1 ? NULL : "resize";
}

/* One queue is reset and used again, and a request of the other does not notice. */
const char *features_reset(struct virtio_blk *blk)
{
	static uint8_t bytes[VIRTIO_BLK_SECTOR];
	struct virtio_segment memory = virtio_segment_identity(bytes, sizeof(bytes));
	struct virtio_blk_request read = {.type = VIRTIO_BLK_READ, .segments = &memory, .segment_count = 1};
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH}, *one = &read, *other = &flush;
	struct virtio_queue *queue = &blk->queues[0].queue;

	if (blk->queue_count < 2)
		return "there is no other queue";
	if (virtio_blk_queue_submit(&blk->queues[1], &one, 1) != 1 || virtio_queue_reset(queue) < 0)
		return "queue reset";
	if (virtio_blk_submit(blk, &other, 1) != VIRTIO_ERR_PROTOCOL)
		return "a queue in reset takes requests";
	if (virtio_blk_completed_wait(&blk->queues[1], &one, 1, now() + PATIENCE) != 1 || one->result < 0)
		return "the other queue, during a reset";
	if (virtio_queue_restart(queue) < 0 || execute(blk, flush) < 0)
		return "queue restart";
	boot_printf("one queue was reset\n");
	return NULL;
}

static unsigned returned;

static void take_back(void *context, struct virtio_blk_request *request)
{
	(void)context;
	returned += !virtio_blk_in_flight(request);
}

const char *features_eject(struct virtio_blk *blk, unsigned slot)
{
	static uint8_t bytes[VIRTIO_BLK_SECTOR];
	static struct virtio_blk_request requests[PULLED];
	struct virtio_segment memory = virtio_segment_identity(bytes, sizeof(bytes));
	struct virtio_region eject = virtio_region_ports(EJECT_PORT, 4);
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	uint64_t start = now();

	virtio_region_write32(&eject, 0, 1u << slot);
	for (unsigned i = 0; i < PULLED; i++) {
		struct virtio_blk_request *request = &requests[i];
		*request = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .sector = i, .segments = &memory, .segment_count = 1};
		if (virtio_blk_submit(blk, &request, 1) != 1)
			return "submit to a disk that has gone";
	}
	int result = virtio_blk_execute(blk, &flush, start + PATIENCE);
	boot_printf("pulled out: %s\n", virtio_error_name(result));
	/* Ports read as all ones then, memory windows as zeroes. */
	if ((result != VIRTIO_ERR_NO_DEVICE && result != VIRTIO_ERR_PROTOCOL) || now() - start > SOON)
		return "a disk that has gone is not noticed";
	if (virtio_blk_restart(blk, take_back, NULL) >= 0)
		return "restart of a disk that has gone";
	return returned == PULLED + 1 ? NULL : "requests of a disk that has gone";
}
