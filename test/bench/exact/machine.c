/* SPDX-License-Identifier: ISC */
/* Hooks for memory (an arena, empty again at each open) and time; a transport (VIRTIO 4) with fields for registers. */
#include "machine.h"

#include <stdio.h>

#include <virtio/spec/features.h>

#define QUEUE_SIZE 256
#define CACHE_LINE 64

static _Alignas(4096) uint8_t arena[8 << 20];
static size_t arena_used;

static void *machine_take(void *context, size_t size, size_t alignment)
{
	size_t start = (arena_used + alignment - 1) & ~(alignment - 1);

	(void)context;
	if (size > sizeof(arena) - start)
		return NULL;
	arena_used = (start + size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	return &arena[start];
}

static void machine_give(void *context, void *memory, size_t size)
{
	(void)context;
	(void)memory;
	(void)size;
}

static void *machine_take_dma(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	void *memory = machine_take(context, size, alignment);

	*device_address = (uint64_t)(uintptr_t)memory;
	return memory;
}

static void machine_give_dma(void *context, void *memory, size_t size, uint64_t device_address)
{
	(void)device_address;
	machine_give(context, memory, size);
}

static uint64_t machine_now(void *context)
{
	static uint64_t time;

	(void)context;
	return time += 1000;
}

static void machine_tell(void *context, int level, const char *message)
{
	(void)context;
	if (level <= VIRTIO_LOG_WARNING)
		fprintf(stderr, "%s\n", message);
}

const struct virtio_platform machine_platform = {
	.size = sizeof machine_platform,
	.alloc = machine_take,
	.free = machine_give,
	.dma_alloc = machine_take_dma,
	.dma_free = machine_give_dma,
	.now = machine_now,
	.log = machine_tell,
};

static struct machine *machine_of(struct virtio_device *dev)
{
	return (struct machine *)(void *)dev;
}

static int machine_open_nothing(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

static uint8_t machine_status(struct virtio_device *dev)
{
	return machine_of(dev)->status;
}

static void machine_set_status(struct virtio_device *dev, uint8_t value)
{
	machine_of(dev)->status = value;
}

static uint32_t machine_features_offered(struct virtio_device *dev, unsigned number)
{
	return (uint32_t)(machine_of(dev)->offered >> 32 * number);
}

static void machine_accept_features(struct virtio_device *dev, unsigned number, uint32_t features)
{
	(void)dev;
	(void)number;
	(void)features;
}

static uint16_t machine_queue_size(struct virtio_device *dev, uint16_t index)
{
	(void)dev;
	return index < MACHINE_QUEUES ? QUEUE_SIZE : 0;
}

static int machine_start_queue(struct virtio_device *dev, struct virtio_queue *queue)
{
	device_attach(&machine_of(dev)->rings[queue->index], &queue->ring.addresses, queue->ring.size, dev->features);
	return 0;
}

static void machine_notify(struct virtio_queue *queue)
{
	machine_of(queue->device)->rings[queue->index].notifications++;
}

static uint32_t machine_config_generation(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

static uint8_t machine_interrupt_cause(struct virtio_device *dev)
{
	(void)dev;
	return 0;
}

static const struct virtio_transport_ops transport = {
	.name = "exact",
	.features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_PACKED |
		    VIRTIO_F_IN_ORDER,
	.required_features = VIRTIO_F_VERSION_1,
	.feature_words = 2,
	.confirms_features = true,
	.open = machine_open_nothing,
	.status = machine_status,
	.set_status = machine_set_status,
	.features_offered = machine_features_offered,
	.accept_features = machine_accept_features,
	.queue_size = machine_queue_size,
	.start_queue = machine_start_queue,
	.notify = machine_notify,
	.config_generation = machine_config_generation,
	.interrupt_cause = machine_interrupt_cause,
};

void machine_empty(void)
{
	arena_used = 0;
}

void machine_open(struct machine *machine, uint32_t type, uint64_t features, const struct virtqueue_ops *kind)
{
	machine_empty();
	*machine = (struct machine){
		.offered = features | VIRTIO_F_VERSION_1 | kind->feature, .kinds = {kind}, .transports = {&transport}};
	machine->support = (struct virtio_support){.transports = machine->transports, .rings = machine->kinds};
	machine->device = (struct virtio_device){
		.platform = &machine_platform,
		.support = &machine->support,
		.transport = &transport,
		.config = virtio_region_memory(machine->config, sizeof(machine->config)),
		.type = type,
		.name = "exact device",
	};
}
