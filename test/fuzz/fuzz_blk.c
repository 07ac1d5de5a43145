/* SPDX-License-Identifier: ISC */
/* virtio-blk (VIRTIO 5.2) with a device that does as it likes: geometry, status bytes, lengths. */
#include <virtio/blk.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define REQUESTS 8
#define SEGMENTS 6
#define ROOM 4096 /* bytes of data of a request at most */
#define CONTENT 0x77

static struct virtio_blk blk;
static struct virtio_blk_request requests[REQUESTS];
static struct virtio_segment memory[REQUESTS];
static struct virtio_segment segments[REQUESTS][SEGMENTS];
static struct virtio_blk_queue *under_way[REQUESTS]; /* where each was submitted */

static void reset_requests(void)
{
	memset(requests, 0, sizeof requests);
	memset(under_way, 0, sizeof under_way);
	for (unsigned i = 0; i < REQUESTS; i++)
		memory[i] = fuzz_runtime_buffer(ROOM);
}

static int attach(struct fuzz_device *device)
{
	const struct virtio_blk_options options = {
		.ring_size = fuzz_byte(device->input),
		.max_segments = fuzz_byte(device->input) & 7,
		.queues = fuzz_byte(device->input) & 3,
	};

	reset_requests();
	return virtio_blk_attach(&blk, &device->driver, &options);
}

static int attach_plainly(struct fuzz_device *device)
{
	reset_requests();
	return virtio_blk_attach(&blk, &device->driver, NULL);
}

/* Each request that was submitted comes back once, with a result that there is. */
static void take_back(const struct virtio_blk_request *request)
{
	size_t at = (size_t)(request - requests);

	fuzz_check(at < REQUESTS && under_way[at] && !virtio_blk_in_flight(request));
	fuzz_check(request->result <= 0);
	under_way[at] = NULL;
}

static void reclaim(void *context, struct virtio_blk_request *request)
{
	(void)context;
	take_back(request);
}

static int detach(struct fuzz_device *device)
{
	int result = virtio_blk_detach(&blk, reclaim, NULL);

	(void)device;
	for (unsigned i = 0; i < REQUESTS; i++)
		fuzz_check(!under_way[i]);
	return result;
}

/* Cut a request's memory into COUNT segments. */
static void cut(unsigned at, unsigned count, uint32_t bytes)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t part = i + 1 < count ? bytes / count / 2 + 1 : bytes - offset;

		segments[at][i] = (struct virtio_segment){
			(uint8_t *)memory[at].data + offset, memory[at].device_address + offset, part};
		offset += part;
	}
}

static void prepare(struct fuzz_device *device, unsigned at)
{
	static const uint8_t types[] = {VIRTIO_BLK_READ, VIRTIO_BLK_WRITE, VIRTIO_BLK_READ, VIRTIO_BLK_FLUSH,
		VIRTIO_BLK_SERIAL, VIRTIO_BLK_LIFETIME, VIRTIO_BLK_DISCARD, VIRTIO_BLK_WRITE_ZEROES,
		VIRTIO_BLK_SECURE_ERASE};
	struct virtio_blk_request *request = &requests[at];
	unsigned how = fuzz_byte(device->input);
	unsigned count = 1 + how / 16 % SEGMENTS;
	uint32_t bytes = VIRTIO_BLK_SECTOR * (1u + fuzz_byte(device->input) % 8u);

	request->type = types[how % sizeof types];
	request->unmap = how & 1;
	request->sector = fuzz_u16(device->input);
	request->sector_count = request->sector * 3;
	request->segments = segments[at];
	request->segment_count = 0;
	if (request->type == VIRTIO_BLK_SERIAL)
		bytes = VIRTIO_BLK_ID_LENGTH, count = 1;
	if (request->type == VIRTIO_BLK_LIFETIME)
		bytes = sizeof(struct virtio_blk_lifetime), count = 1;
	if (request->type <= VIRTIO_BLK_WRITE || bytes < VIRTIO_BLK_SECTOR)
		request->segment_count = (uint16_t)count;
	cut(at, count, bytes);
}

static void submit(struct fuzz_device *device, unsigned choice)
{
	unsigned at = fuzz_byte(device->input) % REQUESTS;
	struct virtio_blk_request *burst[2] = {&requests[at], &requests[(at + 1) % REQUESTS]};
	struct virtio_blk_queue *queue = &blk.queues[choice % blk.queue_count];
	int taken;

	if (under_way[at] || under_way[(at + 1) % REQUESTS])
		return;
	prepare(device, at);
	prepare(device, (at + 1) % REQUESTS);
	taken = virtio_blk_queue_submit(queue, burst, 2);
	fuzz_check(taken <= 2);
	for (int i = 0; i < taken; i++)
		under_way[burst[i] - requests] = queue;
}

