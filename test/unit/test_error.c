/* SPDX-License-Identifier: ISC */
/* libvirtio/base/error.c: each error has a name of its own. */
#include <string.h>
#include <virtio/error.h>

#include "fake/cmocka.h"

static void test_each_error_is_called_what_it_is_called_in_the_source(void **state)
{
	(void)state;
#define NAMED(error) assert_string_equal(virtio_error_name(error), #error)
	NAMED(VIRTIO_ERR_IO);
	NAMED(VIRTIO_ERR_NO_DEVICE);
	NAMED(VIRTIO_ERR_AGAIN);
	NAMED(VIRTIO_ERR_NO_MEMORY);
	NAMED(VIRTIO_ERR_BUSY);
	NAMED(VIRTIO_ERR_INVALID);
	NAMED(VIRTIO_ERR_NO_SPACE);
	NAMED(VIRTIO_ERR_READ_ONLY);
	NAMED(VIRTIO_ERR_PROTOCOL);
	NAMED(VIRTIO_ERR_TOO_LARGE);
	NAMED(VIRTIO_ERR_UNSUPPORTED);
	NAMED(VIRTIO_ERR_TIMEOUT);
}

static void test_other_numbers_have_a_name_too(void **state)
{
	(void)state;
	assert_string_equal(virtio_error_name(0), "success");
	assert_string_equal(virtio_error_name(42), "success");
	assert_string_equal(virtio_error_name(-1), "unknown error");
	assert_string_equal(virtio_error_name(-2147483647 - 1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_error_is_called_what_it_is_called_in_the_source),
		cmocka_unit_test(test_other_numbers_have_a_name_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
