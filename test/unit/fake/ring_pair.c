/* SPDX-License-Identifier: ISC */
/* Both ends of one virtqueue, for tests. */
#include "fake/ring_pair.h"

#include "fake/cmocka.h"
#include "fake/platform.h"

#define SEGMENT 16
#define MEMORY 8192

void ring_pair_open(struct ring_pair *pair, const struct fake_device_ops *kind, uint16_t size, uint16_t max_segments,
	uint64_t features)
{
	const struct virtqueue_config config = {
		.platform = fake_platform(),
		.ops = kind->driver_end,
		.features = features | kind->features,
		.size = size,
		.max_segments = max_segments,
	};

	assert_int_equal(virtqueue_init(&pair->vq, &config), 0);
	fake_device_attach(&pair->device, kind, &pair->vq.addresses, size, config.features);
	pair->memory = fake_platform_buffer(MEMORY);
	pair->kind = kind;
}

void ring_pair_close(struct ring_pair *pair)
{
	fake_device_detach(&pair->device);
	virtqueue_free(&pair->vq);
}

struct virtio_segment ring_pair_segment(const struct ring_pair *pair, uint32_t offset, uint32_t length)
{
	return (struct virtio_segment){
		.data = (uint8_t *)pair->memory.data + offset,
		.device_address = pair->memory.device_address + offset,
		.length = length,
	};
}

int ring_pair_add(struct ring_pair *pair, void *token, uint16_t readable, uint16_t writable)
{
	struct virtio_segment segments[MEMORY / SEGMENT];
	struct virtqueue_buffer buffer = {segments, token, readable, writable};

	for (uint32_t i = 0; i < (uint32_t)readable + writable; i++)
		segments[i] = ring_pair_segment(pair, i * SEGMENT, SEGMENT);
	return virtqueue_add(&pair->vq, &buffer, 1);
}

bool ring_pair_send(struct ring_pair *pair, void *token)
{
	assert_int_equal(ring_pair_add(pair, token, 0, 1), 1);
	return virtqueue_publish(&pair->vq);
}

bool ring_pair_serve(struct ring_pair *pair, uint32_t length)
{
	static struct fake_device_buffer buffer;

	assert_true(fake_device_take(&pair->device, &buffer));
	return fake_device_return(&pair->device, &buffer, length);
}

void *ring_pair_get(struct ring_pair *pair, uint32_t *length)
{
	struct virtqueue_used used;

	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 1);
	if (length)
		*length = used.length;
	return used.token;
}

void ring_pair_open_held(
	struct ring_pair *pair, const struct fake_device_ops *kind, uint16_t size, unsigned held, uint64_t features)
{
	ring_pair_open(pair, kind, size, 2, features);
	for (unsigned i = 0; i < held; i++)
		assert_int_equal(ring_pair_add(pair, ring_pair_token(i + 1), 1, 1), 1);
	(void)!virtqueue_publish(&pair->vq);
}

static void assert_broken(struct ring_pair *pair)
{
	struct virtqueue_used used;

	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_non_null(pair->vq.fault);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), VIRTIO_ERR_PROTOCOL);
	assert_false(virtqueue_publish(&pair->vq));
	assert_true(virtqueue_enable_interrupts(&pair->vq, 1)); /* do not sleep on it */
	virtqueue_disable_interrupts(&pair->vq);
}

void ring_pair_close_broken(struct ring_pair *pair)
{
	uint16_t size = pair->vq.size;
	unsigned back = 0;

	assert_broken(pair);
	fake_device_detach(&pair->device);
	while (virtqueue_take_back(&pair->vq))
		back++;
	assert_true(back <= size);
	virtqueue_restart(&pair->vq);
	fake_device_attach(&pair->device, pair->kind, &pair->vq.addresses, size, 0);
	assert_null(pair->vq.fault);
	for (unsigned i = 0; i < 3u * size; i++) {
		(void)!ring_pair_send(pair, pair);
		ring_pair_serve(pair, 0);
		assert_ptr_equal(ring_pair_get(pair, NULL), pair);
	}
	ring_pair_close(pair);
}

void ring_pair_over_all(uint16_t size, uint16_t max_segments, void (*body)(struct ring_pair *pair))
{
	static const uint64_t feature_sets[] = {
		0,
		VIRTIO_F_EVENT_IDX,
		VIRTIO_F_INDIRECT_DESC,
		VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC,
	};

	for (unsigned kind = 0; fake_device_rings[kind]; kind++) {
		if (size & (size - 1) && !fake_device_rings[kind]->any_size)
			continue;
		for (unsigned i = 0; i < sizeof feature_sets / sizeof feature_sets[0]; i++) {
			struct ring_pair pair;

			ring_pair_open(&pair, fake_device_rings[kind], size, max_segments, feature_sets[i]);
			body(&pair);
			ring_pair_close(&pair);
		}
	}
}

void *ring_pair_token(uintptr_t number)
{
	return (void *)number; /* never followed */
}
