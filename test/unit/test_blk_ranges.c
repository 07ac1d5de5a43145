/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_parts.c and blk_check.c: discard, write-zeroes, secure-erase; and the lifetime. */
#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define ALL                                                                                                 \
	(FAKE_BLK_FEATURES | VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES | VIRTIO_BLK_F_SECURE_ERASE | \
		VIRTIO_BLK_F_LIFETIME)

static const struct {
	enum virtio_blk_operation type;
	uint64_t feature;
	uint32_t offset;
	uint8_t leaves;
} commands[] = {
	{VIRTIO_BLK_DISCARD, VIRTIO_BLK_F_DISCARD, VIRTIO_BLK_CONFIG_DISCARD, FAKE_DISK_DISCARDED},
	{VIRTIO_BLK_WRITE_ZEROES, VIRTIO_BLK_F_WRITE_ZEROES, VIRTIO_BLK_CONFIG_WRITE_ZEROES, 0},
	{VIRTIO_BLK_SECURE_ERASE, VIRTIO_BLK_F_SECURE_ERASE, VIRTIO_BLK_CONFIG_SECURE_ERASE, FAKE_DISK_ERASED},
};
#define COMMANDS 3

/* A device that offers FEATURES; each command takes MAX_SECTORS at once, cut at multiples of ALIGNMENT. */
static void start(uint64_t features, uint32_t max_sectors, uint32_t alignment)
{
	virtio_blk_detach(&blk, NULL, NULL);
	fake_blk_start(features);
	for (unsigned i = 0; i < COMMANDS; i++)
		fake_blk_range_limits(commands[i].offset, max_sectors, 1, alignment);
	fake_blk_attach(NULL);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	return 0;
}

static int teardown(void **state)
{
	fake_blk_detach();
	return fake_platform_teardown(state);
}

static struct virtio_blk_request range(enum virtio_blk_operation type, uint64_t sector, uint64_t count)
{
	return (struct virtio_blk_request){.type = type, .sector = sector, .sector_count = count};
}

/* BLK-10, BLK-13 */
static void test_each_command_does_its_sectors_and_no_others(void **state)
{
	(void)state;
	start(ALL, 1000, 1);
	for (unsigned i = 0; i < COMMANDS; i++) {
		struct virtio_blk_request request = range(commands[i].type, 10 + 10 * i, 5);
		request.unmap = true;
		assert_int_equal(fake_blk_submit(&request), 1);
		assert_int_equal(fake_disk_take(&disk), 1);
		assert_int_equal(disk.held[0].flags, commands[i].type == VIRTIO_BLK_WRITE_ZEROES);
		fake_disk_finish(&disk, 0);
		assert_int_equal(fake_blk_completed(&request), 0);
		for (unsigned sector = 9 + 10 * i; sector <= 15 + 10 * i; sector++) {
			bool inside = sector >= request.sector && sector < request.sector + 5;
			assert_int_equal(disk.medium[sector][0], inside ? commands[i].leaves : sector);
			assert_int_equal(disk.medium[sector][511], inside ? commands[i].leaves : sector);
		}
	}
}

static void test_zeroes_keep_their_space_unless_asked(void **state)
{
	(void)state;
	start(ALL, 1000, 1);
	struct virtio_blk_request request = range(VIRTIO_BLK_WRITE_ZEROES, 0, 1);
	assert_int_equal(fake_blk_submit(&request), 1);
	fake_disk_take(&disk);
	assert_int_equal(disk.held[0].flags, 0);
	fake_disk_finish(&disk, 0);
	assert_int_equal(fake_blk_completed(&request), 0);
}

/* BLK-11, BLK-12: and cut where the device likes it. */
static void test_long_ranges_go_in_parts_that_end_aligned(void **state)
{
	(void)state;
	static const uint32_t alignments[] = {1, 3, 8, 64};
	for (unsigned i = 0; i < 4 * COMMANDS; i++) {
		uint32_t alignment = i / 4 == 1 ? 1 : alignments[i % 4];
		start(ALL, 20, alignment);
		struct virtio_blk_request request = range(commands[i / 4].type, 5, 100);
		uint64_t next = 5;
		assert_int_equal(fake_blk_submit(&request), 1);
		fake_disk_take(&disk);
		for (unsigned n = 0; n < disk.held_count; n++) {
			assert_int_equal(disk.held[n].sector, next);
			next += disk.held[n].count;
			assert_true(next == 105 || next % alignment == 0 || alignment > 20);
		}
		assert_int_equal(next, 105);
		fake_disk_serve(&disk);
		assert_int_equal(fake_blk_completed(&request), 0);
		assert_int_equal(disk.medium[104][511], commands[i / 4].leaves);
		assert_int_equal(disk.medium[105][0], 105);
	}
}

