/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/blk_cache.c: switching the write cache. */
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
}

static void start(uint64_t features)
{
	fake_blk_start(features);
	transport.config[VIRTIO_BLK_CONFIG_WRITEBACK] = 1;
	transport.config_region.write = write_config;
	obeys = true;
	fake_blk_attach(NULL);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_cache_is_switched_off_and_on),
		TEST(test_a_device_that_does_not_obey_is_told),
		TEST(test_without_the_feature_nothing_is_written),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
