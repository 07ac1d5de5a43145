/* SPDX-License-Identifier: ISC */
/*
 * Workers, each with one request in flight. What step N of worker W does follows from the stamp, which is the number of
 * this life, W and N: a read or a write, where in one of the worker's chunks, how many sectors, in how many segments.
 * A write puts the pattern of guest_blk/pattern.c there, with the stamp as its seed; a read must find the last one that
 * was written. test/qemu/soak_disk.py does the same steps on a model.
 */
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>

#include "../guest_blk/guest.h"
#include "guest.h"
#include "serial.h"

#define SEGMENTS 8
#define GUARD_BYTE 0xc7
#define GUARD 16 /* bytes before and after the data that must stay */
#define BYTES (CHUNK * VIRTIO_BLK_SECTOR + 4 * GUARD)
#define MILLISECOND UINT64_C(1000000)
#define LOST (600 * 1000 * MILLISECOND) /* that long without any request coming back: one is lost */

/* One of them. */
struct worker {
	struct virtio_blk_request request;
	struct virtio_segment segments[SEGMENTS];
	uint8_t *memory; /* BYTES */
	uint8_t *data;   /* where in it the sectors lie */
	uint64_t number;
	uint64_t step; /* how many are done */
	uint64_t stamp;
	unsigned count; /* sectors */
	bool busy;
};

static struct worker workers[WORKERS];

bool workers_prepare(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].number = i;
		workers[i].memory = boot_pages_alloc((BYTES + BOOT_PAGE_SIZE - 1) / BOOT_PAGE_SIZE, BOOT_PAGE_SIZE);
		if (!workers[i].memory)
			return false;
	}
	return true;
}

