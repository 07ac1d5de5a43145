/* SPDX-License-Identifier: ISC */
#include "helper/name.h"

#include "fake/cmocka.h"
#include "fake/platform.h"

static struct virtio_wanted wanted[3];

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	wanted[0] = (struct virtio_wanted){.role = "net0"};
	wanted[1] = (struct virtio_wanted){.role = "net"};
	wanted[2] = (struct virtio_wanted){.role = "disk0", .name = {.by = VIRTIO_NAME_ORDER, .number = 7}};
	return 0;
}

static int read_names(const char *command_line)
{
	return virtio_name_arguments(fake_platform(), command_line, wanted, 3);
}

static void is_named(unsigned index, const char *expected)
{
	char text[VIRTIO_NAME_TEXT];

	virtio_name_text(&wanted[index].name, text);
	assert_string_equal(text, expected);
}

static void test_each_role_gets_its_own_word(void **state)
{
	(void)state;
	assert_int_equal(read_names("net=pci:00:04.0\tother=1 disk0=serial:DATA  net0=mac:52:54:00:12:34:56"), 0);
	is_named(0, "mac:52:54:00:12:34:56");
	is_named(1, "pci:00:04.0");
	is_named(2, "serial:DATA");
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_words_of_others_are_not_ours(void **state)
{
	(void)state;
	assert_int_equal(read_names("net1=nonsense Net0=1 xnet=1 net0 net0:1 net00=what disk0 =1"), 0);
	is_named(0, "");
	is_named(1, "");
	is_named(2, "order:7");
	assert_int_equal(read_names(""), 0);
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_all_culprits_are_told(void **state)
{
	(void)state;
	assert_int_equal(read_names("net0=eth0 net=1 disk0=\x1b[2J"), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("net0=eth0 makes no sense: say pci:00:04.0"));
	assert_true(fake_platform_logged("disk0=?[2J makes no sense"));
	is_named(1, "order:1");
	is_named(2, "order:7");
	assert_int_equal(fake_platform_log_count(), 2);
}

static void test_the_end_of_the_advice_fits_a_log_line(void **state)
{
	(void)state;
	wanted[0].role = "a_rather_long_role";
	assert_int_equal(read_names("a_rather_long_role=012345678901234567890123456789012345678901234567890123456789"),
		VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("or order:0"));
}

static void test_a_word_that_stands_twice_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_names("net0=0 net0=1"), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("net0= stands on the command line 2 times"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_role_gets_its_own_word),
		TEST(test_words_of_others_are_not_ours),
		TEST(test_all_culprits_are_told),
		TEST(test_the_end_of_the_advice_fits_a_log_line),
		TEST(test_a_word_that_stands_twice_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
