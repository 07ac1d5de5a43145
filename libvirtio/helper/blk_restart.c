/* SPDX-License-Identifier: ISC */
/* A block device that broke, or hangs, starts anew (VIRTIO 2.1.2, 3.3). */
#include <virtio/helper.h>

int virtio_blk_restart(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context)
{
	const struct virtio_blk_options options = blk->options;
	struct virtio_device *device = blk->device;

	if (!device)
		return VIRTIO_ERR_INVALID;
	int error = virtio_blk_detach(blk, reclaim, context);
	return error ? error : virtio_blk_attach(blk, device, &options);
}
