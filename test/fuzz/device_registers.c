/* SPDX-License-Identifier: ISC */
/* What the registers of the fuzz targets' device mean, whatever bus they are on (VIRTIO 2.1, 2.5, 3.1.1). */
#include <virtio/spec/status.h>

#include "device.h"

static void reset(struct fuzz_device *device)
{
	device->accepted = 0;
	device->isr = 0;
	device->config_vector = VIRTIO_NO_VECTOR;
	device->last.count = 0;
	for (unsigned i = 0; i < FUZZ_QUEUES; i++) {
		struct fuzz_queue *queue = &device->queues[i];

		queue->ring.vq = NULL;
		queue->held_count = 0;
		queue->enabled = false;
		queue->page = 0;
		queue->vector = VIRTIO_NO_VECTOR;
	}
}

void fuzz_device_set_status(struct fuzz_device *device, uint8_t status)
{
	if (status == 0)
		reset(device);
	device->status = status;
}

struct fuzz_queue *fuzz_device_queue(struct fuzz_device *device)
{
	static struct fuzz_queue none;

	none = (struct fuzz_queue){.size = 0};
	return device->queue_select < device->kind->queues ? &device->queues[device->queue_select] : &none;
}

uint16_t fuzz_device_queue_size(const struct fuzz_device *device)
{
	return device->queue_select < device->kind->queues ? device->queues[device->queue_select].size : 0;
}

void fuzz_device_enable(struct fuzz_device *device, bool on)
{
	struct fuzz_queue *queue = fuzz_device_queue(device);

	queue->enabled = on;
	queue->ring.vq = NULL; /* the ring begins anew */
}

uint32_t fuzz_device_config_read(const struct fuzz_device *device, uint64_t offset, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= offset + i < FUZZ_CONFIG ? (uint32_t)device->config[offset + i] << 8 * i : 0;
	return value;
}

void fuzz_device_config_write(struct fuzz_device *device, uint64_t offset, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		if (offset + i < FUZZ_CONFIG)
			device->config[offset + i] = (uint8_t)(value >> 8 * i);
}

uint8_t fuzz_device_take_isr(struct fuzz_device *device)
{
	uint8_t isr = device->isr;

	device->isr = 0;
	return isr;
}
