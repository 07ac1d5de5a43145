/* SPDX-License-Identifier: ISC */
/*
 * The frames that the network driver allocates to receive into: one block of private memory for the structs and one
 * that the device sees for the data. Each takes one Ethernet frame of the MTU, with a VLAN tag (VIRTIO 5.1.6.3).
 */
#include "driver/net_internal.h"

#define NET_FRAMES_MAX 256u                  /* more only add latency */
#define NET_FRAMES_BYTES (UINT32_C(4) << 20) /* of memory at most, whatever the MTU */
#define NET_FRAMES_ALIGN 64u                 /* a frame shares no cache line with another */

static uint32_t frame_size(const struct virtio_net *net)
{
	uint32_t size = VIRTIO_NET_HEADROOM + net->receive.longest;
	return (size + NET_FRAMES_ALIGN - 1) & ~(NET_FRAMES_ALIGN - 1);
}

/* As many as the receive queue holds: a frame takes one descriptor, or two. */
static uint32_t frame_count(const struct virtio_net *net, uint32_t size)
{
	uint32_t count = net->receive.queue.ring.size >> (net->own_header ? 1 : 0);
	if (count > NET_FRAMES_MAX)
		count = NET_FRAMES_MAX;
	while (count * size > NET_FRAMES_BYTES)
		count >>= 1;
	return count;
}

int virtio_net_frames_alloc(struct virtio_net *net)
{
	const struct virtio_platform *platform = net->device->platform;
	uint32_t size = frame_size(net), count = frame_count(net, size);
	struct virtio_net_frame *pool =
		platform->alloc(platform->context, count * sizeof *pool, _Alignof(struct virtio_net_frame));
	if (!pool)
		return VIRTIO_ERR_NO_MEMORY;
	net->pool_buffers =
		platform->dma_alloc(platform->context, (size_t)count * size, NET_FRAMES_ALIGN, &net->pool_address);
	if (!net->pool_buffers) {
		platform->free(platform->context, pool, count * sizeof *pool);
		return VIRTIO_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < count; i++) {
		size_t offset = (size_t)i * size;
		virtio_net_frame_init(&pool[i], net->pool_buffers + offset, net->pool_address + offset, size);
	}
	net->pool = pool;
	net->pool_count = count;
	net->pool_frame_size = size;
	return 0;
}

void virtio_net_frames_free(struct virtio_net *net)
{
	const struct virtio_platform *platform = net->device->platform;
	if (!net->pool)
		return;
	platform->dma_free(platform->context, net->pool_buffers, (size_t)net->pool_count * net->pool_frame_size,
		net->pool_address);
	platform->free(platform->context, net->pool, net->pool_count * sizeof *net->pool);
	net->pool = NULL;
	net->pool_count = 0;
}

int virtio_net_frames_post(struct virtio_net *net)
{
	for (uint32_t i = 0; i < net->pool_count; i++) {
		struct virtio_net_frame *frame = &net->pool[i];
		int added = virtio_net_receive_add(net, &frame, 1);
		if (added < 0)
			return added;
	}
	return 0;
}
