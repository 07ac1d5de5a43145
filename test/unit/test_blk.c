/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk.c: attach, what the device tells of itself, configuration changes, detach. */
#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES);
	return 0;
}

static int attach(void)
{
	return virtio_blk_attach(&blk, &transport.device, NULL);
}

/* After a failed attach nothing is left, and the device is reset. */
static void assert_refused(int result, int error)
{
	assert_int_equal(result, error);
	assert_int_equal(fake_platform_live(), 0);
	assert_true(fake_platform_logged("fake device"));
	assert_int_equal(transport.status, 0);
}

static void test_attach_tells_the_geometry(void **state)
{
	(void)state;
	fake_blk_config32(VIRTIO_BLK_CONFIG_BLK_SIZE, 4096);
	fake_blk_attach(NULL);
	assert_int_equal(blk.capacity, FAKE_DISK_SECTORS);
	assert_int_equal(blk.block_size, 4096);
	assert_int_equal(blk.max_segments, FAKE_BLK_SEG_MAX);
	assert_int_equal(blk.max_segment_length, UINT32_MAX);
	assert_true(blk.flush);
	assert_false(blk.read_only);
	assert_true(fake_platform_logged("256 sectors"));
	fake_blk_detach();
}

/* HB-04, BLK-01: in sectors, whatever the block size; near 2^64 nothing wraps. */
static void test_capacity_is_taken_as_it_is(void **state)
{
	(void)state;
	static const uint64_t capacities[] = {0, 1, UINT64_C(0x123456789a), UINT64_MAX};
	for (unsigned i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
		fake_blk_capacity(capacities[i]);
		fake_blk_attach(NULL);
		assert_true(blk.capacity == capacities[i]);
		fake_blk_detach();
	}
}

/* HB-05 */
static void test_a_senseless_block_size_counts_as_512(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {0, 1, 256, 511, 513, 4095, 1u << 22, UINT32_MAX};
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fake_blk_config32(VIRTIO_BLK_CONFIG_BLK_SIZE, sizes[i]);
		fake_blk_attach(NULL);
		assert_int_equal(blk.block_size, 512);
		assert_true(fake_platform_logged("makes no sense"));
		fake_blk_detach();
	}
}

/* CFG-03: what no feature announces is not read, and the frugal defaults hold. */
static void test_a_device_without_features_gets_one_segment_and_512_bytes(void **state)
{
	(void)state;
	fake_blk_start(VIRTIO_F_VERSION_1);
	fake_transport_forbid_config(&transport, VIRTIO_BLK_CONFIG_SIZE_MAX, FAKE_TRANSPORT_CONFIG - 8);
	fake_blk_attach(NULL);
	assert_int_equal(blk.max_segments, 1);
	assert_int_equal(blk.block_size, 512);
	assert_false(blk.flush);
	fake_blk_detach();
}

/* BLK-18, HB-06 */
static void test_segment_limits_are_believed_only_as_far_as_they_make_sense(void **state)
{
	(void)state;
	static const struct {
		uint32_t segments;
		uint32_t length;
		uint16_t max_segments;
		uint32_t max_length;
	} cases[] = {
		{0, 0, 1, UINT32_MAX},
		{1, 1, 1, 1},
		{5, 4096, 5, 4096},
		{32, UINT32_MAX, 32, UINT32_MAX},
		{33, 512, 32, 512},
		{65536, 511, 32, 511},
		{UINT32_MAX, 65536, 32, 65536},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_SIZE_MAX);
		fake_blk_config32(VIRTIO_BLK_CONFIG_SEG_MAX, cases[i].segments);
		fake_blk_config32(VIRTIO_BLK_CONFIG_SIZE_MAX, cases[i].length);
		fake_blk_attach(NULL);
		assert_int_equal(blk.max_segments, cases[i].max_segments);
		assert_int_equal(blk.max_segment_length, cases[i].max_length);
		fake_blk_detach();
	}
}

