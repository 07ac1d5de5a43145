/* SPDX-License-Identifier: ISC */
/* Waiting for block requests, several at a time. */
#include <virtio/helper.h>

#include "base/hook.h"

#define LONGEST_NAP UINT64_C(1000000) /* nanoseconds; interrupts, where there are any, end it earlier */

/* Sleep until something may have finished; not when something has. */
static void nap(struct virtio_blk_queue *queue, uint64_t now, uint64_t deadline)
{
	const struct virtio_platform *platform = queue->blk->device->platform;
	uint64_t end = deadline - now < LONGEST_NAP ? deadline : now + LONGEST_NAP;

	if (!virtio_blk_queue_enable_interrupts(queue) && VIRTIO_HAS_HOOK(platform, wait))
		platform->wait(platform->context, end);
	virtio_blk_queue_disable_interrupts(queue);
}

int virtio_blk_completed_wait(
	struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count, uint64_t deadline)
{
	const struct virtio_platform *platform = queue->blk->device->platform;

	if (!VIRTIO_HAS_HOOK(platform, now))
		return VIRTIO_ERR_UNSUPPORTED;
	for (;;) {
		/* The clock first: if the machine stands still after this, what finished meanwhile is still found. */
		uint64_t now = platform->now(platform->context);
		int done = virtio_blk_queue_completed(queue, requests, count);
		if (done)
			return done;
		if (now >= deadline) {
			int error = virtio_device_check(queue->blk->device);
			return error ? error : VIRTIO_ERR_TIMEOUT;
		}
		nap(queue, now, deadline);
	}
}
