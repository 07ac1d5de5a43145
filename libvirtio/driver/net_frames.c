/* SPDX-License-Identifier: ISC */
/*
 * The frames that the network driver allocates to receive into: one block of private memory for the structs and one
 * that the device sees for the data. Each takes the longest Ethernet frame that may come, with a VLAN tag, or, where
 * frames are merged, a part of one (VIRTIO 5.1.6.3).
 */
#include "driver/net_internal.h"

#define NET_FRAMES_MAX 256u                  /* more only add latency */
#define NET_FRAMES_BYTES (UINT32_C(4) << 20) /* of memory at most, whatever the MTU */
#define NET_FRAMES_ALIGN 64u                 /* a frame shares no cache line with another */

/* Room for the longest frame or, where frames are merged, for a part: LIMIT bytes, where it is not 0. */
static uint32_t frame_size(const struct virtio_net_pair *pair, uint32_t limit)
{
	uint32_t size = VIRTIO_NET_HEADROOM + pair->receive.longest_gso;
	if (size < pair->receive.least)
		size = pair->receive.least;
	if (pair->merge) {
		limit = pair->receive.offload->merged_size(pair, limit);
		size = size < limit ? size : limit;
	}
	return (size + NET_FRAMES_ALIGN - 1) & ~(NET_FRAMES_ALIGN - 1);
}

/* As many as the receive queue holds: a frame takes one descriptor, or two. */
static uint32_t frame_count(const struct virtio_net_pair *pair, uint32_t size)
{
	uint32_t count = pair->receive.queue.ring.size >> (pair->own_header ? 1 : 0);
	if (count > NET_FRAMES_MAX)
		count = NET_FRAMES_MAX;
	while (count * size > NET_FRAMES_BYTES)
		count >>= 1;
	return count;
}

int virtio_net_frames_alloc(struct virtio_net_pair *pair, uint32_t limit)
{
	const struct virtio_platform *platform = pair->net->device->platform;
	uint32_t size = frame_size(pair, limit), count = frame_count(pair, size);
	struct virtio_net_frame *pool =
		platform->alloc(platform->context, count * sizeof *pool, _Alignof(struct virtio_net_frame));
	if (!pool)
		return VIRTIO_ERR_NO_MEMORY;
	pair->pool_buffers =
		platform->dma_alloc(platform->context, (size_t)count * size, NET_FRAMES_ALIGN, &pair->pool_address);
	if (!pair->pool_buffers) {
		platform->free(platform->context, pool, count * sizeof *pool);
		return VIRTIO_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < count; i++) {
		size_t offset = (size_t)i * size;
		virtio_net_frame_init(&pool[i], pair->pool_buffers + offset, pair->pool_address + offset, size);
	}
	pair->pool = pool;
	pair->pool_count = count;
	pair->pool_frame_size = size;
	pair->pool_memory =
		(struct virtio_own_memory){pair->pool_buffers, (size_t)count * size, pair->net->device->own_memory};
	pair->net->device->own_memory = &pair->pool_memory;
	return 0;
}

void virtio_net_frames_free(struct virtio_net_pair *pair)
{
	if (!pair->pool)
		return;
	const struct virtio_platform *platform = pair->net->device->platform;
	platform->dma_free(platform->context, pair->pool_buffers, (size_t)pair->pool_count * pair->pool_frame_size,
		pair->pool_address);
	platform->free(platform->context, pair->pool, pair->pool_count * sizeof *pair->pool);
	pair->pool = NULL;
	pair->pool_count = 0;
}

int virtio_net_frames_post(struct virtio_net_pair *pair)
{
	for (uint32_t i = 0; i < pair->pool_count; i++) {
		struct virtio_net_frame *frame = &pair->pool[i];
		int added = virtio_net_receive_add(pair, &frame, 1);
		if (added < 0)
			return added;
	}
	return 0;
}