/* HB-06: a device whose ring is shorter than the segments it promises. */
static void test_a_short_ring_limits_the_segments(void **state)
{
	(void)state;
	for (uint16_t size = 4; size <= 32; size = (uint16_t)(size * 2)) {
		transport.queues[0].size = size;
		fake_blk_config32(VIRTIO_BLK_CONFIG_SEG_MAX, 126);
		fake_blk_attach(NULL);
		assert_int_equal(blk.max_segments, size - 2);
		fake_blk_detach();
	}
}

static void test_a_ring_too_short_for_any_request_is_refused(void **state)
{
	(void)state;
	transport.queues[0].size = 2;
	assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("no room for a request"));
}

static void test_options_make_the_driver_smaller(void **state)
{
	(void)state;
	const struct virtio_blk_options options = {.ring_size = 16, .max_segments = 3};
	fake_blk_attach(&options);
	assert_int_equal(transport.queues[0].started_size, 16);
	assert_int_equal(blk.max_segments, 3);
	assert_int_equal(blk.queues[0].slot_count, 16);
	fake_blk_detach();
}

static void test_the_driver_has_a_limit_of_its_own(void **state)
{
	(void)state;
	const struct virtio_blk_options options = {.max_segments = 100};
	fake_blk_config32(VIRTIO_BLK_CONFIG_SEG_MAX, 126);
	fake_blk_attach(&options);
	assert_int_equal(blk.max_segments, 32);
	fake_blk_detach();
}

/* PCIL-07: a legacy ring cannot be made smaller, the number of requests can. */
static void test_a_huge_legacy_ring_still_takes_256_requests_at_most(void **state)
{
	(void)state;
	fake_blk_start(VIRTIO_BLK_F_SEG_MAX);
	transport.queues[0].size = 4096;
	fake_blk_attach(NULL);
	assert_int_equal(transport.queues[0].started_size, 4096);
	assert_int_equal(blk.queues[0].slot_count, 256);
	fake_blk_detach();
}

/* BLK-03, BLK-05, BLK-22, BLK-L5, INIT-09; BLK-21: one queue, since no more were asked for */
static void test_of_all_features_those_are_accepted_that_the_driver_uses(void **state)
{
	(void)state;
	const uint64_t known = VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
			       VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_CONFIG_WCE |
			       VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES | VIRTIO_BLK_F_LIFETIME |
			       VIRTIO_BLK_F_SECURE_ERASE;
	fake_blk_start(FAKE_BLK_FEATURES | UINT64_C(0xffffff));
	fake_blk_attach(NULL);
	assert_false(transport.queues[1].started);
	assert_int_equal(transport.accepted & UINT64_C(0xffffff), known);
	assert_true(blk.read_only);
	fake_blk_detach();
	fake_blk_start(UINT64_C(0xffffff));
	fake_blk_attach(NULL);
	assert_int_equal(transport.accepted & UINT64_C(0xffffff), known);
	fake_blk_detach();
}

static void test_another_kind_of_device_is_refused_untouched(void **state)
{
	(void)state;
	transport.device.type = VIRTIO_ID_NET;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("no block device"));
	assert_int_equal(transport.status_count, 0);
}

static void break_device(struct fake_transport *fake, uint32_t offset)
{
	(void)offset;
	fake->needs_reset = true;
}

