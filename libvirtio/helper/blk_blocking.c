/* SPDX-License-Identifier: ISC */
/* One block request at a time, waited for; and the serial number as a string. */
#include <virtio/helper.h>

#include "base/hook.h"

#define FIRST_NAP UINT64_C(20000)     /* nanoseconds: about what a fast disk takes */
#define LONGEST_NAP UINT64_C(1000000) /* and what a slow one may lose when no interrupt wakes us */

/* Hand one request to the device. */
static int start(struct virtio_blk *blk, struct virtio_blk_request *request)
{
	if (!VIRTIO_HAS_HOOK(blk->device->platform, now))
		return VIRTIO_ERR_UNSUPPORTED;
	int count = virtio_blk_submit(blk, &request, 1);
	if (count == 0)
		return VIRTIO_ERR_AGAIN;
	return count < 0 ? count : 0;
}

/* Look for REQUEST until it is back or DEADLINE is past; ends early when the device has gone or is broken, which only
 * its registers tell. */
static int wait_for(struct virtio_blk *blk, const struct virtio_blk_request *request, uint64_t deadline)
{
	const struct virtio_platform *platform = blk->device->platform;
	int error;

	for (uint64_t nap = FIRST_NAP;; nap = nap < LONGEST_NAP ? 2 * nap : LONGEST_NAP) {
		struct virtio_blk_request *done = NULL;
		/* The clock first: if the machine stands still after this, what finished meanwhile is still found. */
		uint64_t now = platform->now(platform->context);
		int count = virtio_blk_completed(blk, &done, 1);
		if (count < 0)
			return count;
		if (done == request)
			return 0;
		bool patient = nap < LONGEST_NAP && now < deadline;
		if (count == 0 && !patient && (error = virtio_device_check(blk->device)) < 0)
			return error;
		if (count == 0 && now >= deadline)
			return VIRTIO_ERR_TIMEOUT;
		/* Naps, since the runtime may not have asked for interrupts: then nothing else wakes us. */
		if (count == 0 && VIRTIO_HAS_HOOK(platform, wait))
			platform->wait(platform->context, deadline - now < nap ? deadline : now + nap);
	}
}

int virtio_blk_execute(struct virtio_blk *blk, struct virtio_blk_request *request, uint64_t deadline)
{
	int error = start(blk, request);

	if (!error)
		error = wait_for(blk, request, deadline);
	return error ? error : request->result;
}

/* A serial number on its way: apart from the caller's stack, because a device may never give it back. */
struct serial_request {
	struct virtio_blk_request request;
	struct virtio_segment segment;
};

/* Make the device's bytes a harmless string: it ends at the first NUL, if there is one (5.2.6). */
static void serial_string(char serial[21], const uint8_t *bytes)
{
	unsigned length = 0;

	for (; length < VIRTIO_BLK_ID_LENGTH && bytes[length]; length++)
		serial[length] = bytes[length] >= ' ' && bytes[length] <= '~' ? (char)bytes[length] : '?';
	serial[length] = '\0';
}

/* Ask for the serial number. What was allocated for it goes, unless the device still has it. */
static int serial_ask(struct virtio_blk *blk, struct serial_request *ask, char serial[21], uint64_t deadline)
{
	const struct virtio_platform *platform = blk->device->platform;
	struct virtio_segment *segment = &ask->segment;

	/* A device that writes less, and says so only by a NUL, must not show what was here before. */
	uint8_t *bytes = segment->data;
	for (unsigned i = 0; i < segment->length; i++)
		bytes[i] = 0;
	ask->request = (struct virtio_blk_request){.type = VIRTIO_BLK_SERIAL, .segments = segment, .segment_count = 1};
	int error = start(blk, &ask->request);
	if (!error) {
		error = wait_for(blk, &ask->request, deadline);
		if (error)
			return error;
		error = ask->request.result;
	}
	if (!error)
		serial_string(serial, bytes);
	platform->dma_free(platform->context, segment->data, segment->length, segment->device_address);
	platform->free(platform->context, ask, sizeof(*ask));
	return error;
}

int virtio_blk_serial(struct virtio_blk *blk, char serial[21], uint64_t deadline)
{
	const struct virtio_platform *platform = blk->device->platform;
	struct serial_request *ask = platform->alloc(platform->context, sizeof(*ask), sizeof(uint64_t));

	serial[0] = '\0';
	if (!ask)
		return VIRTIO_ERR_NO_MEMORY;
	ask->segment.length = VIRTIO_BLK_ID_LENGTH;
	ask->segment.data = platform->dma_alloc(
		platform->context, VIRTIO_BLK_ID_LENGTH, sizeof(uint64_t), &ask->segment.device_address);
	if (!ask->segment.data) {
		platform->free(platform->context, ask, sizeof(*ask));
		return VIRTIO_ERR_NO_MEMORY;
	}
	return serial_ask(blk, ask, serial, deadline);
}
