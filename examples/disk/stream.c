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

/* Send a job out for the sectors that are next. 0 or an error. */
static int go(struct stream *stream, struct job *job, uint64_t sector)
{
	struct virtio_blk_request *request = &job->request;

	job->memory.length = stream->size;
	request->type = stream->type;
	request->sector = sector;
	request->segments = &job->memory;
	request->segment_count = 1;
	if (stream->seed && stream->type == VIRTIO_BLK_WRITE)
		fill(job, stream->seed);
	int taken = virtio_blk_submit(stream->disk, &request, 1);
	return taken == 0 ? VIRTIO_ERR_AGAIN : taken < 0 ? taken : 0;
}

/* Look at a job that has come back. 0 or an error. */
static int look(struct stream *stream, const struct job *job)
{
	if (job->request.result == 0 && stream->seed && stream->type == VIRTIO_BLK_READ)
		return check(job, stream->seed, &stream->wrong);
	return job->request.result;
}

int stream_run(struct stream *stream)
{
	const struct virtio_platform *platform = stream->disk->device->platform;
	unsigned sectors = stream->size / VIRTIO_BLK_SECTOR;
	struct virtio_blk_request *back[STREAM_DEPTH];
	unsigned in_flight = 0;
	uint64_t next = 0;
	int error = 0;

	stream->wrong = UINT64_MAX;
	for (; !error && in_flight < stream->depth && next < stream->sectors; next += sectors)
		if ((error = go(stream, &jobs[in_flight], next)) == 0)
			in_flight++;
	while (in_flight) {
		int count = virtio_blk_completed_wait(
			&stream->disk->queues[0], back, STREAM_DEPTH, virtio_deadline(platform, PATIENCE));
		if (count < 0)
			return count;
		in_flight -= (unsigned)count;
		for (int i = 0; i < count; i++) {
			int result = look(stream, back[i]->context);
			error = error ? error : result;
			if (error || next >= stream->sectors)
				continue;
			error = go(stream, back[i]->context, next);
			in_flight += !error;
			next += sectors;
		}
	}
	return error;
}
