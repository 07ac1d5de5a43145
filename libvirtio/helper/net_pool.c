/* SPDX-License-Identifier: ISC */
/* A pool of equal frames, and sending a copy through one. */
#include <virtio/helper.h>

#define POOL_ALIGN 64u         /* a frame shares no cache line with another */
#define POOL_COUNT_MAX 65536u  /* more frames than any ring takes */
#define POOL_LENGTH_MAX 65792u /* the longest frame there is, and some */
#define RECLAIM_BURST 32u

int virtio_net_pool_init(
	struct virtio_net_pool *pool, const struct virtio_platform *platform, uint32_t count, uint32_t length)
{
	*pool = (struct virtio_net_pool){.platform = platform};
	if (count == 0 || count > POOL_COUNT_MAX || length == 0 || length > POOL_LENGTH_MAX)
		return VIRTIO_ERR_INVALID;
	uint32_t size = (VIRTIO_NET_HEADROOM + length + POOL_ALIGN - 1) & ~(POOL_ALIGN - 1);
	size_t structs = count * sizeof *pool->frames;
	pool->frames = platform->alloc(platform->context, structs, _Alignof(struct virtio_net_frame));
	if (!pool->frames)
		return VIRTIO_ERR_NO_MEMORY;
	pool->buffers =
		platform->dma_alloc(platform->context, (size_t)count * size, POOL_ALIGN, &pool->buffers_address);
	if (!pool->buffers) {
		platform->free(platform->context, pool->frames, structs);
		return VIRTIO_ERR_NO_MEMORY;
	}
	pool->count = count;
	pool->frame_size = size;
	for (uint32_t i = count; i-- > 0;) { /* backwards, so that the first is taken first */
		size_t offset = (size_t)i * size;
		virtio_net_frame_init(&pool->frames[i], pool->buffers + offset, pool->buffers_address + offset, size);
		virtio_net_pool_put(pool, &pool->frames[i]);
	}
	return 0;
}

void virtio_net_pool_free(struct virtio_net_pool *pool)
{
	const struct virtio_platform *platform = pool->platform;
	if (pool->count == 0)
		return;
	platform->dma_free(
		platform->context, pool->buffers, (size_t)pool->count * pool->frame_size, pool->buffers_address);
	platform->free(platform->context, pool->frames, pool->count * sizeof *pool->frames);
	*pool = (struct virtio_net_pool){.platform = platform};
}

struct virtio_net_frame *virtio_net_pool_get(struct virtio_net_pool *pool)
{
	struct virtio_net_frame *frame = pool->free;
	if (!frame)
		return NULL;
	pool->free = frame->next;
	frame->offset = VIRTIO_NET_HEADROOM;
	frame->length = 0;
	frame->segments = 1;
	frame->flags = 0;
	frame->next = NULL;
	return frame;
}

void virtio_net_pool_put(struct virtio_net_pool *pool, struct virtio_net_frame *frame)
{
	frame->next = pool->free;
	pool->free = frame;
}

/* Frames that were sent go back into the pool. 0, or the error of virtio_net_transmitted. */
static int reclaim(struct virtio_net *net, struct virtio_net_pool *pool)
{
	struct virtio_net_frame *sent[RECLAIM_BURST];
	int count;
	do {
		count = virtio_net_transmitted(net, sent, RECLAIM_BURST);
		for (int i = 0; i < count; i++)
			virtio_net_pool_put(pool, sent[i]);
	} while (count == (int)RECLAIM_BURST);
	return count < 0 ? count : 0;
}

int virtio_net_send_copy(struct virtio_net *net, struct virtio_net_pool *pool, const void *data, uint32_t length)
{
	int result = reclaim(net, pool);
	if (result < 0)
		return result;
	if (length > pool->frame_size - VIRTIO_NET_HEADROOM)
		return VIRTIO_ERR_TOO_LARGE;
	struct virtio_net_frame *frame = virtio_net_pool_get(pool);
	if (!frame)
		return VIRTIO_ERR_AGAIN;
	__builtin_memcpy(virtio_net_frame_data(frame), data, length);
	frame->length = length;
	result = virtio_net_transmit(net, &frame, 1);
	if (result == 1)
		return 0;
	virtio_net_pool_put(pool, frame);
	return result < 0 ? result : VIRTIO_ERR_AGAIN;
}
