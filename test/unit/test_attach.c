/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/attach.c: whether a device is free for a driver, and how the log tells that it is not. */
#include "driver/attach.h"

#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

static struct virtio_device device;

static int setup(void **state)
{
	fake_platform_setup(state);
	device = (struct virtio_device){
		.platform = fake_platform(), .type = VIRTIO_ID_BLOCK, .name = "block at 00:03.0"};
	return 0;
}

static void test_a_free_device_is_taken_in_silence(void **state)
{
	(void)state;
	assert_int_equal(virtio_attach_check(&device, VIRTIO_ID_BLOCK), 0);
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_a_device_of_another_type_is_told_with_both(void **state)
{
	(void)state;
	assert_int_equal(virtio_attach_check(&device, VIRTIO_ID_ENTROPY), VIRTIO_ERR_NO_DEVICE);
	assert_string_equal(fake_platform_log_last(), "block at 00:03.0: it is no entropy device");
}

static void test_a_device_that_is_attached_already_says_what_to_do(void **state)
{
	struct virtio_queue queue;

	(void)state;
	device.live = true;
	assert_int_equal(virtio_attach_check(&device, VIRTIO_ID_BLOCK), VIRTIO_ERR_BUSY);
	assert_string_equal(
		fake_platform_log_last(), "block at 00:03.0: a driver is attached already: detach that first");
	device.live = false;
	device.queues = &queue;
	assert_int_equal(virtio_attach_check(&device, VIRTIO_ID_BLOCK), VIRTIO_ERR_BUSY);
	assert_int_equal(fake_platform_log_count(), 2);
}

static void test_a_device_that_was_never_opened_is_no_device(void **state)
{
	static const struct virtio_device zeroed;

	(void)state;
	assert_int_equal(virtio_attach_check(&zeroed, VIRTIO_ID_BLOCK), VIRTIO_ERR_INVALID);
}

static void test_a_failed_attach_names_the_device_and_the_error(void **state)
{
	(void)state;
	assert_int_equal(virtio_attach_failed(&device, VIRTIO_ERR_TIMEOUT), VIRTIO_ERR_TIMEOUT);
	assert_string_equal(fake_platform_log_last(), "block at 00:03.0: cannot be used: VIRTIO_ERR_TIMEOUT");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_free_device_is_taken_in_silence),
		TEST(test_a_device_of_another_type_is_told_with_both),
		TEST(test_a_device_that_is_attached_already_says_what_to_do),
		TEST(test_a_device_that_was_never_opened_is_no_device),
		TEST(test_a_failed_attach_names_the_device_and_the_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
