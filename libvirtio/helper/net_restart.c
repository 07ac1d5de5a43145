/* SPDX-License-Identifier: ISC */
/* A network device that broke, or sends nothing any more, starts anew (VIRTIO 2.1.2, 3.3). */
#include <virtio/helper.h>

#include "base/hook.h"

int virtio_net_watch(struct virtio_net_pair *pair, struct virtio_net_watch *watch, uint64_t patience)
{
	const struct virtio_platform *platform = pair->net->device->platform;
	uint64_t sent = pair->transmit.frames - pair->transmit.under_way;

	if (!VIRTIO_HAS_HOOK(platform, now))
		return VIRTIO_ERR_UNSUPPORTED;
	int error = virtio_device_check(pair->net->device);
	if (error)
		return error;
	uint64_t now = platform->now(platform->context);
	uint64_t passed = now - watch->last;
	/* However long the machine itself stood still, the device has the time between two calls to go on. */
	if (passed > patience / 2)
		passed = patience / 2;
	if (pair->transmit.under_way == 0 || !watch->waiting || sent != watch->sent)
		*watch = (struct virtio_net_watch){sent, now, 0, pair->transmit.under_way > 0};
	else
		watch->waited += passed;
	watch->last = now;
	return watch->waiting && watch->waited >= patience / 2 * 2 ? VIRTIO_ERR_TIMEOUT : 0;
}

int virtio_net_restart(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context)
{
	struct virtio_net_options options = net->options;
	struct virtio_device *device = net->device;
	uint8_t address[sizeof net->mac];

	if (!device)
		return VIRTIO_ERR_INVALID;
	/* One that was made up stays. What the device has of its own counts for more. */
	__builtin_memcpy(address, net->mac, sizeof address);
	options.address = address;
	int error = virtio_net_detach(net, reclaim, context);
	return error ? error : virtio_net_attach(net, device, &options);
}
