/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_parts.c: requests of more than the device takes at once. */
#include <string.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define ALL (FAKE_BLK_FEATURES | VIRTIO_BLK_F_SIZE_MAX)
#define MOST 64 /* segments of a request here */

static struct virtio_segment segments[MOST];
static struct virtio_blk_request request;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_blk_start(ALL);
	return 0;
}

static int teardown(void **state)
{
	virtio_blk_detach(&blk, NULL, NULL);
	return fake_platform_teardown(state);
}

/* A device that offers FEATURES, with these limits and a ring of SIZE entries. */
static void start(uint64_t features, uint32_t max_segments, uint32_t max_length, uint16_t size)
{
	virtio_blk_detach(&blk, NULL, NULL);
	fake_blk_start(features);
	fake_blk_limits(max_segments, max_length);
	transport.queues[0].size = size;
	fake_blk_attach(NULL);
}

/* A request for sectors from FIRST on, in COUNT segments of LENGTH bytes with a pattern. */
static void make(enum virtio_blk_operation type, uint64_t first, unsigned count, uint32_t length)
{
	for (unsigned i = 0; i < count; i++) {
		segments[i] = fake_platform_buffer(length);
		memset(segments[i].data, (int)(0x40 + i), length);
	}
	request = (struct virtio_blk_request){
		.type = type, .sector = first, .segments = segments, .segment_count = (uint16_t)count};
}

static void assert_on_disk(void)
{
	const uint8_t *medium = disk.medium[request.sector];
	for (unsigned i = 0; i < request.segment_count; medium += segments[i++].length)
		assert_memory_equal(segments[i].data, medium, segments[i].length);
}

/* Let the device work until the request is back. Returns its result. */
static int finish(void)
{
	struct virtio_blk_request *done = NULL;
	for (unsigned rounds = 0; rounds < 1000; rounds++) {
		fake_disk_serve(&disk);
		int count = virtio_blk_completed(&blk, &done, 1);
		assert_true(count >= 0);
		if (count)
			break;
		assert_true(virtio_blk_in_flight(&request));
	}
	assert_ptr_equal(done, &request);
	assert_false(virtio_blk_in_flight(&request));
	assert_int_equal(blk.queues[0].free_count, blk.queues[0].slot_count);
	return request.result;
}

/* Firecracker offers no SEG_MAX and takes one segment at a time. All parts are in flight at once. */
static void test_a_device_without_seg_max_gets_one_segment_at_a_time(void **state)
{
	(void)state;
	fake_blk_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_BLK_F_FLUSH);
	disk.max_segments = 1;
	fake_blk_attach(NULL);
	make(VIRTIO_BLK_WRITE, 3, 5, 1024);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(transport.queues[0].notifications, 1);
	assert_int_equal(fake_disk_take(&disk), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(disk.held[i].sector, 3 + 2 * i);
	assert_int_equal(finish(), 0);
	assert_on_disk();
	request.type = VIRTIO_BLK_READ;
	for (unsigned i = 0; i < 5; i++)
		memset(segments[i].data, 0, 1024);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(finish(), 0);
	assert_on_disk();
}

/* BLK-18 */
static void test_long_segments_are_cut(void **state)
{
	(void)state;
	start(ALL, 8, 4096, 64);
	make(VIRTIO_BLK_WRITE, 0, 1, 65536);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 2);
	assert_int_equal(disk.held[0].length, 32768);
	assert_int_equal(disk.held[1].sector, 64);
	assert_int_equal(finish(), 0);
	assert_on_disk();
}

/* A request that just fits goes as it is. */
static void test_what_fits_is_not_cut(void **state)
{
	(void)state;
	start(ALL, 4, 4096, 64);
	make(VIRTIO_BLK_WRITE, 0, 4, 4096);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 1);
	assert_int_equal(finish(), 0);
	make(VIRTIO_BLK_WRITE, 0, 5, 4096);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 2);
	assert_int_equal(finish(), 0);
}