static void test_more_than_32_bits_of_sectors_go_in_parts(void **state)
{
	(void)state;
	start(ALL, UINT32_MAX, 8);
	fake_blk_capacity(UINT64_C(10) << 32);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	struct virtio_blk_request request = range(VIRTIO_BLK_DISCARD, 0, UINT64_C(2) << 32);
	uint64_t sum = 0;
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 3);
	while (disk.held_count) {
		sum += disk.held[0].count;
		fake_disk_claim(&disk, 0, VIRTIO_BLK_S_OK, 1);
	}
	assert_true(sum == UINT64_C(2) << 32);
	assert_int_equal(fake_blk_completed(&request), 0);
}

/* BLK-16 */
static void test_a_command_that_the_device_lacks_is_refused(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COMMANDS; i++) {
		start(ALL & ~commands[i].feature, 1000, 1);
		struct virtio_blk_request request = range(commands[i].type, 0, 1);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_UNSUPPORTED);
	}
	struct virtio_segment segment;
	start(ALL & ~VIRTIO_BLK_F_LIFETIME, 1000, 1);
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_LIFETIME, 0, &segment, 6);
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_disk_take(&disk), 0);
}

/* BLK-01, BLK-03 */
static void test_wrong_ranges_are_refused(void **state)
{
	(void)state;
	struct virtio_segment segment;
	start(ALL, 1000, 1);
	for (unsigned i = 0; i < COMMANDS; i++) {
		struct virtio_blk_request request = range(commands[i].type, FAKE_DISK_SECTORS, 1);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_NO_SPACE);
		request = range(commands[i].type, 1, FAKE_DISK_SECTORS);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_NO_SPACE);
		request = range(commands[i].type, 1, UINT64_MAX);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_NO_SPACE);
		request = range(commands[i].type, 1, 0);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
		request = fake_blk_request(commands[i].type, 1, &segment, 512);
		request.sector_count = 1;
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
	}
	start(ALL | VIRTIO_BLK_F_RO, 1000, 1);
	for (unsigned i = 0; i < COMMANDS; i++) {
		struct virtio_blk_request request = range(commands[i].type, 0, 1);
		assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_READ_ONLY);
	}
	assert_int_equal(fake_disk_take(&disk), 0);
}

/* BLK-14, BLK-19 */
static void test_a_failed_command_is_told(void **state)
{
	(void)state;
	start(ALL, 20, 1);
	struct virtio_blk_request request = range(VIRTIO_BLK_DISCARD, 0, 40);
	assert_int_equal(fake_blk_submit(&request), 1);
	assert_int_equal(fake_disk_take(&disk), 2);
	fake_disk_claim(&disk, fake_disk_next(&disk, 1), VIRTIO_BLK_S_UNSUPP, 1);
	fake_disk_finish(&disk, 0);
	assert_int_equal(fake_blk_completed(&request), VIRTIO_ERR_UNSUPPORTED);
}

static void test_the_lifetime_is_asked(void **state)
{
	(void)state;
	struct virtio_segment segment;
	start(ALL, 1000, 1);
	struct virtio_blk_request request =
		fake_blk_request(VIRTIO_BLK_LIFETIME, 9, &segment, sizeof(struct virtio_blk_lifetime));
	assert_int_equal(fake_blk_execute(&request), 0);
	const struct virtio_blk_lifetime *lifetime = segment.data;
	assert_int_equal(le16_to(lifetime->pre_eol), 1);
	assert_int_equal(le16_to(lifetime->estimate_a), 3);
	segment.length = 5;
	assert_int_equal(fake_blk_submit(&request), VIRTIO_ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_command_does_its_sectors_and_no_others),
		TEST(test_zeroes_keep_their_space_unless_asked),
		TEST(test_long_ranges_go_in_parts_that_end_aligned),
		TEST(test_more_than_32_bits_of_sectors_go_in_parts),
		TEST(test_a_command_that_the_device_lacks_is_refused),
		TEST(test_wrong_ranges_are_refused),
		TEST(test_a_failed_command_is_told),
		TEST(test_the_lifetime_is_asked),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
