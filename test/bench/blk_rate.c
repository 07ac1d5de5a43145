/* SPDX-License-Identifier: ISC */
/* How many reads a second: a fixed number in flight all the time, resubmitted in bursts as they come back. */
#include <inttypes.h>
#include <stdio.h>

#include <virtio/helper.h>

#include "blk.h"
#include "vhost_user/transport.h"

#define SECOND UINT64_C(1000000000)

static struct virtio_blk_request requests[BLK_SLOTS];
static struct virtio_segment segments[BLK_SLOTS];

/* Another place each time, spread over the disk. */
static void aim(struct virtio_blk_request *request, uint64_t number, uint64_t places, uint32_t sectors)
{
	request->sector = number * UINT64_C(0x9e3779b97f4a7c15) % places * sectors;
}

static void prepare(const struct blk_bench *bench, unsigned depth, uint32_t size)
{
	for (unsigned i = 0; i < depth; i++) {
		size_t offset = (size_t)i * size;
		segments[i] = (struct virtio_segment){bench->memory + offset, bench->device_address + offset, size};
		requests[i] = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .segments = &segments[i], .segment_count = 1};
	}
}

/* How many came back. Each second without any the device is looked at: it may have gone. */
static int reap(struct blk_bench *bench, struct virtio_blk_request **done)
{
	if (!bench->sleep)
		return virtio_blk_completed(&bench->blk, done, BLK_SLOTS);
	int count = virtio_blk_completed_wait(
		bench->blk.queues, done, BLK_SLOTS, virtio_deadline(&bench->runtime->platform, SECOND));
	return count == VIRTIO_ERR_TIMEOUT ? 0 : count;
}

int blk_rate(struct blk_bench *bench, unsigned depth, uint32_t size, uint64_t milliseconds)
{
	uint64_t places = bench->blk.capacity / (size / VIRTIO_BLK_SECTOR), sent = 0, done = 0;
	struct virtio_blk_request *ready[BLK_SLOTS];
	int count = (int)depth;

	prepare(bench, depth, size);
	for (int i = 0; i < count; i++)
		ready[i] = &requests[i];
	uint64_t start = runtime_now(), now = start, end = start + milliseconds * (SECOND / 1000);
	while (now < end || done < sent) {
		for (int i = 0; i < count; i++)
			aim(ready[i], sent + (uint64_t)i, places, size / VIRTIO_BLK_SECTOR);
		if (count && now < end) {
			if (virtio_blk_submit(&bench->blk, ready, (unsigned)count) != count)
				return fprintf(stderr, "cannot submit\n"), -1;
			sent += (uint64_t)count;
		}
		count = reap(bench, ready);
		if (count < 0)
			return fprintf(stderr, "%s\n", virtio_error_name(count)), -1;
		for (int i = 0; i < count; i++)
			if (ready[i]->result < 0)
				return fprintf(stderr, "%s\n", virtio_error_name(ready[i]->result)), -1;
		done += (uint64_t)count;
		if (count)
			now = runtime_now();
	}
	const struct vhost_user *user = (const struct vhost_user *)bench->blk.device;
	printf("requests %" PRIu64 " nanoseconds %" PRIu64 " notifications %" PRIu64 " interrupts %" PRIu64 "\n", done,
		now - start, user->notifications, bench->runtime->woken);
	return 0;
}
