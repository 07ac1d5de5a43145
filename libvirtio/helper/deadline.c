/* SPDX-License-Identifier: ISC */
/* Deadlines for the calls that wait. */
#include <virtio/helper.h>

#include "base/hook.h"

uint64_t virtio_deadline(const struct virtio_platform *platform, uint64_t nanoseconds)
{
	if (!VIRTIO_HAS_HOOK(platform, now))
		return 0;
	uint64_t now = platform->now(platform->context);
	return nanoseconds > UINT64_MAX - now ? UINT64_MAX : now + nanoseconds;
}