/* Not sectors, where a device may fail what is no multiple of its own unit. */
static void test_parts_are_whole_blocks(void **state)
{
	(void)state;
	fake_blk_start(ALL);
	fake_blk_limits(3, 65536);
	fake_blk_config32(VIRTIO_BLK_CONFIG_BLK_SIZE, 4096);
	fake_blk_attach(NULL);
	make(VIRTIO_BLK_WRITE, 0, 16, 2560);
	assert_int_equal(fake_blk_submit(&request), 1);
	fake_disk_take(&disk);
	for (unsigned i = 0; i < disk.held_count; i++)
		assert_int_equal(disk.held[i].length % 4096, 0);
	assert_int_equal(finish(), 0);
	assert_on_disk();
}

/* HB-06: a block that the limits leave no room for counts for nothing. */
static void test_where_no_block_fits_parts_are_sectors(void **state)
{
	(void)state;
	fake_blk_start(ALL);
	fake_blk_limits(2, 768);
	fake_blk_config32(VIRTIO_BLK_CONFIG_BLK_SIZE, 4096);
	fake_blk_attach(NULL);
	make(VIRTIO_BLK_WRITE, 8, 1, 8192);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(finish(), 0);
	assert_on_disk();
}

static void test_data_too_finely_scattered_is_refused(void **state)
{
	(void)state;
	start(ALL, 1, 4096, 64);
	make(VIRTIO_BLK_READ, 0, 3, 512);
	segments[1].length = 1;
	segments[2].length = 511;
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(fake_disk_take(&disk), 0);
	assert_false(virtio_blk_in_flight(&request));
	start(ALL, 2, 255, 64);
	make(VIRTIO_BLK_READ, 0, 1, 512);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_TOO_LARGE);
	start(ALL, 3, 255, 64);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(finish(), 0);
}

/* BLK-01: of the whole request, and none of it is sent. */
static void test_the_whole_range_is_checked_first(void **state)
{
	(void)state;
	start(ALL, 1, 512, 64);
	make(VIRTIO_BLK_WRITE, FAKE_DISK_SECTORS - 7, 8, 512);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_NO_SPACE);
	assert_int_equal(fake_disk_take(&disk), 0);
	request.sector--;
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(finish(), 0);
	assert_on_disk();
}

/* RING-07: however much it is. */
static void test_many_gigabytes_go_in_parts(void **state)
{
	(void)state;
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_capacity(UINT64_MAX);
	fake_blk_attach(NULL);
	for (unsigned i = 0; i < 3; i++)
		segments[i] = (struct virtio_segment){NULL, 0x1000, UINT32_MAX - 511};
	request = (struct virtio_blk_request){.type = VIRTIO_BLK_READ, .segments = segments, .segment_count = 3};
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_device_available(&transport.queues[0].ring), 12);
	assert_int_equal(request.parts, 12);
}

/* One waits, the others are not taken, and all come back. */
static void test_parts_that_do_not_fit_wait_for_room(void **state)
{
	(void)state;
	struct virtio_segment one;
	struct virtio_blk_request *done;
	start(ALL, 1, 512, 4);
	make(VIRTIO_BLK_WRITE, 0, 10, 512);
	struct virtio_blk_request other = fake_blk_request(VIRTIO_BLK_READ, 99, &one, 512);
	struct virtio_blk_request *both[] = {&request, &other};
	assert_int_equal(virtio_blk_submit(&blk, both, 2), 1);
	assert_int_equal(fake_disk_take(&disk), 4);
	assert_int_equal(fake_blk_submit(&other), 0);
	assert_int_equal(fake_blk_submit(&request), 0);
	fake_disk_finish(&disk, fake_disk_next(&disk, 3));
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 0);
	assert_int_equal(fake_disk_take(&disk), 1);
	assert_int_equal(disk.held[3].sector, 4);
	assert_int_equal(finish(), 0);
	assert_on_disk();
	assert_int_equal(fake_blk_execute(&other), 0);
}

/* Whoever only submits also sends them. */
static void test_submit_goes_on_with_what_waits(void **state)
{
	(void)state;
	struct virtio_blk_request *done[2];
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	start(ALL, 1, 512, 4);
	make(VIRTIO_BLK_WRITE, 0, 5, 512);
	assert_int_equal(fake_blk_submit(&request), 1);
	fake_disk_serve(&disk);
	assert_int_equal(virtio_blk_completed(&blk, done, 0), 0);
	assert_int_equal(fake_blk_submit(&flush), 0);
	assert_int_equal(virtio_blk_completed(&blk, done, 1), 0);
	assert_int_equal(fake_blk_submit(&flush), 1);
	assert_int_equal(fake_disk_serve(&disk), 2);
	assert_int_equal(virtio_blk_completed(&blk, done, 2), 2);
	assert_on_disk();
}

