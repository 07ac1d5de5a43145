/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_check.c: what the driver refuses, so that no device has to. */
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
	fake_blk_attach(NULL);
	return 0;
}

static int teardown(void **state)
{
	fake_blk_detach();
	return fake_platform_teardown(state);
}

/* Start over with a device that offers FEATURES, and a ring of SIZE entries. */
static void start(uint64_t features, uint16_t size)
{
	virtio_blk_detach(&blk, NULL, NULL);
	fake_blk_start(features);
	transport.queues[0].size = size;
	fake_blk_attach(NULL);
}

/* The device sees nothing of a refused request, and a good one after it goes through. */
static void assert_refused(struct virtio_blk_request *request, int error)
{
	struct virtio_segment segment;
	assert_int_equal(fake_blk_submit(request), error);
	assert_int_equal(fake_disk_take(&disk), 0);
	struct virtio_blk_request good = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 512);
	assert_int_equal(fake_blk_execute(&good), 0);
}

/* BLK-16 */
static void test_a_flush_on_a_device_without_is_refused(void **state)
{
	(void)state;
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	start(FAKE_BLK_FEATURES & ~VIRTIO_BLK_F_FLUSH, 64);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_UNSUPPORTED);
}

/* BLK-02 */
static void test_only_whole_sectors_go(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {0, 1, 511, 513, 1023};
	for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct virtio_segment segment;
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, lengths[i]);
		assert_refused(&request, VIRTIO_ERR_INVALID);
		request.type = VIRTIO_BLK_WRITE;
		assert_refused(&request, VIRTIO_ERR_INVALID);
	}
}

static void test_an_empty_segment_is_refused(void **state)
{
	(void)state;
	struct virtio_segment segments[3];
	for (unsigned empty = 0; empty < 3; empty++) {
		struct virtio_blk_request request = {
			.type = VIRTIO_BLK_WRITE, .segments = segments, .segment_count = 3};
		for (unsigned i = 0; i < 3; i++)
			segments[i] = fake_platform_buffer(512);
		segments[empty].length = 0;
		assert_refused(&request, VIRTIO_ERR_INVALID);
	}
}

static void test_nonsense_is_refused(void **state)
{
	(void)state;
	static const int types[] = {2, 3, 5, 7, 11, 13, 100, -1};
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 0, &segment, 512);
	for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
		request.type = (enum virtio_blk_operation)types[i];
		assert_refused(&request, VIRTIO_ERR_INVALID);
	}
	request.type = VIRTIO_BLK_FLUSH;
	assert_refused(&request, VIRTIO_ERR_INVALID);
	request.type = VIRTIO_BLK_READ;
	request.segment_count = 0;
	assert_refused(&request, VIRTIO_ERR_INVALID);
}

/* BLK-01: in sectors, safe against overflow. */
static void test_nothing_reaches_past_the_end(void **state)
{
	(void)state;
	static const struct {
		uint64_t capacity, sector;
		uint32_t sectors;
		bool ok;
	} cases[] = {
		{256, 255, 1, true},
		{256, 255, 2, false},
		{256, 256, 1, false},
		{256, 257, 1, false},
		{256, 0, 8, true},
		{7, 0, 8, false},
		{0, 0, 1, false},
		{256, UINT64_MAX, 1, false},
		{256, UINT64_MAX - 1, 2, false},
		{256, UINT64_MAX / 512, 1, false},
		{256, UINT64_MAX / 512 + 1, 1, false},
		{UINT64_MAX, UINT64_MAX - 1, 1, true},
		{UINT64_MAX, UINT64_MAX - 1, 2, false},
		{UINT64_MAX, UINT64_MAX, 1, false},
		{UINT64_MAX, UINT64_MAX - 8, 8, true},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct virtio_segment segment;
		fake_blk_capacity(cases[i].capacity);
		assert_true(virtio_blk_poll_config(&blk) >= 0);
		for (int type = VIRTIO_BLK_READ; type <= VIRTIO_BLK_WRITE; type++) {
			struct virtio_blk_request request = fake_blk_request(
				(enum virtio_blk_operation)type, cases[i].sector, &segment, cases[i].sectors * 512);
			int result = fake_blk_submit(&request);
			assert_int_equal(result, cases[i].ok ? 1 : VIRTIO_ERR_NO_SPACE);
			assert_int_equal(fake_disk_take(&disk), cases[i].ok);
			if (!cases[i].ok)
				continue;
			assert_true(disk.held[0].sector == cases[i].sector);
			fake_disk_claim(&disk, 0, VIRTIO_BLK_S_OK, cases[i].sectors * 512 + 1);
			assert_int_equal(fake_blk_completed(&request), 0);
		}
	}
}

/* BLK-03 */
static void test_a_read_only_disk_is_not_written(void **state)
{
	(void)state;
	struct virtio_segment segment;
	start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_RO, 64);
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_WRITE, 0, &segment, 512);
	assert_refused(&request, VIRTIO_ERR_READ_ONLY);
}

static void test_an_answer_longer_than_a_segment_may_be_is_refused(void **state)
{
	(void)state;
	struct virtio_segment segment;
	virtio_blk_detach(&blk, NULL, NULL);
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_SIZE_MAX);
	fake_blk_limits(1, VIRTIO_BLK_ID_LENGTH - 1);
	fake_blk_attach(NULL);
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_SERIAL, 0, &segment, VIRTIO_BLK_ID_LENGTH);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(fake_disk_take(&disk), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_flush_on_a_device_without_is_refused),
		TEST(test_only_whole_sectors_go),
		TEST(test_an_empty_segment_is_refused),
		TEST(test_nonsense_is_refused),
		TEST(test_nothing_reaches_past_the_end),
		TEST(test_a_read_only_disk_is_not_written),
		TEST(test_an_answer_longer_than_a_segment_may_be_is_refused),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