static void test_a_device_that_is_in_use_is_left_alone(void **state)
{
	(void)state;
	static struct virtio_blk second;
	struct virtio_segment segment;
	fake_blk_attach(NULL);
	assert_int_equal(virtio_blk_attach(&second, &transport.device, NULL), VIRTIO_ERR_BUSY);
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	assert_int_equal(fake_blk_execute(&request), 0);
	fake_blk_detach();
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static void test_without_a_clock_nothing_is_attached(void **state)
{
	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(attach(), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(transport.status_count, 0);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static void test_a_device_that_breaks_while_it_starts_is_refused(void **state)
{
	(void)state;
	transport.on_config_read = break_device;
	assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
}

static void test_a_configuration_too_short_is_refused(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {0, 4, 7, 12, 20, 23};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		fake_transport_set_config_length(&transport, lengths[i]);
		assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
	}
}

static void test_a_configuration_that_never_stands_still_is_refused(void **state)
{
	(void)state;
	transport.generation_unstable = true;
	assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
}

static void test_no_queue_and_refused_features_are_errors(void **state)
{
	(void)state;
	transport.queues[0].size = 0;
	assert_refused(attach(), VIRTIO_ERR_NO_DEVICE);
	transport.refuses_features = true;
	assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
}

static void test_every_allocation_may_fail(void **state)
{
	(void)state;
	unsigned nth = 1;
	for (;; nth++) {
		fake_platform_fail_allocation(nth);
		int result = attach();
		if (result == 0)
			break;
		assert_refused(result, VIRTIO_ERR_NO_MEMORY);
	}
	assert_non_null(blk.queues[0].slots);
	assert_non_null(blk.queues[0].frames);
	fake_platform_fail_allocation(0);
	fake_blk_detach();
	assert_int_equal(fake_platform_live(), 0);
}

static void test_a_failed_attach_can_be_tried_again(void **state)
{
	(void)state;
	fake_platform_fail_allocation(1);
	assert_refused(attach(), VIRTIO_ERR_NO_MEMORY);
	fake_blk_attach(NULL);
	fake_blk_detach();
}

/* BLK-09, CFG-06 */
static void test_a_new_capacity_is_noticed_and_holds(void **state)
{
	(void)state;
	struct virtio_segment segment;
	fake_blk_attach(NULL);
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 99, &segment, 1024);
	assert_int_equal(virtio_blk_poll_config(&blk), 0);
	fake_blk_capacity(100);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	assert_int_equal(blk.capacity, 100);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_NO_SPACE);
	fake_blk_capacity(101);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	assert_int_equal(fake_blk_execute(&request), 0);
	fake_blk_detach();
}

/* RST-02 */
static void test_polling_the_configuration_tells_of_a_broken_device(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	transport.needs_reset = true;
	assert_int_equal(virtio_blk_poll_config(&blk), VIRTIO_ERR_PROTOCOL);
	transport.needs_reset = false;
	transport.gone = true;
	assert_int_equal(virtio_blk_poll_config(&blk), VIRTIO_ERR_NO_DEVICE);
	transport.gone = false;
	fake_blk_detach();
}

/* What detach handed back: how often each of three requests, and in all. */
static unsigned reclaimed[3];
static unsigned reclaimed_count;

static void reclaim(void *context, struct virtio_blk_request *request)
{
	assert_ptr_equal(context, &reclaimed_count);
	reclaimed[(uintptr_t)request->context]++;
	reclaimed_count++;
}

static struct virtio_segment segments[3];
static struct virtio_blk_request requests[3];

static void submit_three(void)
{
	reclaimed_count = 0;
	for (unsigned i = 0; i < 3; i++) {
		reclaimed[i] = 0;
		requests[i] = fake_blk_request(VIRTIO_BLK_READ, i, &segments[i], 512);
		requests[i].context = (void *)(uintptr_t)i;
		requests[i].result = 1;
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
}

static void assert_each_reclaimed_once(void)
{
	assert_int_equal(reclaimed_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(reclaimed[i], 1);
}

/* One finished and not yet taken back, two that the device never finishes. */
static void test_detach_hands_each_request_back_once(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	assert_int_equal(fake_disk_take(&disk), 3);
	unsigned finished = fake_disk_next(&disk, 1);
	fake_disk_finish(&disk, finished);
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_blk_detach(&blk, reclaim, &reclaimed_count), 0);
	assert_each_reclaimed_once();
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(requests[i].result, i == finished ? 0 : VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_time() - before < 3 * VIRTIO_RESET_TIMEOUT);
	assert_int_equal(fake_platform_live(), 0);
}

static void finish_one(void *context)
{
	(void)context;
	fake_disk_take(&disk);
	if (disk.held_count)
		fake_disk_finish(&disk, fake_disk_next(&disk, disk.held_count - 1));
}

/* bhyve finishes requests into a ring that a reset took away. */
static void test_detach_lets_the_device_finish_first(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	fake_platform_on_wait(finish_one, NULL);
	unsigned resets = transport.resets;
	assert_int_equal(virtio_blk_detach(&blk, reclaim, &reclaimed_count), 0);
	assert_int_equal(transport.resets, resets + 1);
	assert_each_reclaimed_once();
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(requests[i].result, 0);
}

static void test_detach_without_reclaim_forgets_requests(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_a_broken_device_is_not_waited_for(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	transport.needs_reset = true;
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_blk_detach(&blk, reclaim, &reclaimed_count), 0);
	assert_true(fake_platform_time() - before < VIRTIO_RESET_TIMEOUT / 2);
	assert_each_reclaimed_once();
}

static void lie(void *context)
{
	(void)context;
	fake_device_break(&transport.queues[0].ring);
}

static void test_a_device_that_breaks_its_ring_is_not_waited_for(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	fake_platform_on_wait(lie, NULL);
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_blk_detach(&blk, reclaim, &reclaimed_count), 0);
	assert_true(fake_platform_time() - before < VIRTIO_RESET_TIMEOUT / 2);
	assert_each_reclaimed_once();
}

