/* SPDX-License-Identifier: ISC */
/* virtio-9p with a device that does as it likes: lengths and tags of answers above all. */
#include <virtio/9p.h>
#include <virtio/spec/9p.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define REQUESTS 8
#define ROOM 64 /* bytes of a message, and of an answer */

static struct virtio_9p p9;
static struct virtio_9p_request requests[REQUESTS];
static struct virtio_segment memory[REQUESTS];
static uint32_t room[REQUESTS]; /* for the answer */
static bool under_way[REQUESTS];

static void reset_requests(void)
{
	memset(requests, 0, sizeof requests);
	memset(under_way, 0, sizeof under_way);
	for (unsigned i = 0; i < REQUESTS; i++)
		memory[i] = fuzz_runtime_buffer(2 * ROOM);
}

static int attach(struct fuzz_device *device)
{
	const struct virtio_9p_options options = {
		.ring_size = fuzz_byte(device->input), .max_segments = fuzz_byte(device->input) & 7};

	reset_requests();
	return virtio_9p_attach(&p9, &device->driver, &options);
}

static int attach_plainly(struct fuzz_device *device)
{
	reset_requests();
	return virtio_9p_attach(&p9, &device->driver, NULL);
}

/* Each request that was submitted comes back once. */
static void take_back(struct virtio_9p_request *request)
{
	size_t at = (size_t)(request - requests);

	fuzz_check(at < REQUESTS && under_way[at]);
	under_way[at] = false;
	fuzz_check(request->answer_length <= room[at]);
	fuzz_check(request->result == 0 ? request->answer_length >= VIRTIO_9P_HEADER : request->answer_length == 0);
}

static void reclaim(void *context, struct virtio_9p_request *request)
{
	(void)context;
	fuzz_check(request->result == VIRTIO_ERR_NO_DEVICE || request->result == VIRTIO_ERR_TIMEOUT);
	take_back(request);
}

static int detach(struct fuzz_device *device)
{
	int result = virtio_9p_detach(&p9, reclaim, NULL);

	(void)device;
	for (unsigned i = 0; i < REQUESTS; i++)
		fuzz_check(!under_way[i]);
	return result;
}

/* A piece of a request's memory. */
static struct virtio_segment cut(unsigned at, uint32_t offset, uint32_t length)
{
	return (struct virtio_segment){(uint8_t *)memory[at].data + offset, memory[at].device_address + offset, length};
}

static int submit(unsigned at, uint32_t message, uint32_t answer, bool pieces, uint32_t told, uint16_t tag)
{
	const struct virtio_segment segments[] = {cut(at, 0, message - 1), cut(at, message - 1, 1),
		cut(at, ROOM, answer - pieces), cut(at, ROOM + answer - 1, 1)};
	uint8_t *header = memory[at].data;
	int result;

	memset(header, 0, 2 * ROOM);
	header[VIRTIO_9P_OFFSET_LENGTH] = (uint8_t)told;
	header[VIRTIO_9P_OFFSET_TAG] = (uint8_t)tag;
	requests[at].segments = segments;
	requests[at].message_segments = 2;
	requests[at].answer_segments = pieces ? 2 : 1;
	room[at] = answer;
	result = virtio_9p_submit(&p9, &requests[at]);
	requests[at].segments = NULL; /* was to be read during the call only */
	under_way[at] = result == 1;
	return result;
}

static void submit_some(struct fuzz_device *device)
{
	unsigned at = fuzz_byte(device->input) % REQUESTS;
	uint32_t message = 2 + fuzz_below(device->input, ROOM - 1);
	uint32_t answer = 2 + fuzz_below(device->input, ROOM - 1);
	unsigned how = fuzz_byte(device->input);

	if (!under_way[at])
		fuzz_check(submit(at, message, answer, how & 1, how & 2 ? how : message, (uint16_t)at) <= 1);
}

static void step(struct fuzz_device *device, unsigned choice)
{
	struct virtio_9p_request *request;

	switch (choice % 5) {
	case 0:
	case 1:
		submit_some(device);
		return;
	case 2:
	case 3:
		if (virtio_9p_completed(&p9, &request) == 1)
			take_back(request);
		return;
	default:
		(void)!virtio_9p_enable_interrupts(&p9);
		virtio_9p_disable_interrupts(&p9);
	}
}

static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	uint8_t header[VIRTIO_9P_HEADER] = {0};
	uint32_t length = chain->writable < ROOM ? chain->writable : ROOM;

	(void)queue;
	memset(bytes, 0, ROOM);
	(void)fuzz_chain_read(chain, 0, header, sizeof header);
	bytes[VIRTIO_9P_OFFSET_LENGTH] = (uint8_t)(length - (fuzz_byte(device->input) & 15) + 8);
	bytes[VIRTIO_9P_OFFSET_TAG] = header[VIRTIO_9P_OFFSET_TAG];
	return length;
}

static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	uint8_t header[VIRTIO_9P_HEADER] = {0};

	(void)device, (void)queue;
	(void)fuzz_chain_read(chain, 0, header, sizeof header);
	header[VIRTIO_9P_OFFSET_LENGTH] = sizeof header;
	return fuzz_chain_write(chain, 0, header, sizeof header);
}

static void prove(struct fuzz_device *device)
{
	struct virtio_9p_request *request = NULL;

	for (unsigned round = 0; round < 3 * REQUESTS; round++) {
		fuzz_check(submit(round % REQUESTS, 20, 30, round & 1, 20, (uint16_t)round) == 1);
		fuzz_device_serve(device);
		fuzz_check(virtio_9p_completed(&p9, &request) == 1);
		fuzz_check(request->result == 0 && request->answer_length == VIRTIO_9P_HEADER);
		take_back(request);
	}
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_9P,
	.features = VIRTIO_9P_F_MOUNT_TAG,
	.config = (const uint8_t *)"\x04\0root",
	.config_length = 6,
	.queues = 1,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach_plainly, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
