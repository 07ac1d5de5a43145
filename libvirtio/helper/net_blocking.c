/* SPDX-License-Identifier: ISC */
/* Waiting for a frame. */
#include <virtio/helper.h>

#include "base/hook.h"

/* Sleep until a frame may have arrived; does not sleep when one is there already. */
static void wait_for_frame(struct virtio_net *net, const struct virtio_platform *platform, uint64_t deadline)
{
	if (!virtio_net_enable_receive_interrupts(net) && VIRTIO_HAS_HOOK(platform, wait))
		platform->wait(platform->context, deadline);
}

int virtio_net_receive_wait(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count, uint64_t deadline)
{
	const struct virtio_platform *platform = net->device->platform;
	if (!VIRTIO_HAS_HOOK(platform, now))
		return VIRTIO_ERR_UNSUPPORTED;
	/* The clock before each look: if the machine stands still between, what came meanwhile is still found. */
	bool late = platform->now(platform->context) >= deadline;
	int received = virtio_net_receive(net, frames, count);
	while (received == 0 && !late) {
		wait_for_frame(net, platform, deadline);
		late = platform->now(platform->context) >= deadline;
		received = virtio_net_receive(net, frames, count);
	}
	virtio_net_disable_receive_interrupts(net);
	return received ? received : VIRTIO_ERR_TIMEOUT;
}
