/* SPDX-License-Identifier: ISC */
/* Queues of small buffers that belong to the driver: the memory, and which of it is free. */
#include "driver/buffers.h"

#define BUFFERS_ALIGNMENT 64u /* a cache line */
#define SHORTEST_RING 8       /* entries to ask for at least: shorter ones are rare enough to be risky */

/* Bytes of all buffers. */
static size_t bytes(const struct virtio_buffers *buffers)
{
	return (size_t)buffers->count * buffers->size;
}

static uint64_t bit(unsigned index)
{
	return UINT64_C(1) << index;
}

int virtio_buffers_add_queue(
	struct virtio_buffers *buffers, struct virtio_device *device, uint16_t index, uint16_t count, uint32_t size)
{
	const struct virtio_platform *platform = device->platform;

	*buffers = (struct virtio_buffers){.size = size};
	count = count < BUFFERS_MOST ? count : BUFFERS_MOST;
	uint16_t entries = count < SHORTEST_RING ? SHORTEST_RING : count;
	int error = virtio_device_add_queue(device, &buffers->queue, index, entries, 1);
	if (error)
		return error;
	buffers->count = count < buffers->queue.ring.size ? count : buffers->queue.ring.size;
	buffers->memory = platform->dma_alloc(platform->context, bytes(buffers), BUFFERS_ALIGNMENT, &buffers->address);
	if (!buffers->memory)
		return VIRTIO_ERR_NO_MEMORY;
	for (unsigned i = 0; i < buffers->count; i++)
		buffers->free |= bit(i);
	return 0;
}

void virtio_buffers_free(struct virtio_buffers *buffers, const struct virtio_platform *platform)
{
	if (buffers->memory)
		platform->dma_free(platform->context, buffers->memory, bytes(buffers), buffers->address);
	*buffers = (struct virtio_buffers){.size = 0};
}

uint8_t *virtio_buffers_take(struct virtio_buffers *buffers)
{
	uint8_t *buffer = buffers->memory;

	if (!buffers->free)
		return NULL;
	for (unsigned i = 0;; i++, buffer += buffers->size) {
		if (!(buffers->free & bit(i)))
			continue;
		buffers->free &= ~bit(i);
		return buffer;
	}
}

void virtio_buffers_put(struct virtio_buffers *buffers, const uint8_t *buffer)
{
	const uint8_t *at = buffers->memory;

	for (unsigned i = 0; i < buffers->count; i++, at += buffers->size)
		if (at == buffer)
			buffers->free |= bit(i);
}

/* Put BUFFER into the ring. There is room: the ring has an entry for each. */
static int add(struct virtio_buffers *buffers, uint8_t *buffer, uint32_t length, bool writable)
{
	uint64_t address = buffers->address + (uint64_t)(buffer - buffers->memory);
	const struct virtio_segment segment = {NULL, address, length};
	const struct virtqueue_buffer one = {&segment, buffer, writable ? 0 : 1, writable ? 1 : 0};

	if (virtio_queue_add(&buffers->queue, &one, 1) == 1)
		return 0;
	virtio_buffers_put(buffers, buffer);
	return VIRTIO_ERR_PROTOCOL;
}

int virtio_buffers_send(struct virtio_buffers *buffers, uint8_t *buffer, uint32_t length)
{
	return add(buffers, buffer, length, false);
}

int virtio_buffers_offer(struct virtio_buffers *buffers, uint8_t *buffer, uint32_t length)
{
	return add(buffers, buffer, length, true);
}

int virtio_buffers_offer_all(struct virtio_buffers *buffers)
{
	int error = 0;

	while (buffers->free && !error)
		error = add(buffers, virtio_buffers_take(buffers), buffers->size, true);
	return error;
}

int virtio_buffers_get(struct virtio_buffers *buffers, uint8_t **buffer, uint32_t *length)
{
	struct virtqueue_used used;
	int got = virtio_queue_get(&buffers->queue, &used, 1);

	if (got <= 0)
		return got;
	*buffer = used.token;
	*length = used.length;
	return 1;
}

int virtio_buffers_reclaim(struct virtio_buffers *buffers)
{
	uint8_t *buffer;
	uint32_t length;
	int got;

	/* Each round frees a buffer, so there are at most as many rounds as buffers. */
	while ((got = virtio_buffers_get(buffers, &buffer, &length)) > 0)
		virtio_buffers_put(buffers, buffer);
	return got;
}
