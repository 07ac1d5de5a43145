/* SPDX-License-Identifier: ISC */
/* As test_recovery.c: the drivers whose devices need no fake of their own. */
#include <string.h>
#include <virtio/9p.h>
#include <virtio/balloon.h>
#include <virtio/rng.h>
#include <virtio/spec/9p.h>
#include <virtio/spec/balloon.h>

#include "fake/cmocka.h"
#include "fake/misfortune.h"
#include "fake/platform.h"

#define HELD 3 /* things of ours that each driver holds */

static struct fake_device_buffer buffer;
static struct fake_transport small;
static struct virtio_segment segments[2 * HELD];

/* ---- rng ---- */

static struct virtio_rng rng;

static void rng_start(void)
{
	fake_transport_init(&small, fake_platform(), VIRTIO_ID_ENTROPY, VIRTIO_F_VERSION_1);
}

static int rng_attach(void)
{
	return virtio_rng_attach(&rng, &small.device);
}

static void rng_occupy(void)
{
	uint8_t bytes[16];
	assert_int_equal(virtio_rng_read(&rng, bytes, sizeof bytes), 0);
}

static int rng_look(void)
{
	uint8_t bytes[16];
	int result = virtio_rng_read(&rng, bytes, sizeof bytes);
	return result < 0 ? result : virtio_device_check(&small.device);
}

static int rng_detach(void)
{
	return virtio_rng_detach(&rng);
}

static void rng_work(void)
{
	uint8_t bytes[16];
	rng_occupy();
	assert_true(fake_device_take(&small.queues[0].ring, &buffer));
	memset(bytes, 0x42, sizeof bytes);
	fake_device_write(&buffer, 0, bytes, sizeof bytes);
	fake_device_return(&small.queues[0].ring, &buffer, sizeof bytes);
	assert_int_equal(virtio_rng_read(&rng, bytes, sizeof bytes), 16);
}

/* ---- 9P ---- */

static struct virtio_9p p9;
static struct virtio_9p_request calls[HELD];

static void p9_start(void)
{
	fake_transport_init(&small, fake_platform(), VIRTIO_ID_9P, VIRTIO_F_VERSION_1);
}

static int p9_attach(void)
{
	return virtio_9p_attach(&p9, &small.device, NULL);
}

static void p9_call(unsigned i)
{
	static const uint8_t message[VIRTIO_9P_HEADER] = {VIRTIO_9P_HEADER, [4] = 100, [5] = 9};
	segments[2 * i] = fake_platform_buffer(sizeof message);
	segments[2 * i + 1] = fake_platform_buffer(64);
	memcpy(segments[2 * i].data, message, sizeof message);
	calls[i] =
		(struct virtio_9p_request){.segments = &segments[2 * i], .message_segments = 1, .answer_segments = 1};
	assert_int_equal(virtio_9p_submit(&p9, &calls[i]), 1);
}

static void p9_occupy(void)
{
	for (unsigned i = 0; i < HELD; i++)
		p9_call(i);
}

static int p9_look(void)
{
	struct virtio_9p_request *call;
	int result = virtio_9p_completed(&p9, &call);
	return result < 0 ? result : virtio_device_check(&small.device);
}

static void p9_back(void *context, struct virtio_9p_request *call)
{
	(void)context;
	assert_int_equal(call->result, VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(call->answer_length, 0);
	misfortune_back++;
}

static int p9_detach(void)
{
	return virtio_9p_detach(&p9, p9_back, NULL);
}

static void p9_work(void)
{
	static const uint8_t answer[VIRTIO_9P_HEADER] = {VIRTIO_9P_HEADER, [4] = 101, [5] = 9};
	struct virtio_9p_request *call;
	p9_call(0);
	assert_true(fake_device_take(&small.queues[0].ring, &buffer));
	fake_device_write(&buffer, 0, answer, sizeof answer);
	fake_device_return(&small.queues[0].ring, &buffer, sizeof answer);
	assert_int_equal(virtio_9p_completed(&p9, &call), 1);
	assert_int_equal(call->result, 0);
}

/* ---- balloon: its pages have no way back of their own, after detach they are the runtime's ---- */

static struct virtio_balloon balloon;
static const uint64_t pages[HELD] = {0x1000, 0x3000, 0x5000};

static void write_actual(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	(void)value;
	assert_int_equal(offset, VIRTIO_BALLOON_CONFIG_ACTUAL);
	assert_int_equal(width, 4);
}

static void balloon_start(void)
{
	fake_transport_init(
		&small, fake_platform(), VIRTIO_ID_BALLOON, VIRTIO_F_VERSION_1 | VIRTIO_BALLOON_F_PAGE_REPORTING);
	small.config_region.write = write_actual;
}

static int balloon_attach(void)
{
	return virtio_balloon_attach(&balloon, &small.device);
}

static void balloon_occupy(void)
{
	segments[0] = fake_platform_buffer(8192);
	segments[0].device_address = segments[0].device_address / 4096 * 4096 + 4096;
	segments[0].data = NULL;
	segments[0].length = 4096;
	assert_int_equal(virtio_balloon_report(&balloon, segments, 1, &segments[0]), 1);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, HELD), HELD);
}

static int balloon_look(void)
{
	uint32_t wanted;
	int result = virtio_balloon_poll(&balloon);
	return result < 0 ? result : virtio_balloon_target(&balloon, &wanted);
}

static int balloon_detach(void)
{
	return virtio_balloon_detach(&balloon);
}

static void balloon_work(void)
{
	assert_int_equal(balloon.actual, 0);
	assert_int_equal(virtio_balloon_inflate(&balloon, pages, HELD), HELD);
	assert_true(fake_device_take(&small.queues[0].ring, &buffer));
	fake_device_return(&small.queues[0].ring, &buffer, 0);
	assert_int_equal(virtio_balloon_poll(&balloon), 1);
	assert_int_equal(balloon.actual, HELD);
}

static const struct misfortune_driver drivers[] = {
	MISFORTUNE_DRIVER(rng, &small, 0, 0, NULL),
	MISFORTUNE_DRIVER(p9, &small, 0, HELD, NULL),
	MISFORTUNE_DRIVER(balloon, &small, 0, 0, NULL),
};

int main(void)
{
	return misfortune_run(drivers, sizeof drivers / sizeof drivers[0]);
}
