/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/deadline.c */
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

static void test_a_deadline_is_now_and_some(void **state)
{
	(void)state;
	fake_platform_set_step(0);
	assert_true(virtio_deadline(fake_platform(), 0) == fake_platform_time());
	assert_true(virtio_deadline(fake_platform(), 12345) == fake_platform_time() + 12345);
}

static void test_a_far_deadline_does_not_wrap(void **state)
{
	(void)state;
	fake_platform_set_step(0);
	assert_true(virtio_deadline(fake_platform(), UINT64_MAX) == UINT64_MAX);
	assert_true(virtio_deadline(fake_platform(), UINT64_MAX - fake_platform_time()) == UINT64_MAX);
}

static void test_without_a_clock_it_is_0(void **state)
{
	(void)state;
	fake_platform()->now = NULL;
	assert_true(virtio_deadline(fake_platform(), 5) == 0);
}

static void test_a_runtime_older_than_the_clock_has_no_deadlines(void **state)
{
	(void)state;
	fake_platform()->size = offsetof(struct virtio_platform, now);
	assert_true(virtio_deadline(fake_platform(), 5) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_deadline_is_now_and_some),
		TEST(test_a_far_deadline_does_not_wrap),
		TEST(test_without_a_clock_it_is_0),
		TEST(test_a_runtime_older_than_the_clock_has_no_deadlines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
