/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk.c: requests when the driver lets go, the ring breaks, or memory is not to be mapped. */
#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

static struct virtio_segment segment;
static struct virtio_blk_request request;
static unsigned back;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	return 0;
}

/* A device that takes one sector at once, and four requests. */
static void start(void)
{
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_SIZE_MAX);
	fake_blk_limits(1, 512);
	transport.queues[0].size = 4;
	fake_blk_attach(NULL);
}

/* A write of SECTORS sectors. */
static void submit(uint32_t sectors)
{
	request = fake_blk_request(VIRTIO_BLK_WRITE, 0, &segment, sectors * 512);
	assert_int_equal(fake_blk_submit(&request), 1);
}

static void count(void *context, struct virtio_blk_request *handed_back)
{
	(void)context;
	assert_false(virtio_blk_in_flight(handed_back));
	back++;
}

/* What is known of it already is told; but a device that keeps its memory counts for more. */
static void test_a_request_that_failed_in_part_keeps_its_error_when_it_is_taken_back(void **state)
{
	(void)state;
	for (unsigned stuck = 0; stuck < 2; stuck++) {
		struct virtio_blk_request *done;

		start();
		submit(2);
		assert_int_equal(fake_disk_take(&disk), 2);
		fake_disk_claim(&disk, 0, VIRTIO_BLK_S_IOERR, 1);
		assert_int_equal(virtio_blk_completed(&blk, &done, 1), 0);
		transport.never_resets = stuck;
		back = 0;
		assert_int_equal(virtio_blk_detach(&blk, count, NULL), stuck ? VIRTIO_ERR_TIMEOUT : 0);
		assert_int_equal(back, 1);
		assert_int_equal(request.result, stuck ? VIRTIO_ERR_TIMEOUT : VIRTIO_ERR_IO);
	}
	fake_platform_forget_mapped();
	fake_platform_forget_live();
}

/* No part of it is under way, and there was no room yet to hand it back. */
static void test_detach_hands_back_a_request_that_ended_unseen(void **state)
{
	(void)state;
	for (unsigned gone = 0; gone < 2; gone++) {
		struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH}, *done;

		start();
		assert_int_equal(fake_blk_submit(&flush), 1);
		submit(10);
		assert_int_equal(fake_disk_take(&disk), 4);
		while (disk.held_count)
			fake_disk_finish(&disk, disk.held_count - 1);
		fake_blk_capacity(9);
		assert_int_equal(virtio_blk_poll_config(&blk), 1);
		if (gone)
			assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
		transport.gone = gone;
		back = 0;
		assert_int_equal(virtio_blk_detach(&blk, count, NULL), 0);
		assert_int_equal(back, gone ? 1 : 2);
		assert_int_equal(request.result, VIRTIO_ERR_NO_SPACE);
		transport.gone = false;
		fake_device_detach(&transport.queues[0].ring);
	}
}

/* However many come at once: the call after that tells. */
static void test_requests_that_finished_before_the_ring_broke_come_back(void **state)
{
	static struct virtio_segment segments[33];
	static struct virtio_blk_request requests[33];
	struct virtio_blk_request *done[64];

	(void)state;
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	for (unsigned i = 0; i < 33; i++) {
		requests[i] = fake_blk_request(VIRTIO_BLK_READ, i, &segments[i], 512);
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
	assert_int_equal(fake_disk_take(&disk), 33);
	while (disk.held_count > 1)
		fake_disk_finish(&disk, 0);
	fake_device_lie_used(&transport.queues[0].ring, 999, 1);
	assert_int_equal(virtio_blk_completed(&blk, done, 64), 32);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(done[i]->result, 0);
	assert_int_equal(virtio_blk_completed(&blk, done, 64), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

/* Neither does it keep a slot, nor is anything of it under way. */
static void test_a_request_in_parts_that_cannot_be_mapped_is_refused(void **state)
{
	(void)state;
	start();
	if (!virtio_device_has(blk.device, VIRTIO_F_ACCESS_PLATFORM)) {
		fake_blk_detach();
		return;
	}
	request = fake_blk_request(VIRTIO_BLK_WRITE, 0, &segment, 1024);
	fake_platform_map_at_most(0);
	assert_true(fake_blk_submit(&request) < 0);
	assert_false(virtio_blk_in_flight(&request));
	fake_platform_map_at_most(100);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_serve(&disk), 2);
	assert_int_equal(fake_blk_completed(&request), 0);
	fake_blk_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_that_failed_in_part_keeps_its_error_when_it_is_taken_back),
		TEST(test_detach_hands_back_a_request_that_ended_unseen),
		TEST(test_requests_that_finished_before_the_ring_broke_come_back),
		TEST(test_a_request_in_parts_that_cannot_be_mapped_is_refused),
	};
	return fake_transport_run_over_rings(tests);
}
