/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_cache.c: switching the write cache. */
#include <string.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport

static bool obeys;

/* The device's side of a write to its configuration: there is one field that can be written. */
static void write_config(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	assert_ptr_equal(context, &transport);
	assert_int_equal(offset, VIRTIO_BLK_CONFIG_WRITEBACK);
	assert_int_equal(width, 1);
	assert_in_range(value, 0, 1);
	if (obeys)
		transport.config[offset] = (uint8_t)value;
	fake_blk.disk.cache = transport.config[offset];
}

static void start(uint64_t features)
{
	fake_blk_start(features);
	transport.config[VIRTIO_BLK_CONFIG_WRITEBACK] = 1;
	transport.config_region.write = write_config;
	obeys = true;
	fake_blk.disk.cache = true;
	fake_blk_attach(NULL);
}

static void write_sector(uint64_t sector, int value)
{
	struct virtio_segment segment;
	struct virtio_blk_request write = fake_blk_request(VIRTIO_BLK_WRITE, sector, &segment, 512);

	memset(segment.data, value, 512);
	assert_int_equal(fake_blk_execute(&write), 0);
}

static void flush(void)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};

	assert_int_equal(fake_blk_execute(&request), 0);
}

static int first_byte(uint64_t sector)
{
	return fake_blk.disk.medium[sector][0];
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	return 0;
}

/* BLK-08 */
static void test_the_cache_is_switched_off_and_on(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_CONFIG_WCE);
	assert_true(blk.write_cache);
	assert_int_equal(virtio_blk_set_write_cache(&blk, false), 0);
	assert_false(blk.write_cache);
	assert_int_equal(transport.config[VIRTIO_BLK_CONFIG_WRITEBACK], 0);
	assert_int_equal(virtio_blk_set_write_cache(&blk, true), 0);
	assert_true(blk.write_cache);
	fake_blk_detach();
}

static void test_a_device_that_does_not_obey_is_told(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_CONFIG_WCE);
	obeys = false;
	assert_int_equal(virtio_blk_set_write_cache(&blk, false), VIRTIO_ERR_IO);
	assert_true(blk.write_cache);
	assert_true(fake_platform_logged("stays on"));
	fake_blk_detach();
}

static void test_without_the_feature_nothing_is_written(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES);
	transport.config_region.write = NULL;
	assert_int_equal(virtio_blk_set_write_cache(&blk, false), VIRTIO_ERR_UNSUPPORTED);
	assert_true(blk.write_cache);
	fake_blk_detach();
}

/* BLK-06: with a cache the flush makes it so, for all that had finished before. */
static void test_a_crash_takes_what_was_not_flushed(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES);
	assert_true(blk.write_cache);
	write_sector(1, 0x11);
	write_sector(2, 0x22);
	flush();
	write_sector(2, 0x33);
	write_sector(3, 0x44);
	fake_disk_crash(&fake_blk.disk);
	assert_int_equal(first_byte(1), 0x11);
	assert_int_equal(first_byte(2), 0x22);
	assert_int_equal(first_byte(3), 3);
	fake_blk_detach();
}

/* BLK-06: a device with neither FLUSH nor CONFIG_WCE has no cache, and write_cache says so. */
static void test_without_a_cache_a_crash_takes_nothing(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES & ~VIRTIO_BLK_F_FLUSH);
	fake_blk.disk.cache = false;
	assert_false(blk.write_cache);
	write_sector(1, 0x11);
	fake_disk_crash(&fake_blk.disk);
	assert_int_equal(first_byte(1), 0x11);
	fake_blk_detach();
}

/* BLK-08: what was written before the cache was switched off still needs a flush. */
static void test_switching_the_cache_off_does_not_save_what_was_in_it(void **state)
{
	(void)state;
	for (unsigned flushed = 0; flushed < 2; flushed++) {
		start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_CONFIG_WCE);
		write_sector(1, 0x11);
		assert_int_equal(virtio_blk_set_write_cache(&blk, false), 0);
		write_sector(2, 0x22);
		if (flushed)
			flush();
		fake_disk_crash(&fake_blk.disk);
		assert_int_equal(first_byte(1), flushed ? 0x11 : 1);
		assert_int_equal(first_byte(2), 0x22);
		fake_blk_detach();
	}
}

static void test_a_device_that_does_not_switch_it_on_is_told(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_CONFIG_WCE);
	assert_int_equal(virtio_blk_set_write_cache(&blk, false), 0);
	obeys = false;
	assert_int_equal(virtio_blk_set_write_cache(&blk, true), VIRTIO_ERR_IO);
	assert_false(blk.write_cache);
	assert_true(fake_platform_logged("stays off"));
	fake_blk_detach();
}

/* Whatever window the device is found in by now: the fake fails the test when what is behind it is written to. */
static void test_a_switch_that_is_no_longer_there_is_not_written(void **state)
{
	(void)state;
	start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_CONFIG_WCE);
	fake_transport_set_config_length(&transport, VIRTIO_BLK_CONFIG_WRITEBACK);
	assert_int_equal(virtio_blk_set_write_cache(&blk, false), VIRTIO_ERR_UNSUPPORTED);
	assert_true(blk.write_cache);
	fake_blk_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_cache_is_switched_off_and_on),
		TEST(test_a_device_that_does_not_obey_is_told),
		TEST(test_without_the_feature_nothing_is_written),
		TEST(test_a_crash_takes_what_was_not_flushed),
		TEST(test_without_a_cache_a_crash_takes_nothing),
		TEST(test_switching_the_cache_off_does_not_save_what_was_in_it),
		TEST(test_a_device_that_does_not_switch_it_on_is_told),
		TEST(test_a_switch_that_is_no_longer_there_is_not_written),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