static void test_a_failing_part_ends_the_request(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	start(ALL, 1, 512, 4);
	make(VIRTIO_BLK_WRITE, 0, 10, 512);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 4);
	fake_disk_claim(&disk, fake_disk_next(&disk, 1), VIRTIO_BLK_S_IOERR, 1);
	fake_disk_claim(&disk, fake_disk_next(&disk, 1), VIRTIO_BLK_S_UNSUPP, 1);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 0);
	assert_int_equal(fake_disk_take(&disk), 0);
	fake_disk_finish(&disk, 0);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 0);
	fake_disk_finish(&disk, 0);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
	assert_int_equal(request.result, VIRTIO_ERR_IO);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(finish(), 0);
}

/* HB-02, for the part and not for the whole. */
static void test_a_short_part_fails_the_read(void **state)
{
	(void)state;
	start(ALL, 1, 1024, 64);
	make(VIRTIO_BLK_READ, 0, 3, 1024);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 3);
	fake_disk_claim(&disk, fake_disk_next(&disk, 1), VIRTIO_BLK_S_OK, 1023);
	assert_int_equal(finish(), VIRTIO_ERR_PROTOCOL);
}

/* HB-04: also when no part is in flight that could bring it back. */
static void test_a_disk_that_shrinks_ends_what_was_not_sent(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	start(ALL, 1, 512, 4);
	for (unsigned in_flight = 0; in_flight < 2; in_flight++) {
		fake_blk_capacity(FAKE_DISK_SECTORS);
		assert_true(virtio_blk_poll_config(&blk) >= 0);
		make(VIRTIO_BLK_WRITE, 0, 10, 512);
		assert_int_equal(fake_blk_submit(&request), 1);
		fake_disk_take(&disk);
		while (disk.held_count > in_flight)
			fake_disk_finish(&disk, 0);
		fake_blk_capacity(9);
		assert_int_equal(virtio_blk_poll_config(&blk), 1);
		assert_int_equal(virtio_blk_completed(&blk, &done, 1), !in_flight);
		if (in_flight)
			assert_int_equal(finish(), VIRTIO_ERR_NO_SPACE);
		assert_int_equal(request.result, VIRTIO_ERR_NO_SPACE);
		assert_int_equal(fake_disk_take(&disk), 0);
	}
}

/*
 * There was no room to hand it back, and no interrupt will come for it. In order, what was submitted before cannot end
 * later, and fill the room.
 */
static void test_a_request_that_ended_unseen_does_not_let_its_owner_sleep(void **state)
{
	(void)state;
	struct virtio_blk_request *done;
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	start(ALL, 1, 512, 4);
	if (virtio_device_has(blk.device, VIRTIO_F_IN_ORDER))
		return;
	assert_int_equal(fake_blk_submit(&flush), 1);
	make(VIRTIO_BLK_WRITE, 0, 10, 512);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 4);
	while (disk.held_count)
		fake_disk_finish(&disk, disk.held_count - 1);
	fake_blk_capacity(9);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
	assert_ptr_equal(done, &flush);
	assert_true(virtio_blk_enable_interrupts(&blk));
	assert_int_equal(fake_blk_submit(&flush), 0);
	assert_int_equal(fake_blk_completed(&request), VIRTIO_ERR_NO_SPACE);
	assert_int_equal(fake_blk_execute(&flush), 0);
}

static unsigned handed_back;

static void count_back(void *context, struct virtio_blk_request *back)
{
	assert_ptr_equal(context, &request);
	assert_ptr_equal(back, &request);
	handed_back++;
}

/* Whatever of it is in flight, or waits. */
static void test_detach_hands_a_request_in_parts_back_once(void **state)
{
	(void)state;
	static const unsigned counts[] = {2, 4, 10};
	for (unsigned i = 0; i < 6; i++) {
		bool broken = i >= 3;
		start(ALL, 1, 512, 4);
		make(VIRTIO_BLK_WRITE, 0, counts[i % 3], 512);
		assert_int_equal(fake_blk_submit(&request), 1);
		if (broken)
			fake_device_lie_used(&transport.queues[0].ring, 200, 1);
		handed_back = 0;
		assert_int_equal(virtio_blk_detach(&blk, count_back, &request), 0);
		assert_int_equal(handed_back, 1);
		assert_int_equal(request.result, VIRTIO_ERR_NO_DEVICE);
		assert_false(virtio_blk_in_flight(&request));
	}
}

