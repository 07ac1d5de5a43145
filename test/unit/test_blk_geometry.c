/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_geometry.c: topology, write cache, commands and queues, as far as a device can be believed. */
#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	return 0;
}

static void config8(uint32_t offset, uint8_t value)
{
	fake_transport_set_config(&transport, offset, &value, 1);
}

static void config16(uint32_t offset, uint16_t value)
{
	struct le16 raw = le16_from(value);
	fake_transport_set_config(&transport, offset, &raw, sizeof raw);
}

/* CFG-03 */
static void test_what_no_feature_announces_is_not_read(void **state)
{
	(void)state;
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_transport_forbid_config(&transport, 24, FAKE_TRANSPORT_CONFIG - 24);
	fake_blk_attach(NULL);
	assert_int_equal(blk.topology.physical_block, 1);
	assert_int_equal(blk.discard.max_sectors, 0);
	assert_int_equal(blk.write_zeroes.max_sectors, 0);
	assert_int_equal(blk.secure_erase.max_sectors, 0);
	assert_int_equal(blk.queue_count, 1);
	fake_blk_detach();
}

static void test_the_topology_is_told(void **state)
{
	(void)state;
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_TOPOLOGY);
	config8(VIRTIO_BLK_CONFIG_PHYSICAL_EXPONENT, 3);
	config8(VIRTIO_BLK_CONFIG_ALIGNMENT_OFFSET, 7);
	config16(VIRTIO_BLK_CONFIG_MIN_IO, 8);
	fake_blk_config32(VIRTIO_BLK_CONFIG_OPT_IO, 1024);
	fake_blk_attach(NULL);
	assert_int_equal(blk.topology.physical_block, 8);
	assert_int_equal(blk.topology.alignment_offset, 7);
	assert_int_equal(blk.topology.min_io, 8);
	assert_int_equal(blk.topology.opt_io, 1024);
	fake_blk_detach();
}

/* HB-05 */
static void test_a_senseless_physical_block_counts_as_a_logical_one(void **state)
{
	(void)state;
	static const uint8_t exponents[] = {22, 31, 32, 33, 63, 64, 255};
	for (unsigned i = 0; i < sizeof exponents; i++) {
		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_TOPOLOGY);
		config8(VIRTIO_BLK_CONFIG_PHYSICAL_EXPONENT, exponents[i]);
		config8(VIRTIO_BLK_CONFIG_ALIGNMENT_OFFSET, 1);
		fake_blk_attach(NULL);
		assert_int_equal(blk.topology.physical_block, 1);
		assert_int_equal(blk.topology.alignment_offset, 0);
		fake_blk_detach();
	}
}

/* BLK-06, BLK-07 */
static void test_the_write_cache_follows_from_features_and_mode(void **state)
{
	(void)state;
	static const struct {
		uint64_t features;
		uint8_t writeback;
		bool cache;
	} cases[] = {
		{0, 1, false},
		{VIRTIO_BLK_F_FLUSH, 0, true},
		{VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE, 0, false},
		{VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE, 1, true},
		{VIRTIO_BLK_F_CONFIG_WCE, 0, false},
		{VIRTIO_BLK_F_CONFIG_WCE, 1, true},
		{VIRTIO_BLK_F_CONFIG_WCE, 77, true},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_blk_start(VIRTIO_F_VERSION_1 | cases[i].features);
		config8(VIRTIO_BLK_CONFIG_WRITEBACK, cases[i].writeback);
		if (!(cases[i].features & VIRTIO_BLK_F_CONFIG_WCE))
			fake_transport_forbid_config(&transport, VIRTIO_BLK_CONFIG_WRITEBACK, 1);
		fake_blk_attach(NULL);
		assert_int_equal(blk.write_cache, cases[i].cache);
		fake_blk_detach();
	}
}

/* HB-07 */
static void test_a_command_with_a_limit_of_0_is_none(void **state)
{
	(void)state;
	for (unsigned zero = 0; zero < 4; zero++) {
		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_DISCARD);
		fake_blk_range_limits(
			VIRTIO_BLK_CONFIG_DISCARD, zero == 0 ? 0 : 100, zero == 1 ? 0 : 1, zero == 2 ? 0 : 8);
		fake_blk_attach(NULL);
		assert_int_equal(blk.discard.max_sectors, zero == 3 ? 100 : 0);
		fake_blk_detach();
	}
}

static void test_writing_zeroes_may_unmap_if_the_device_says_so(void **state)
{
	(void)state;
	for (uint8_t may = 0; may < 2; may++) {
		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_WRITE_ZEROES);
		fake_blk_range_limits(VIRTIO_BLK_CONFIG_WRITE_ZEROES, 64, 1, 0);
		config8(VIRTIO_BLK_CONFIG_MAY_UNMAP, may);
		fake_blk_attach(NULL);
		assert_int_equal(blk.write_zeroes.max_sectors, 64);
		assert_int_equal(blk.write_zeroes_may_unmap, may);
		fake_blk_detach();
	}
}

/* BLK-21, HB-07, HC-09: what is wanted, what the device says, what it has. */
static void test_there_are_no_more_queues_than_wanted_said_and_there(void **state)
{
	(void)state;
	static const struct {
		uint16_t wanted, said, there, count;
	} cases[] = {{0, 4, 4, 1}, {1, 4, 4, 1}, {3, 4, 4, 3}, {4, 4, 4, 4}, {8, 4, 4, 4}, {4, 0, 4, 1}, {4, 1, 4, 1},
		{8, UINT16_MAX, 3, 3}, {4, 4, 1, 1}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct virtio_blk_options options = {.queues = cases[i].wanted};
		fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_MQ);
		config16(VIRTIO_BLK_CONFIG_NUM_QUEUES, cases[i].said);
		for (uint16_t n = 0; n < FAKE_TRANSPORT_QUEUES; n++)
			transport.queues[n].size = n < cases[i].there ? 16 : 0;
		fake_blk_attach(&options);
		assert_int_equal(blk.queue_count, cases[i].count);
		for (uint16_t n = 0; n < FAKE_TRANSPORT_QUEUES; n++)
			assert_int_equal(transport.queues[n].started, n < cases[i].count);
		fake_blk_detach();
		assert_int_equal(fake_platform_live(), 0);
	}
}

/* A live resize: BLK-09. */
static void test_each_new_capacity_is_told_once(void **state)
{
	(void)state;
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	fake_blk_capacity(1000);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	assert_int_equal(virtio_blk_poll_config(&blk), 0);
	assert_int_equal(blk.capacity, 1000);
	assert_true(fake_platform_logged("has 1000 sectors now"));
	fake_blk_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_no_feature_announces_is_not_read),
		TEST(test_the_topology_is_told),
		TEST(test_a_senseless_physical_block_counts_as_a_logical_one),
		TEST(test_the_write_cache_follows_from_features_and_mode),
		TEST(test_a_command_with_a_limit_of_0_is_none),
		TEST(test_writing_zeroes_may_unmap_if_the_device_says_so),
		TEST(test_there_are_no_more_queues_than_wanted_said_and_there),
		TEST(test_each_new_capacity_is_told_once),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
