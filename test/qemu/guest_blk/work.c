/* SPDX-License-Identifier: ISC */
/*
 * Requests of all shapes: up to 24 in flight, of 1 to 64 sectors, in 1 to 32 segments that are cut at odd places, on
 * odd addresses, submitted in bursts and finished in any order. The shapes come from a generator with a fixed start, so
 * that a failure comes again.
 */
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define JOBS 24
#define JOB_SECTORS 64
#define SEGMENTS 32
#define JOB_BYTES (JOB_SECTORS * VIRTIO_BLK_SECTOR + 64) /* room to start at an odd address */
#define GUARD 0xc7                                       /* what is around the data */
#define PATIENCE UINT64_C(60000000000)                   /* nanoseconds without any progress until we give up */

/* One request and its memory. */
struct job {
	struct virtio_blk_request request;
	struct virtio_segment segments[SEGMENTS];
	uint8_t *memory; /* JOB_BYTES */
	uint8_t *data;   /* where in it the sectors lie */
	unsigned sectors;
};

/* A walk over the disk. */
struct walk {
	struct virtio_blk *blk;
	enum virtio_blk_operation type;
	uint64_t next;    /* first sector that no request was made for */
	uint64_t sectors; /* where the walk ends */
	uint64_t seed;
	unsigned turn; /* bursts so far: each goes through another queue */
	unsigned idle_count;
	struct job *idle[JOBS];
	unsigned waiting_count;
	struct virtio_blk_request *waiting[JOBS]; /* made, and not yet taken by the driver */
	const char *error;
};

static struct job jobs[JOBS];
static uint64_t random_state;
static bool sleeping; /* wait for interrupts, instead of looking again */

/* A number below LIMIT. */
static unsigned random_below(unsigned limit)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % limit;
}

bool work_prepare(bool sleep)
{
	sleeping = sleep;
	size_t pages = (JOB_BYTES + BOOT_PAGE_SIZE - 1) / BOOT_PAGE_SIZE;

	for (unsigned i = 0; i < JOBS; i++) {
		jobs[i].memory = boot_pages_alloc(pages, BOOT_PAGE_SIZE);
		if (!jobs[i].memory)
			return false;
	}
	return true;
}

static uint64_t now(void)
{
	return boot_platform()->now(NULL);
}

/* Cut LENGTH bytes of the job's data into segments, at most COUNT; all but the last are multiples of UNIT. */
static void cut(struct job *job, uint32_t length, unsigned count, uint32_t unit)
{
	uint8_t *data = job->data;
	unsigned made = 0;

	while (length) {
		uint32_t part = length;
		if (made + 1 < count && length > 1)
			part = 1 + random_below(made % 3 ? length - 1 : (length < 600 ? length - 1 : 600));
		if (part < length && (part = part / unit * unit) == 0)
			part = unit;
		job->segments[made++] = virtio_segment_identity(data, part);
		data += part;
		length -= part;
	}
	job->request.segments = job->segments;
	job->request.segment_count = (uint16_t)made;
}

/* Make a request for the sectors that come next: whole blocks of the device. */
static void make(struct walk *walk, struct job *job)
{
	unsigned unit = walk->blk->block_size / VIRTIO_BLK_SECTOR;
	uint64_t left = walk->sectors - walk->next;
	unsigned count = unit * (1 + random_below(JOB_SECTORS / unit));
	/* Where fewer segments go at once, the driver sends parts, which must be whole blocks. */
	uint32_t cut_at = walk->blk->max_segments < SEGMENTS ? walk->blk->block_size : 1;

	job->sectors = count < left ? count : (unsigned)left;
	job->data = job->memory + 1 + random_below(63);
	for (unsigned i = 0; i < JOB_BYTES; i++)
		job->memory[i] = GUARD;
	job->request = (struct virtio_blk_request){.type = walk->type, .sector = walk->next, .context = job};
	cut(job, job->sectors * VIRTIO_BLK_SECTOR, 1 + random_below(SEGMENTS), cut_at);
	if (walk->type == VIRTIO_BLK_WRITE)
		pattern_fill(job->data, walk->next, job->sectors, walk->seed);
	walk->next += job->sectors;
}

/* Whether the job's data is what it must be, and its surroundings are as they were. */
static bool job_is_right(const struct walk *walk, const struct job *job)
{
	size_t length = job->sectors * (size_t)VIRTIO_BLK_SECTOR;
	uint64_t wrong = 0;

	for (const uint8_t *byte = job->memory; byte < job->memory + JOB_BYTES; byte++)
		if ((byte < job->data || byte >= job->data + length) && *byte != GUARD) {
			boot_printf("sector %lu: byte %ld beside the data\n", job->request.sector, byte - job->data);
			return false;
		}
	if (pattern_check(job->data, job->request.sector, job->sectors, walk->seed, &wrong))
		return true;
	boot_printf("sector %lu is wrong\n", wrong);
	return false;
}

static void submit(struct walk *walk)
{
	unsigned burst = 1 + random_below(JOBS);

	while (walk->idle_count && walk->next < walk->sectors && walk->waiting_count < burst) {
		struct job *job = walk->idle[--walk->idle_count];
		make(walk, job);
		walk->waiting[walk->waiting_count++] = &job->request;
	}
	struct virtio_blk_queue *queue = &walk->blk->queues[walk->turn++ % walk->blk->queue_count];
	int taken = virtio_blk_queue_submit(queue, walk->waiting, walk->waiting_count);
	if (taken < 0) {
		boot_printf("submit: %s\n", virtio_error_name(taken));
		walk->error = "submit";
		return;
	}
	walk->waiting_count -= (unsigned)taken;
	for (unsigned i = 0; i < walk->waiting_count; i++)
		walk->waiting[i] = walk->waiting[i + (unsigned)taken];
}

