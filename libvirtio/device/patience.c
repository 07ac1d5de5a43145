/* SPDX-License-Identifier: ISC */
/* Waiting for a device: devices are ready at once or take long, so we look ever less often, and not for ever. */
#include "base/hook.h"
#include "device/internal.h"
#include "device/log.h"

#define FIRST_PAUSE UINT64_C(1000) /* between two looks: nanoseconds, doubled each time */
#define LONGEST_PAUSE UINT64_C(10000000)

int virtio_patience_begin(struct virtio_device *dev, struct virtio_patience *patience)
{
	const struct virtio_platform *platform = dev->platform;

	if (!VIRTIO_HAS_HOOK(platform, now)) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "a reset has to wait, and the now hook is missing");
		return VIRTIO_ERR_UNSUPPORTED;
	}
	*patience = (struct virtio_patience){.start = platform->now(platform->context), .step = FIRST_PAUSE};
	return 0;
}

bool virtio_patience_lasts(struct virtio_device *dev, struct virtio_patience *patience)
{
	const struct virtio_platform *platform = dev->platform;
	uint64_t passed = platform->now(platform->context) - patience->start;

	if (patience->over)
		return false;
	if (VIRTIO_HAS_HOOK(platform, wait))
		platform->wait(platform->context, patience->start + passed + patience->step);
	patience->step = patience->step < LONGEST_PAUSE ? patience->step * 2 : patience->step;
	/* Once more after that: we may have been away for long between the last look and this. */
	patience->over = platform->now(platform->context) - patience->start >= VIRTIO_RESET_TIMEOUT;
	return true;
}
