/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/blk_restart.c: whatever happened to the device, every request comes back, nothing leaks, and the
 * next one works. */
#include <virtio/helper.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define COUNT 6

static struct virtio_segment segments[COUNT];
static struct virtio_blk_request requests[COUNT];
static unsigned back;
static int wanted_result;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_SIZE_MAX);
	fake_blk_limits(1, 512);
	transport.queues[0].size = 16;
	fake_blk_attach(NULL);
	back = 0;
	wanted_result = VIRTIO_ERR_NO_DEVICE;
	return 0;
}

/* Reads in flight, the last of them in parts of which not all fit. */
static void submit_all(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		requests[i] = fake_blk_request(VIRTIO_BLK_READ, i, &segments[i], i + 1 < COUNT ? 512 : 65536);
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
}

static void take_back(void *context, struct virtio_blk_request *request)
{
	assert_ptr_equal(context, &back);
	assert_int_equal(request->result, wanted_result);
	assert_false(virtio_blk_in_flight(request));
	back++;
}

static void assert_works(void)
{
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	fake_disk_start(&disk, &transport.queues[0].ring);
	assert_int_equal(fake_blk_execute(&request), 0);
	assert_memory_equal(segment.data, disk.medium[3], 512);
	fake_blk_detach();
	assert_int_equal(fake_platform_live(), 0);
}

/* HB-09: it is alive, and never answers. */
static void test_a_stuck_request_comes_back_by_a_restart(void **state)
{
	(void)state;
	submit_all();
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(back, COUNT);
	assert_works();
}

/* RST-02 */
static void test_a_device_that_asks_for_a_reset_is_restarted(void **state)
{
	(void)state;
	submit_all();
	transport.needs_reset = true;
	assert_int_equal(virtio_blk_poll_config(&blk), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(back, COUNT);
	assert_works();
}

/* Somebody else reset it; and so do the windows of devices read that QEMU has unplugged. */
static void test_a_device_that_knows_nothing_of_us_is_restarted(void **state)
{
	(void)state;
	submit_all();
	transport.status = 0;
	assert_int_equal(virtio_blk_poll_config(&blk), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("knows nothing of us"));
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(back, COUNT);
	assert_works();
}

static void test_a_broken_ring_is_restarted(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	submit_all();
	fake_device_lie_used(&transport.queues[0].ring, 400, 1);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(back, COUNT);
	assert_works();
}

/* Pulled out, and plugged in again. */
static void test_a_device_that_has_gone_leaves_nothing_behind(void **state)
{
	(void)state;
	submit_all();
	transport.gone = true;
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(back, COUNT);
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), VIRTIO_ERR_INVALID);
	transport.gone = false;
	fake_blk_attach(NULL);
	assert_works();
}

/* Again and again: all memory comes back each time. */
static void test_a_hundred_restarts_leak_nothing(void **state)
{
	(void)state;
	unsigned live = fake_platform_live();
	for (unsigned i = 0; i < 100; i++) {
		back = 0;
		submit_all();
		transport.needs_reset = true;
		assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
		assert_int_equal(back, COUNT);
		assert_int_equal(fake_platform_live(), live);
	}
	assert_works();
}

static void test_the_options_stay(void **state)
{
	(void)state;
	const struct virtio_blk_options options = {.ring_size = 8, .max_segments = 1};
	fake_blk_detach();
	fake_blk_attach(&options);
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(blk.queues[0].slot_count, 8);
	assert_int_equal(blk.options.max_segments, 1);
	assert_works();
}

static void finish(void *context)
{
	(void)context;
	fake_disk_serve(&disk);
}

/* Stopped and continued, with a clock that did not stop: what the device has done was not in vain. */
static void test_what_finished_while_the_machine_stood_still_keeps_its_result(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < COUNT; i++) {
		requests[i] = fake_blk_request(VIRTIO_BLK_READ, i, &segments[i], 512);
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
	wanted_result = 0;
	fake_platform_stand_still(2, 10 * VIRTIO_RESET_TIMEOUT, finish, NULL); /* the first look is for the deadline */
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), 0);
	assert_int_equal(back, COUNT - 1);
	assert_works();
}

static void test_a_restart_ends_where_the_reset_does_not(void **state)
{
	(void)state;
	submit_all();
	transport.never_resets = true;
	wanted_result = VIRTIO_ERR_TIMEOUT;
	assert_int_equal(virtio_blk_restart(&blk, take_back, &back), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(back, COUNT);
	assert_null(blk.device);
	fake_platform_forget_mapped();
	fake_platform_forget_live();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stuck_request_comes_back_by_a_restart),
		TEST(test_a_device_that_asks_for_a_reset_is_restarted),
		TEST(test_a_device_that_knows_nothing_of_us_is_restarted),
		TEST(test_a_broken_ring_is_restarted),
		TEST(test_a_device_that_has_gone_leaves_nothing_behind),
		TEST(test_a_hundred_restarts_leak_nothing),
		TEST(test_the_options_stay),
		TEST(test_what_finished_while_the_machine_stood_still_keeps_its_result),
		TEST(test_a_restart_ends_where_the_reset_does_not),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
