/* SPDX-License-Identifier: ISC */
/* Waiting for random bytes. */
#include <virtio/helper.h>

#include "base/hook.h"

#define NAP UINT64_C(100000) /* nanoseconds between two looks when no interrupt wakes us */

int virtio_rng_fill(struct virtio_rng *rng, void *bytes, size_t length, uint64_t deadline)
{
	const struct virtio_platform *platform = rng->device->platform;
	uint8_t *next = bytes;
	size_t left = length;
	int got = VIRTIO_HAS_HOOK(platform, now) ? 0 : VIRTIO_ERR_UNSUPPORTED;

	while (left > 0 && got >= 0) {
		/* The clock first: if the machine stands still after this, what came meanwhile is still found. */
		uint64_t now = platform->now(platform->context);
		got = virtio_rng_read(rng, next, left < INT32_MAX ? (uint32_t)left : INT32_MAX);
		if (got > 0) {
			next += got;
			left -= (size_t)got;
			continue;
		}
		if (got == 0 && now >= deadline)
			got = VIRTIO_ERR_TIMEOUT;
		if (got == 0 && VIRTIO_HAS_HOOK(platform, wait))
			platform->wait(platform->context, deadline - now < NAP ? deadline : now + NAP);
	}
	if (got >= 0)
		return 0;
	__builtin_memset(bytes, 0, length);
	return got;
}
