/* SPDX-License-Identifier: ISC */
/* What the files of the network driver share (VIRTIO 5.1): the frames that it allocates to receive into. */
#ifndef LIBVIRTIO_DRIVER_NET_INTERNAL_H
#define LIBVIRTIO_DRIVER_NET_INTERNAL_H

#include <virtio/net.h>

/* Allocate frames to fill the receive queue with, fit for net->mtu_limit. 0 or VIRTIO_ERR_NO_MEMORY. */
VIRTIO_MUST_CHECK int virtio_net_frames_alloc(struct virtio_net *net);

/* Free them. The device must be done with them; without any does nothing. */
void virtio_net_frames_free(struct virtio_net *net);

/* Put all of them into the receive queue, without telling the device yet. 0 or the error of the queue. */
VIRTIO_MUST_CHECK int virtio_net_frames_post(struct virtio_net *net);

/* Whether FRAME is one of them. */
static inline bool net_frames_own(const struct virtio_net *net, const struct virtio_net_frame *frame)
{
	uintptr_t first = (uintptr_t)net->pool;
	return (uintptr_t)frame >= first && (uintptr_t)frame < first + net->pool_count * sizeof *frame;
}

/* virtio_net_release, without telling the device. */
VIRTIO_MUST_CHECK int virtio_net_receive_add(
	struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

#endif
