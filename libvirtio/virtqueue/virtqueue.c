/* SPDX-License-Identifier: ISC */
/* What all kinds of virtqueue do alike (VIRTIO 2.6): check arguments, get memory and give it back. */
#include "virtqueue/internal.h"

#define TOKENS_BURST 16    /* used buffers that are taken at once where a ring knows no shorter way */
#define MAX_ALIGNMENT 4096 /* what the dma_alloc hook promises */

static void *allocate_dma(struct virtqueue *vq, size_t bytes, size_t alignment, uint64_t *address)
{
	return vq->platform->dma_alloc(vq->platform->context, bytes, alignment, address);
}

static int allocate_tables(struct virtqueue *vq)
{
	uint64_t bytes = (uint64_t)vq->size * vq->max_segments * sizeof(struct virtq_desc);

	if (bytes > SIZE_MAX)
		return VIRTIO_ERR_NO_MEMORY;
	vq->tables_bytes = (size_t)bytes;
	vq->tables = allocate_dma(vq, vq->tables_bytes, VIRTQUEUE_CACHE_LINE, &vq->tables_address);
	return vq->tables ? 0 : VIRTIO_ERR_NO_MEMORY;
}

int virtqueue_allocate(struct virtqueue *vq, const struct virtqueue_config *config, size_t ring_bytes, size_t alignment)
{
	const struct virtio_platform *platform = vq->platform;

	vq->ring_bytes = ring_bytes;
	vq->slots = platform->alloc(platform->context, vq->size * sizeof *vq->slots, VIRTQUEUE_CACHE_LINE);
	if (!vq->slots)
		return VIRTIO_ERR_NO_MEMORY;
	vq->descriptors = allocate_dma(vq, ring_bytes, alignment, &vq->addresses.descriptors);
	if (!vq->descriptors)
		return VIRTIO_ERR_NO_MEMORY;
	if ((config->features & VIRTIO_F_INDIRECT_DESC) && vq->max_segments > 1)
		return allocate_tables(vq);
	return 0;
}

static bool config_is_valid(const struct virtqueue_config *config)
{
	uint32_t alignment = config->alignment;

	return config->size && config->max_segments <= config->size && alignment <= MAX_ALIGNMENT &&
	       (alignment & (alignment - 1)) == 0;
}

int virtqueue_init(struct virtqueue *vq, const struct virtqueue_config *config)
{
	int result;

	*vq = (struct virtqueue){.ops = NULL};
	if (!config_is_valid(config))
		return VIRTIO_ERR_INVALID;
	vq->ops = config->ops;
	vq->platform = config->platform;
	vq->size = config->size;
	vq->max_segments = config->max_segments ? config->max_segments : 1;
	vq->event_idx = (config->features & VIRTIO_F_EVENT_IDX) != 0;
	result = vq->ops->init(vq, config);
	if (result < 0)
		virtqueue_free(vq);
	return result;
}

void virtqueue_free(struct virtqueue *vq)
{
	const struct virtio_platform *platform = vq->platform;

	if (vq->tables)
		platform->dma_free(platform->context, vq->tables, vq->tables_bytes, vq->tables_address);
	if (vq->descriptors)
		platform->dma_free(platform->context, vq->descriptors, vq->ring_bytes, vq->addresses.descriptors);
	if (vq->slots)
		platform->free(platform->context, vq->slots, vq->size * sizeof *vq->slots);
	*vq = (struct virtqueue){.ops = NULL};
}

void virtqueue_restart(struct virtqueue *vq)
{
	vq->fault = NULL;
	vq->added = 0;
	vq->published = 0;
	vq->seen = 0;
	vq->taken_back = 0;
	vq->oldest = 0;
	vq->batch = 0;
	/* The device reads it from now on, and expects zeroes (2.7.10.1). */
	__builtin_memset(vq->descriptors, 0, vq->ring_bytes);
	virtqueue_slots_reset(vq);
	vq->ops->restart(vq);
}

int virtqueue_get_tokens_slowly(struct virtqueue *vq, void **tokens, unsigned count)
{
	struct virtqueue_used used[TOKENS_BURST];
	unsigned done = 0;
	unsigned turn;
	int got;

	do {
		turn = count - done < TOKENS_BURST ? count - done : TOKENS_BURST;
		got = vq->ops->get(vq, used, turn);
		for (int i = 0; i < got; i++)
			tokens[done++] = used[i].token;
	} while (got == (int)turn && done < count);
	return done ? (int)done : got;
}
