/* SPDX-License-Identifier: ISC */
/* The misfortunes. */
#include "fake/misfortune.h"

#include "fake/cmocka.h"
#include "fake/platform.h"

unsigned misfortune_back;

static const struct misfortune_driver *all;
static unsigned all_count;

/* It sees no reset. */
static void forget_rings(const struct misfortune_driver *driver)
{
	for (unsigned i = 0; i < FAKE_TRANSPORT_QUEUES; i++)
		fake_device_detach(&driver->fake->queues[i].ring);
}

static void start(const struct misfortune_driver *driver)
{
	print_message("%s\n", driver->name);
	fake_platform_start();
	driver->start();
	assert_int_equal(driver->attach(), 0);
	driver->occupy();
}

/* Stop: everything comes back, and nothing stays. Then the same once more, and well. */
static void recover(const struct misfortune_driver *driver)
{
	misfortune_back = 0;
	assert_int_equal(driver->detach(), 0);
	assert_int_equal(misfortune_back, driver->held);
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(fake_platform_mapped(), 0);
	if (driver->check_over)
		driver->check_over();
	driver->fake->gone = driver->fake->needs_reset = false;
	forget_rings(driver);
	assert_int_equal(driver->attach(), 0);
	driver->work();
	misfortune_back = 0;
	assert_int_equal(driver->detach(), 0);
	assert_int_equal(misfortune_back, 0);
	assert_int_equal(fake_platform_live(), 0);
	fake_platform_finish();
}

#define FOR_ALL_DRIVERS(one) for (const struct misfortune_driver *one = all; one < all + all_count; one++)

/* HR-09, RST-04: no deadline gives a buffer away, only the reset that follows it does. */
static void test_work_that_never_ends_comes_back(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		fake_platform_advance(VIRTIO_RESET_TIMEOUT);
		assert_int_equal(driver->look(), 0);
		recover(driver);
	}
}

/* RST-02 */
static void test_a_device_that_needs_a_reset_gives_everything_back(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		driver->fake->needs_reset = true;
		assert_int_equal(driver->look(), VIRTIO_ERR_PROTOCOL);
		recover(driver);
	}
}

/* HC-12: pulled out, and put in again. */
static void test_a_device_that_was_pulled_out_gives_everything_back(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		driver->fake->gone = true;
		assert_int_equal(driver->look(), VIRTIO_ERR_NO_DEVICE);
		recover(driver);
	}
}

/* HR-02 */
static void test_a_device_that_broke_its_ring_gives_everything_back(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		fake_device_break(&driver->fake->queues[driver->busy].ring);
		assert_int_equal(driver->look(), VIRTIO_ERR_PROTOCOL);
		recover(driver);
	}
}

/* Somebody else reset it, or it lost its memory. */
static void test_a_device_that_forgot_us_gives_everything_back(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		driver->fake->status = 0;
		assert_int_equal(driver->look(), VIRTIO_ERR_PROTOCOL);
		recover(driver);
	}
}

/* While it is away nothing can be attached, and trying leaves nothing behind. */
static void test_a_device_that_is_away_is_not_attached(void **state)
{
	(void)state;
	FOR_ALL_DRIVERS(driver)
	{
		start(driver);
		driver->fake->gone = true;
		assert_int_equal(driver->detach(), 0);
		assert_int_equal(driver->attach(), VIRTIO_ERR_NO_DEVICE);
		assert_int_equal(fake_platform_live(), 0);
		forget_rings(driver);
		fake_platform_finish();
	}
}

int misfortune_run(const struct misfortune_driver *drivers, unsigned count)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_that_never_ends_comes_back),
		cmocka_unit_test(test_a_device_that_needs_a_reset_gives_everything_back),
		cmocka_unit_test(test_a_device_that_was_pulled_out_gives_everything_back),
		cmocka_unit_test(test_a_device_that_broke_its_ring_gives_everything_back),
		cmocka_unit_test(test_a_device_that_forgot_us_gives_everything_back),
		cmocka_unit_test(test_a_device_that_is_away_is_not_attached),
	};
	all = drivers;
	all_count = count;
	return fake_transport_run_over_rings(tests);
}