static uint32_t random_state;

static unsigned below(unsigned limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

/* Up to 60 sectors, cut anywhere into up to COUNT segments. */
static void make_random(unsigned count)
{
	uint32_t left = 512 * (1 + below(60));
	uint16_t made = 0;
	for (; left; made++) {
		uint32_t length = made + 1u == count ? left : 1 + below(below(3) ? left : 600);
		length = length < left ? length : left;
		segments[made] = fake_platform_buffer(length);
		memset(segments[made].data, (int)below(256), length);
		left -= length;
	}
	request = (struct virtio_blk_request){.type = below(2) ? VIRTIO_BLK_READ : VIRTIO_BLK_WRITE,
		.sector = below(FAKE_DISK_SECTORS - 60),
		.segments = segments,
		.segment_count = made};
}

/* Whatever the device's limits, the cut and the order: each byte arrives, or the request is refused as a whole. */
static void test_random_cuts_on_random_devices(void **state)
{
	(void)state;
	unsigned accepted = 0;
	for (unsigned round = 0; round < 1500; round++) {
		random_state = round;
		uint64_t lacking = (below(2) ? VIRTIO_F_INDIRECT_DESC : 0) | (below(2) ? VIRTIO_F_EVENT_IDX : 0);
		start(ALL & ~lacking, 1 + below(8), 200 + below(3000), (uint16_t)(4u << below(5)));
		make_random(1 + below(20));
		int result = fake_blk_submit(&request);
		assert_true(result == 1 || result == VIRTIO_ERR_TOO_LARGE);
		if (result != 1)
			continue;
		accepted++;
		assert_int_equal(finish(), 0);
		assert_on_disk();
	}
	assert_true(accepted > 700);
}

/* Nothing of it is with the device then, but it has not ended either. */
static void test_a_part_with_more_pieces_than_the_one_before_waits_for_their_room(void **state)
{
	(void)state;
	struct virtio_blk_request other, *done;
	struct virtio_segment segment;

	start(ALL & ~VIRTIO_F_INDIRECT_DESC, 4, 0, 8);
	if (virtio_device_has(blk.device, VIRTIO_F_IN_ORDER))
		return;
	other = fake_blk_request(VIRTIO_BLK_READ, 7, &segment, 512);
	assert_int_equal(fake_blk_submit(&other), 1);
	make(VIRTIO_BLK_WRITE, 0, 5, 128);
	segments[0] = fake_platform_buffer(512);
	request.segment_count = 5;
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 2);
	fake_disk_finish(&disk, 1);
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 0);
	assert_int_equal(fake_disk_take(&disk), 0);
	assert_false(virtio_blk_enable_interrupts(&blk));
	fake_disk_finish(&disk, 0);
	assert_int_equal(fake_blk_completed(&other), 0);
	assert_int_equal(finish(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_without_seg_max_gets_one_segment_at_a_time),
		TEST(test_long_segments_are_cut),
		TEST(test_what_fits_is_not_cut),
		TEST(test_parts_are_whole_blocks),
		TEST(test_where_no_block_fits_parts_are_sectors),
		TEST(test_data_too_finely_scattered_is_refused),
		TEST(test_the_whole_range_is_checked_first),
		TEST(test_many_gigabytes_go_in_parts),
		TEST(test_parts_that_do_not_fit_wait_for_room),
		TEST(test_submit_goes_on_with_what_waits),
		TEST(test_a_failing_part_ends_the_request),
		TEST(test_a_short_part_fails_the_read),
		TEST(test_a_disk_that_shrinks_ends_what_was_not_sent),
		TEST(test_a_request_that_ended_unseen_does_not_let_its_owner_sleep),
		TEST(test_detach_hands_a_request_in_parts_back_once),
		TEST(test_random_cuts_on_random_devices),
		TEST(test_a_part_with_more_pieces_than_the_one_before_waits_for_their_room),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
