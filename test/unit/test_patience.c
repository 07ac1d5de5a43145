/* SPDX-License-Identifier: ISC */
/* libvirtio/device/patience.c: ever longer pauses, an end to them, and a last look after it. */
#include "device/internal.h"
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	return 0;
}

static void test_pauses_grow_and_end(void **state)
{
	struct virtio_patience patience;
	unsigned looks = 1;

	(void)state;
	assert_int_equal(virtio_patience_begin(&fake.device, &patience), 0);
	uint64_t start = fake_platform_time(), before = start;
	while (virtio_patience_lasts(&fake.device, &patience)) {
		assert_true(fake_platform_time() > before);
		before = fake_platform_time();
		looks++;
	}
	assert_in_range(looks, 20, 1000); /* of a second: no more often than is of use */
	assert_true(before - start >= VIRTIO_RESET_TIMEOUT);
	assert_true(before - start < 2 * VIRTIO_RESET_TIMEOUT);
}

static void test_there_is_a_last_look_after_a_long_absence(void **state)
{
	struct virtio_patience patience;

	(void)state;
	assert_int_equal(virtio_patience_begin(&fake.device, &patience), 0);
	fake_platform_advance(10 * VIRTIO_RESET_TIMEOUT);
	assert_true(virtio_patience_lasts(&fake.device, &patience));
	assert_false(virtio_patience_lasts(&fake.device, &patience));
}

static void test_without_the_wait_hook_it_goes_on(void **state)
{
	struct virtio_patience patience;

	(void)state;
	fake_platform()->wait = NULL;
	fake_platform_set_step(VIRTIO_RESET_TIMEOUT / 10);
	assert_int_equal(virtio_patience_begin(&fake.device, &patience), 0);
	assert_true(virtio_patience_lasts(&fake.device, &patience));
	while (virtio_patience_lasts(&fake.device, &patience))
		;
}

static void test_without_a_clock_there_is_no_waiting(void **state)
{
	struct virtio_patience patience;

	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_patience_begin(&fake.device, &patience), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("fake device: a reset has to wait, and the now hook is missing"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pauses_grow_and_end),
		TEST(test_there_is_a_last_look_after_a_long_absence),
		TEST(test_without_the_wait_hook_it_goes_on),
		TEST(test_without_a_clock_there_is_no_waiting),
	};
	/* Not over each ring: no virtqueue carries anything here. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