/* Bits that depend on all bits of STAMP (splitmix64). */
static uint64_t mix(uint64_t stamp)
{
	stamp += UINT64_C(0x9e3779b97f4a7c15);
	stamp = (stamp ^ stamp >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	stamp = (stamp ^ stamp >> 27) * UINT64_C(0x94d049bb133111eb);
	return stamp ^ stamp >> 31;
}

/* Cut the data into COUNT segments, at odd places if the driver need not send them apart. */
static void cut(struct worker *worker, const struct virtio_blk *blk, unsigned count)
{
	uint32_t unit = blk->max_segments < SEGMENTS ? VIRTIO_BLK_SECTOR : 1;
	uint32_t length = worker->count * VIRTIO_BLK_SECTOR, start = 0;

	count = count < worker->count ? count : worker->count;
	for (unsigned i = 0; i < count; i++) {
		uint32_t end = length * (i + 1) / count / unit * unit;
		worker->segments[i] = virtio_segment_identity(worker->data + start, end - start);
		start = end;
	}
	worker->request.segments = worker->segments;
	worker->request.segment_count = (uint16_t)count;
}

/* Make the request of the worker's next step. */
static void make(struct soak *soak, struct worker *worker)
{
	worker->stamp = soak->life << 40 | worker->number << 32 | worker->step;
	uint64_t bits = mix(worker->stamp);
	uint64_t chunk = (bits >> 8 & 0xff) % (SECTORS / CHUNK / WORKERS) * WORKERS + worker->number;
	uint64_t offset = (bits >> 16 & 0xff) % CHUNK;

	worker->count = 1 + (unsigned)((bits >> 24 & 0xff) % (CHUNK - offset));
	worker->data = worker->memory + GUARD + (bits >> 32) % GUARD;
	for (unsigned i = 0; i < BYTES; i++)
		worker->memory[i] = GUARD_BYTE;
	worker->request = (struct virtio_blk_request){.type = bits & 1 ? VIRTIO_BLK_WRITE : VIRTIO_BLK_READ,
		.sector = chunk * CHUNK + offset,
		.context = worker};
	cut(worker, &soak->blk, 1 + (unsigned)(bits >> 40 & 0xff) % SEGMENTS);
	if (worker->request.type == VIRTIO_BLK_WRITE)
		pattern_fill(worker->data, worker->request.sector, worker->count, worker->stamp);
}

static int submit(struct soak *soak, struct worker *worker)
{
	struct virtio_blk_request *request = &worker->request;
	int taken = virtio_blk_submit(&soak->blk, &request, 1);

	if (taken < 0) {
		boot_printf("FAIL submit: %s\n", virtio_error_name(taken));
		return SOAK_FAILED;
	}
	worker->busy = taken == 1;
	soak->in_flight += (unsigned)taken;
	return 0;
}

int workers_go(struct soak *soak)
{
	int error = 0;

	for (unsigned i = 0; i < WORKERS && !error && !soak->stopped; i++) {
		if (workers[i].busy)
			continue;
		make(soak, &workers[i]);
		error = submit(soak, &workers[i]);
	}
	return error;
}

/* Whether nothing beside the data was written to. */
static bool guards_stand(const struct worker *worker)
{
	const uint8_t *end = worker->data + worker->count * (size_t)VIRTIO_BLK_SECTOR;

	for (unsigned i = 1; i <= GUARD; i++)
		if (worker->data[-(int)i] != GUARD_BYTE || end[i - 1] != GUARD_BYTE)
			return false;
	return true;
}

/* Whether the sectors that were read hold what was written last. Those of which nothing is known must hold something
 * that was written there once; from now on it is known. */
static bool read_is_right(struct soak *soak, const struct worker *worker)
{
	for (unsigned i = 0; i < worker->count; i++) {
		uint64_t sector = worker->request.sector + i, wrong;
		const uint8_t *data = worker->data + i * (size_t)VIRTIO_BLK_SECTOR;
		uint64_t found = 0;

		for (unsigned at = 0; at < 8; at++)
			found |= (uint64_t)data[8 + at] << 8 * at;
		if (soak->stamps[sector] == UNSURE)
			soak->stamps[sector] = found;
		if (!pattern_check(data, sector, 1, soak->stamps[sector], &wrong)) {
			boot_printf("FAIL sector %lu: %lx was written last, %lx is there\n", sector,
				soak->stamps[sector], found);
			return false;
		}
	}
	return true;
}

/* From now on the sectors that the worker has written hold STAMP. */
static void remember(struct soak *soak, const struct worker *worker, uint64_t stamp)
{
	for (unsigned i = 0; i < worker->count; i++)
		soak->stamps[worker->request.sector + i] = stamp;
}

/* A request has failed because it touches what is broken. */
static void note_failure(struct soak *soak, const struct worker *worker)
{
	soak->failures++;
	if (worker->request.type == VIRTIO_BLK_WRITE)
		remember(soak, worker, UNSURE);
	boot_printf("failed: step %lu of %lu\n", worker->step, worker->number);
}

/* Look at a request that came back with a result. 0 or SOAK_FAILED. */
static int look(struct soak *soak, const struct worker *worker)
{
	const struct virtio_blk_request *request = &worker->request;
	bool touches = soak->errors && request->sector < soak->bad_first + soak->bad_count &&
		       soak->bad_first < request->sector + worker->count;

	if (request->result != (touches ? VIRTIO_ERR_IO : 0)) {
		boot_printf("FAIL %s of %u sectors at %lu: %s\n", request->type == VIRTIO_BLK_WRITE ? "write" : "read",
			worker->count, request->sector, virtio_error_name(request->result));
		return SOAK_FAILED;
	}
	if (!guards_stand(worker)) {
		boot_printf("FAIL memory beside the data was written to\n");
		return SOAK_FAILED;
	}
	if (touches)
		note_failure(soak, worker);
	else if (request->type == VIRTIO_BLK_WRITE)
		remember(soak, worker, worker->stamp);
	else if (!read_is_right(soak, worker))
		return SOAK_FAILED;
	soak->reads += request->type == VIRTIO_BLK_READ;
	soak->writes += request->type == VIRTIO_BLK_WRITE;
	return 0;
}

static int take_back(struct soak *soak, struct worker *worker)
{
	worker->busy = false;
	soak->in_flight--;
	int error = look(soak, worker);
	worker->step++;
	return error;
}

/* Nothing came back before DEADLINE. */
static int timed_out(struct soak *soak, uint64_t deadline)
{
	uint64_t now = boot_platform()->now(NULL);

	soak->timeouts++;
	if (now < deadline)
		boot_printf("FAIL timeout %lu ns before the deadline\n", deadline - now);
	else if (now - soak->progress > LOST)
		boot_printf("FAIL %u requests never came back\n", soak->in_flight);
	else
		return 0;
	return SOAK_FAILED;
}

int workers_wait(struct soak *soak)
{
	struct virtio_blk_request *back[WORKERS];
	/* Deadlines of all lengths, from much too short ones on. */
	uint64_t deadline = virtio_deadline(boot_platform(), MILLISECOND << soak->timeouts % 6);
	int count = soak->in_flight ? virtio_blk_completed_wait(&soak->blk.queues[0], back, WORKERS, deadline) : 0;
	int error = 0;

	if (count == VIRTIO_ERR_TIMEOUT)
		return timed_out(soak, deadline);
	if (count < 0) {
		boot_printf("FAIL waiting: %s\n", virtio_error_name(count));
		return SOAK_FAILED;
	}
	soak->progress = boot_platform()->now(NULL);
	for (int i = 0; i < count && !error; i++)
		error = take_back(soak, back[i]->context);
	return error;
}

/* What detach found: finished, or to be done again. */
static void reclaim(void *context, struct virtio_blk_request *request)
{
	struct soak *soak = context;
	struct worker *worker = request->context;

	if (request->result != VIRTIO_ERR_NO_DEVICE) {
		if (take_back(soak, worker) < 0)
			soak->life = 0;
		return;
	}
	worker->busy = false;
	soak->in_flight--;
	soak->again++;
	if (request->type == VIRTIO_BLK_WRITE)
		remember(soak, worker, UNSURE);
}

int workers_restart(struct soak *soak)
{
	int error = virtio_blk_restart(&soak->blk, reclaim, soak);

	soak->restarts++;
	if (!error && soak->life && soak->in_flight == 0)
		return 0;
	boot_printf("FAIL restart: %s, %u requests are missing\n", virtio_error_name(error), soak->in_flight);
	return SOAK_FAILED;
}

void workers_print(void)
{
	boot_printf("steps:");
	for (unsigned i = 0; i < WORKERS; i++)
		boot_printf(" %lu", workers[i].step);
	boot_printf("\n");
}