/* Take finished requests of a queue back. How many there were. */
static int reap_queue(struct walk *walk, struct virtio_blk_queue *queue)
{
	struct virtio_blk_request *done[7];
	int count = virtio_blk_queue_completed(queue, done, 7);

	if (count < 0)
		walk->error = "completed";
	for (int i = 0; i < count; i++) {
		struct job *job = done[i]->context;
		if (done[i]->result < 0) {
			boot_printf("sector %lu: %s\n", done[i]->sector, virtio_error_name(done[i]->result));
			walk->error = "a request";
		} else if (!job_is_right(walk, job)) {
			walk->error = "data";
		}
		walk->idle[walk->idle_count++] = job;
	}
	return count;
}

/* The same for all queues. */
static int reap(struct walk *walk)
{
	int count = 0;

	for (unsigned i = 0; i < walk->blk->queue_count && !walk->error; i++)
		count += reap_queue(walk, &walk->blk->queues[i]);
	return count;
}

/* Nothing has finished yet. */
static void wait_for_interrupt(struct walk *walk, uint64_t deadline)
{
	if (!virtio_blk_enable_interrupts(walk->blk))
		boot_platform()->wait(NULL, deadline);
	virtio_blk_disable_interrupts(walk->blk);
}

/* With interrupts on before anything is submitted, one must come, however fast the disk is. */
static void submit_and_sleep(struct walk *walk, uint64_t deadline)
{
	bool waiting = virtio_blk_enable_interrupts(walk->blk);

	submit(walk);
	if (!waiting && !walk->error)
		boot_platform()->wait(NULL, deadline);
}

static const char *run(struct walk *walk)
{
	uint64_t progress = now();

	random_state = walk->seed;
	for (unsigned i = 0; i < JOBS; i++)
		walk->idle[walk->idle_count++] = &jobs[i];
	while (!walk->error && (walk->next < walk->sectors || walk->idle_count < JOBS)) {
		bool any = walk->waiting_count || walk->next < walk->sectors;
		if (any && !sleeping)
			submit(walk);
		else if (any && walk->idle_count + walk->waiting_count == JOBS)
			submit_and_sleep(walk, progress + PATIENCE);
		if (!walk->error && reap(walk) > 0)
			progress = now();
		else if (!walk->error && sleeping)
			wait_for_interrupt(walk, progress + PATIENCE);
		if (now() - progress > PATIENCE)
			walk->error = "a request that never ends";
	}
	return walk->error;
}

const char *work_read(struct virtio_blk *blk, uint64_t sectors, uint64_t seed)
{
	struct walk walk = {.blk = blk, .type = VIRTIO_BLK_READ, .sectors = sectors, .seed = seed};

	return run(&walk);
}

const char *work_write(struct virtio_blk *blk, uint64_t sectors, uint64_t seed)
{
	struct walk walk = {.blk = blk, .type = VIRTIO_BLK_WRITE, .sectors = sectors, .seed = seed};

	return run(&walk);
}

const char *work_flush(struct virtio_blk *blk)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	int result = virtio_blk_execute(blk, &request, now() + PATIENCE);

	if (result == (blk->flush ? 0 : VIRTIO_ERR_UNSUPPORTED))
		return NULL;
	boot_printf("flush: %s\n", virtio_error_name(result));
	return "flush";
}

/* Whether a request of LENGTH bytes at SECTOR is refused with ERROR, before the device sees it. */
static bool refused(struct virtio_blk *blk, enum virtio_blk_operation type, uint64_t sector, uint32_t length, int error)
{
	struct virtio_segment segment = virtio_segment_identity(jobs[0].memory, length);
	struct virtio_blk_request request = {.type = type, .sector = sector, .segments = &segment, .segment_count = 1};
	struct virtio_blk_request *requests[] = {&request};
	int result = virtio_blk_submit(blk, requests, 1);

	if (result != error)
		boot_printf("sector %lu, %u bytes: %s, not %s\n", sector, length, virtio_error_name(result),
			virtio_error_name(error));
	return result == error;
}

const char *work_refusals(struct virtio_blk *blk)
{
	uint64_t end = blk->capacity;

	if (!refused(blk, VIRTIO_BLK_READ, end, 512, VIRTIO_ERR_NO_SPACE) ||
		!refused(blk, VIRTIO_BLK_READ, end - 1, 1024, VIRTIO_ERR_NO_SPACE) ||
		!refused(blk, VIRTIO_BLK_READ, UINT64_MAX, 512, VIRTIO_ERR_NO_SPACE) ||
		!refused(blk, VIRTIO_BLK_READ, 0, 0, VIRTIO_ERR_INVALID) ||
		!refused(blk, VIRTIO_BLK_READ, 0, 511, VIRTIO_ERR_INVALID) ||
		!refused(blk, VIRTIO_BLK_READ, 0, 513, VIRTIO_ERR_INVALID))
		return "a read that must be refused";
	if (blk->read_only ? !refused(blk, VIRTIO_BLK_WRITE, 0, 512, VIRTIO_ERR_READ_ONLY)
			   : !refused(blk, VIRTIO_BLK_WRITE, end, 512, VIRTIO_ERR_NO_SPACE))
		return "a write that must be refused";
	return NULL;
}
