/* SPDX-License-Identifier: ISC */
/* Every sector of a disk, written and read back in requests of many lengths and shapes, on all queues at once. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <virtio/helper.h>

#include "../qemu/guest_blk/guest.h"
#include "blk.h"

#define AT_ONCE 32
#define SLOT_BYTES 65536
#define PIECES 3
#define PATIENCE UINT64_C(30000000000) /* nanoseconds without any answer: the device hangs */

static const uint32_t lengths[] = {1, 8, 3, 128, 64, 17, 2}; /* in sectors */

struct slot {
	struct virtio_blk_request request;
	struct virtio_segment pieces[PIECES];
	uint8_t *memory;
	uint32_t sectors; /* 0: free */
};

struct pass {
	struct blk_bench *bench;
	enum virtio_blk_operation type;
	uint64_t sectors; /* to do */
	uint64_t next;    /* sector */
	uint64_t seed;
	unsigned requests; /* so far */
	unsigned in_flight;
	struct slot slots[AT_ONCE];
};

static int complain(const char *what, uint64_t number)
{
	fprintf(stderr, "%s %llu\n", what, (unsigned long long)number);
	return -1;
}

/* Cut the data at odd places: into one piece, two or three. */
static uint16_t cut(struct pass *pass, struct slot *slot, unsigned shape)
{
	uint64_t address = pass->bench->device_address + (uint64_t)(slot->memory - pass->bench->memory);
	uint32_t at = 0, length = slot->sectors * VIRTIO_BLK_SECTOR;
	uint16_t pieces = (uint16_t)(1 + shape % PIECES);

	for (uint16_t i = 0; i < pieces; i++) {
		uint32_t piece = i + 1 == pieces ? length - at : 100u + 61u * i;
		slot->pieces[i] = (struct virtio_segment){slot->memory + at, address + at, piece};
		at += piece;
	}
	return pieces;
}

/* Its next request. */
static void prepare(struct pass *pass, struct slot *slot)
{
	uint64_t left = pass->sectors - pass->next;
	uint32_t wanted = lengths[pass->requests % (sizeof lengths / sizeof *lengths)];

	slot->sectors = left < wanted ? (uint32_t)left : wanted;
	slot->request = (struct virtio_blk_request){
		.type = pass->type,
		.sector = pass->next,
		.segments = slot->pieces,
		.segment_count = cut(pass, slot, pass->requests),
		.context = slot,
	};
	if (pass->type == VIRTIO_BLK_WRITE)
		pattern_fill(slot->memory, pass->next, slot->sectors, pass->seed);
	else
		memset(slot->memory, 0xee, (size_t)slot->sectors * VIRTIO_BLK_SECTOR);
}

/* Each slot has its queue. */
static struct virtio_blk_queue *queue_of(struct pass *pass, const struct slot *slot)
{
	return &pass->bench->blk.queues[(unsigned)(slot - pass->slots) % pass->bench->blk.queue_count];
}

static int submit(struct pass *pass)
{
	for (struct slot *slot = pass->slots; slot < pass->slots + AT_ONCE; slot++) {
		struct virtio_blk_request *request = &slot->request;

		if (slot->sectors || pass->next == pass->sectors)
			continue;
		prepare(pass, slot);
		int taken = virtio_blk_queue_submit(queue_of(pass, slot), &request, 1);
		if (taken < 0)
			return complain(virtio_error_name(taken), request->sector);
		if (taken == 0) { /* the queue is full: some must come back first */
			slot->sectors = 0;
			break;
		}
		pass->next += slot->sectors;
		pass->requests++;
		pass->in_flight++;
	}
	return 0;
}

static int finish(struct pass *pass, const struct virtio_blk_request *request)
{
	struct slot *slot = request->context;
	uint64_t wrong;

	if (request->result < 0)
		return complain(virtio_error_name(request->result), request->sector);
	if (pass->type == VIRTIO_BLK_READ &&
		!pattern_check(slot->memory, request->sector, slot->sectors, pass->seed, &wrong))
		return complain("not what was written: sector", wrong);
	slot->sectors = 0;
	pass->in_flight--;
	return 0;
}

/* How many came back, or a negative error. */
static int reap(struct pass *pass, struct virtio_blk_queue *queue, uint64_t deadline)
{
	struct virtio_blk_request *done[AT_ONCE];
	int count = deadline ? virtio_blk_completed_wait(queue, done, AT_ONCE, deadline)
			     : virtio_blk_queue_completed(queue, done, AT_ONCE);

	for (int i = 0; i < count; i++)
		if (finish(pass, done[i]) < 0)
			return -1;
	return count;
}

static int reap_some(struct pass *pass)
{
	const struct virtio_platform *platform = &pass->bench->runtime->platform;
	uint64_t deadline = virtio_deadline(platform, PATIENCE);
	int count = 0;

	while (count == 0 && pass->in_flight) {
		for (unsigned i = 0; i < pass->bench->blk.queue_count && count >= 0; i++) {
			int got = reap(pass, &pass->bench->blk.queues[i], 0);
			count = got < 0 ? got : count + got;
		}
		for (struct slot *slot = pass->slots; count == 0 && pass->bench->sleep; slot++)
			if (slot->sectors)
				count = reap(pass, queue_of(pass, slot), deadline);
		if (count == 0 && platform->now(platform->context) > deadline)
			return complain("no answer: requests in flight:", pass->in_flight);
		if (count == 0)
			sched_yield();
	}
	return count < 0 ? complain("the queue is broken, requests in flight:", pass->in_flight) : 0;
}

static int run(struct blk_bench *bench, enum virtio_blk_operation type, uint64_t sectors, uint64_t seed)
{
	struct pass pass = {.bench = bench, .type = type, .sectors = sectors, .seed = seed};

	for (unsigned i = 0; i < AT_ONCE; i++)
		pass.slots[i].memory = bench->memory + (size_t)i * SLOT_BYTES;
	while (pass.next < sectors || pass.in_flight)
		if (submit(&pass) < 0 || reap_some(&pass) < 0)
			return -1;
	return 0;
}

int blk_write_all(struct blk_bench *bench, uint64_t sectors, uint64_t seed)
{
	return run(bench, VIRTIO_BLK_WRITE, sectors, seed);
}

int blk_read_all(struct blk_bench *bench, uint64_t sectors, uint64_t seed)
{
	return run(bench, VIRTIO_BLK_READ, sectors, seed);
}