static void completed(struct fuzz_device *device, unsigned choice, bool wait)
{
	struct virtio_blk_queue *queue = &blk.queues[choice % blk.queue_count];
	struct virtio_blk_request *done[3];
	uint64_t deadline = fuzz_session_deadline(device);
	int count =
		wait ? virtio_blk_completed_wait(queue, done, 3, deadline) : virtio_blk_queue_completed(queue, done, 3);

	fuzz_check(count <= 3);
	for (int i = 0; i < count; i++) {
		fuzz_check(under_way[done[i] - requests] == queue);
		take_back(done[i]);
	}
	if (wait)
		fuzz_session_check_deadline(deadline);
}

/* The helpers that wait are for those who have nothing else in the first queue. */
static void execute(struct fuzz_device *device)
{
	uint64_t deadline = fuzz_session_deadline(device);
	int result;

	for (unsigned i = 0; i < REQUESTS; i++)
		if (under_way[i] == &blk.queues[0] || under_way[0])
			return;
	prepare(device, 0);
	under_way[0] = &blk.queues[0];
	result = virtio_blk_execute(&blk, &requests[0], deadline);
	fuzz_check(result <= 0);
	if (!virtio_blk_in_flight(&requests[0]))
		under_way[0] = NULL;
	fuzz_session_check_deadline(deadline);
}

static void step(struct fuzz_device *device, unsigned choice)
{
	switch (choice % 8) {
	case 0:
	case 1:
	case 2:
		submit(device, choice / 8);
		return;
	case 3:
	case 4:
		completed(device, choice / 8, choice & 64);
		return;
	case 5:
		execute(device);
		return;
	case 6:
		(void)!virtio_blk_poll_config(&blk);
		(void)!virtio_blk_set_write_cache(&blk, choice & 64);
		return;
	default:
		(void)!virtio_blk_enable_interrupts(&blk);
		virtio_blk_disable_interrupts(&blk);
	}
}

/* Data, and a status behind it: mostly good, which is as long as it should be. */
static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	uint8_t status = fuzz_byte(device->input) & 3;

	(void)queue;
	memset(bytes, CONTENT, FUZZ_MESSAGE);
	if (chain->writable > 0)
		(void)fuzz_chain_write(chain, chain->writable - 1, &status, 1);
	return chain->writable - 1 < FUZZ_MESSAGE ? chain->writable - 1 : FUZZ_MESSAGE;
}

static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	uint8_t sector[VIRTIO_BLK_SECTOR];
	uint32_t done = 0;

	(void)device, (void)queue;
	memset(sector, CONTENT, sizeof sector);
	while (done + 1 < chain->writable) {
		uint32_t rest = chain->writable - 1 - done;
		uint32_t part = fuzz_chain_write(chain, done, sector, rest < sizeof sector ? rest : sizeof sector);

		done += part;
		if (part == 0)
			break;
	}
	sector[0] = VIRTIO_BLK_S_OK;
	return done + fuzz_chain_write(chain, done, sector, 1);
}

static void prove(struct fuzz_device *device)
{
	uint64_t deadline = fuzz_runtime_time() + UINT64_C(1000000000);
	const uint8_t *data = memory[0].data;

	(void)device;
	cut(0, 1, ROOM);
	requests[0] = (struct virtio_blk_request){
		.type = VIRTIO_BLK_READ, .sector = 8, .segments = segments[0], .segment_count = 1};
	for (unsigned round = 0; round < 3; round++) {
		memset(memory[0].data, 0, ROOM);
		fuzz_check(virtio_blk_execute(&blk, &requests[0], deadline) == 0);
		for (unsigned i = 0; i < ROOM; i++)
			fuzz_check(data[i] == CONTENT);
	}
}

/* 65536 sectors; segments of up to 2048 bytes, up to 5 of them; blocks of 512 bytes; one queue more than one. */
static const uint8_t config[72] = {0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3, 0, 1, 0,
	8, 0, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1,
	0, 0, 0, 8, 0, 0, 0};

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_BLOCK,
	.features = VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
		    VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_BLK_F_MQ |
		    VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES | VIRTIO_BLK_F_LIFETIME |
		    VIRTIO_BLK_F_SECURE_ERASE,
	.config = config,
	.config_length = sizeof config,
	.queues = 2,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach_plainly, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
