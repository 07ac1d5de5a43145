/* SPDX-License-Identifier: ISC */
/*
 * virtio-rng (VIRTIO 5.4): one queue, one buffer in one descriptor, no features, no configuration. Devices with these
 * exist that crash when anything else is touched (bhyve).
 */
#include <virtio/rng.h>
#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"
#include "driver/buffers.h"

#define RNG_QUEUE 0
#define RNG_BUFFER 256u  /* bytes to ask for at most: seeds are short, and entropy may be rationed */
#define RNG_MOST_EMPTY 8 /* answers without bytes until the device counts as broken: it owes at least one (5.4.6.2) */

/* An attach has failed: back to nothing. */
static int give_up(struct virtio_rng *rng, int error)
{
	struct virtio_device *device = rng->device;

	virtio_attach_failed(device, error);
	virtio_device_fail(device);
	(void)virtio_device_detach(device);
	virtio_buffers_free(&rng->answers, device->platform); /* the device was never told of it */
	rng->device = NULL;
	return error;
}

int virtio_rng_attach(struct virtio_rng *rng, struct virtio_device *device)
{
	int error = virtio_attach_check(device, VIRTIO_ID_ENTROPY);

	if (error)
		return error;
	*rng = (struct virtio_rng){.device = device};
	error = virtio_device_begin(device, 0, 0, NULL);
	if (!error)
		error = virtio_buffers_add_queue(&rng->answers, device, RNG_QUEUE, 1, RNG_BUFFER);
	if (!error)
		error = virtio_device_ready(device);
	if (error)
		return give_up(rng, error);
	virtio_device_log(device, VIRTIO_LOG_INFO, "ready");
	return 0;
}

int virtio_rng_detach(struct virtio_rng *rng)
{
	if (!rng->device)
		return 0;
	int error = virtio_device_detach(rng->device);
	if (!error)
		virtio_buffers_free(&rng->answers, rng->device->platform);
	rng->device = NULL;
	return error;
}

/* Have the device fill the buffer, unless it is doing so. */
static int ask(struct virtio_rng *rng, uint32_t length)
{
	if (rng->asked)
		return 0;
	int error = virtio_buffers_offer(
		&rng->answers, virtio_buffers_take(&rng->answers), length < RNG_BUFFER ? length : RNG_BUFFER);
	if (error)
		return error;
	rng->asked = true;
	virtio_queue_submit(&rng->answers.queue);
	return 0;
}

/* One more answer without bytes. True: that is how it goes on. */
static bool too_many_empty(struct virtio_rng *rng)
{
	if (++rng->empty < RNG_MOST_EMPTY)
		return false;
	virtio_device_log(rng->device, VIRTIO_LOG_ERROR, "answers without random bytes");
	return true;
}

/* Get the next answer with bytes in it: 1, 0 when there is none yet, or an error. */
static int next_answer(struct virtio_rng *rng, uint32_t length)
{
	if (rng->empty == RNG_MOST_EMPTY)
		return VIRTIO_ERR_PROTOCOL;
	for (;;) {
		int result = ask(rng, length);
		if (!result)
			result = virtio_buffers_get(&rng->answers, &rng->answer, &rng->length);
		if (result <= 0)
			return result;
		rng->asked = false;
		rng->taken = 0;
		if (rng->length > 0) {
			rng->empty = 0;
			return 1;
		}
		virtio_buffers_put(&rng->answers, rng->answer);
		rng->answer = NULL;
		if (too_many_empty(rng))
			return VIRTIO_ERR_PROTOCOL;
	}
}

int virtio_rng_read(struct virtio_rng *rng, void *bytes, uint32_t length)
{
	if (length == 0)
		return 0;
	if (!rng->answer) {
		int result = next_answer(rng, length);
		if (result <= 0)
			return result;
	}
	uint8_t *from = rng->answer + rng->taken;
	uint32_t left = rng->length - rng->taken;
	uint32_t part = length < left ? length : left;
	__builtin_memcpy(bytes, from, part);
	__builtin_memset(from, 0, part); /* nobody shall find them there */
	rng->taken += part;
	if (rng->taken == rng->length) {
		virtio_buffers_put(&rng->answers, rng->answer);
		rng->answer = NULL;
	}
	return (int)part;
}

bool virtio_rng_enable_interrupts(struct virtio_rng *rng)
{
	bool waiting = virtqueue_enable_interrupts(&rng->answers.queue.ring, 1);

	return waiting || rng->answer;
}

void virtio_rng_disable_interrupts(struct virtio_rng *rng)
{
	virtqueue_disable_interrupts(&rng->answers.queue.ring);
}