/* HC-16: the frames are leaked, like the ring, and the owner is told that his memory is not safe. */
static void test_a_stuck_device_keeps_what_it_knows(void **state)
{
	(void)state;
	fake_blk_attach(NULL);
	submit_three();
	struct virtio_blk_queue queue = blk.queues[0];
	transport.never_resets = true;
	assert_int_equal(virtio_blk_detach(&blk, reclaim, &reclaimed_count), VIRTIO_ERR_TIMEOUT);
	assert_each_reclaimed_once();
	assert_int_equal(requests[0].result, VIRTIO_ERR_TIMEOUT);
	/* The test knows better: nobody uses it. */
	fake_platform_forget_mapped();
	struct virtio_platform *platform = fake_platform();
	platform->dma_free(
		platform->context, queue.frames, queue.slot_count * sizeof *queue.frames, queue.frames_address);
	virtqueue_free(&queue.queue.ring);
}

static void test_attach_works_again_after_detach(void **state)
{
	(void)state;
	struct virtio_segment segment;
	for (unsigned i = 0; i < 3; i++) {
		fake_blk_attach(NULL);
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, i, &segment, 512);
		assert_int_equal(fake_blk_execute(&request), 0);
		fake_blk_detach();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_tells_the_geometry),
		TEST(test_capacity_is_taken_as_it_is),
		TEST(test_a_senseless_block_size_counts_as_512),
		TEST(test_a_device_without_features_gets_one_segment_and_512_bytes),
		TEST(test_segment_limits_are_believed_only_as_far_as_they_make_sense),
		TEST(test_a_short_ring_limits_the_segments),
		TEST(test_a_ring_too_short_for_any_request_is_refused),
		TEST(test_options_make_the_driver_smaller),
		TEST(test_the_driver_has_a_limit_of_its_own),
		TEST(test_a_huge_legacy_ring_still_takes_256_requests_at_most),
		TEST(test_of_all_features_those_are_accepted_that_the_driver_uses),
		TEST(test_another_kind_of_device_is_refused_untouched),
		TEST(test_a_device_that_is_in_use_is_left_alone),
		TEST(test_without_a_clock_nothing_is_attached),
		TEST(test_a_device_that_breaks_while_it_starts_is_refused),
		TEST(test_a_configuration_too_short_is_refused),
		TEST(test_a_configuration_that_never_stands_still_is_refused),
		TEST(test_no_queue_and_refused_features_are_errors),
		TEST(test_every_allocation_may_fail),
		TEST(test_a_failed_attach_can_be_tried_again),
		TEST(test_a_new_capacity_is_noticed_and_holds),
		TEST(test_polling_the_configuration_tells_of_a_broken_device),
		TEST(test_detach_hands_each_request_back_once),
		TEST(test_detach_lets_the_device_finish_first),
		TEST(test_detach_without_reclaim_forgets_requests),
		TEST(test_a_broken_device_is_not_waited_for),
		TEST(test_a_device_that_breaks_its_ring_is_not_waited_for),
		TEST(test_a_stuck_device_keeps_what_it_knows),
		TEST(test_attach_works_again_after_detach),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
