/* SPDX-License-Identifier: ISC */
/*
 * A ring of jobs: each is a request with its memory. A job that comes back is checked and goes out again with the next
 * sectors, until there are no more.
 */
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>

#include "stream.h"

#define PATIENCE UINT64_C(30000000000) /* nanoseconds for any one request */
#define WORDS (VIRTIO_BLK_SECTOR / sizeof(uint64_t))

/* A request and its memory. */
struct job {
	struct virtio_blk_request request;
	struct virtio_segment memory;
};

static struct job jobs[STREAM_DEPTH];

bool stream_prepare(void)
{
	for (unsigned i = 0; i < STREAM_DEPTH; i++) {
		void *memory = boot_pages_alloc(STREAM_SIZE / BOOT_PAGE_SIZE, BOOT_PAGE_SIZE);
		if (!memory)
			return false;
		jobs[i].memory = virtio_segment_identity(memory, STREAM_SIZE);
		jobs[i].request.context = &jobs[i];
	}
	return true;
}

/* What a word of the disk holds: no two are alike. */
static uint64_t pattern(uint64_t seed, uint64_t sector, uint64_t word)
{
	return (seed + sector * WORDS + word) * UINT64_C(0x9e3779b97f4a7c15);
}

static void fill(const struct job *job, uint64_t seed)
{
	uint64_t *words = job->memory.data;

	for (unsigned i = 0; i < job->memory.length / sizeof(*words); i++)
		words[i] = pattern(seed, job->request.sector + i / WORDS, i % WORDS);
}

/* 0, or VIRTIO_ERR_IO and the sector that is wrong. */
static int check(const struct job *job, uint64_t seed, uint64_t *wrong)
{
	const uint64_t *words = job->memory.data;

	for (unsigned i = 0; i < job->memory.length / sizeof(*words); i++)
		if (words[i] != pattern(seed, job->request.sector + i / WORDS, i % WORDS)) {
			*wrong = job->request.sector + i / WORDS;
			return VIRTIO_ERR_IO;
		}
	return 0;
}

/* What is under way. */
struct flow {
	struct stream *stream;
	uint64_t next;                                     /* first sector that no job has had */
	unsigned in_flight;                                /* jobs that the device has */
	unsigned ready;                                    /* jobs that are to go to it */
	struct virtio_blk_request *requests[STREAM_DEPTH]; /* theirs */
};

/* Make JOB ready for the sectors that are next, if there are any. */
static void prepare(struct flow *flow, struct job *job)
{
	const struct stream *stream = flow->stream;
	struct virtio_blk_request *request = &job->request;

	if (flow->next >= stream->sectors)
		return;
	job->memory.length = stream->size;
	request->type = stream->type;
	request->sector = flow->next;
	request->segments = &job->memory;
	request->segment_count = 1;
	if (stream->seed && stream->type == VIRTIO_BLK_WRITE)
		fill(job, stream->seed);
	flow->requests[flow->ready++] = request;
	flow->next += stream->size / VIRTIO_BLK_SECTOR;
}

/* Submit all that are ready, in one call: that is one notification at most. Those for which there is no room wait. */
static int submit(struct flow *flow)
{
	int taken = virtio_blk_submit(flow->stream->disk, flow->requests, flow->ready);

	if (taken < 0)
		return taken;
	flow->in_flight += (unsigned)taken;
	flow->ready -= (unsigned)taken;
	for (unsigned i = 0; i < flow->ready; i++)
		flow->requests[i] = flow->requests[i + (unsigned)taken];
	return 0;
}

/* Look at a job that has come back. 0 or an error. */
static int look(struct stream *stream, const struct job *job)
{
	if (job->request.result == 0 && stream->seed && stream->type == VIRTIO_BLK_READ)
		return check(job, stream->seed, &stream->wrong);
	return job->request.result;
}

/* Wait until some jobs are back, and make them ready again. 0 or an error. */
static int take_back(struct flow *flow)
{
	struct stream *stream = flow->stream;
	struct virtio_blk_request *back[STREAM_DEPTH];
	int count = virtio_blk_completed_wait(&stream->disk->queues[0], back, STREAM_DEPTH,
		virtio_deadline(stream->disk->device->platform, PATIENCE));
	int error = count < 0 ? count : 0;

	flow->in_flight = count < 0 ? 0 : flow->in_flight - (unsigned)count;
	for (int i = 0; i < count; i++) {
		int result = look(stream, back[i]->context);
		error = error ? error : result;
		prepare(flow, back[i]->context);
	}
	return error;
}

int stream_run(struct stream *stream)
{
	struct flow flow = {.stream = stream};
	int error;

	stream->wrong = UINT64_MAX;
	for (unsigned i = 0; i < stream->depth; i++)
		prepare(&flow, &jobs[i]);
	error = submit(&flow);
	while (flow.in_flight) {
		int result = take_back(&flow);
		error = error ? error : result;
		if (!error)
			error = submit(&flow);
	}
	return !error && flow.ready ? VIRTIO_ERR_AGAIN : error;
}
