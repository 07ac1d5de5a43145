/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/mmio_argument.c: devices named on the command line. */
#include <string.h>
#include <virtio/mmio.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

static struct virtio_mmio_window window;

static int read_nth(const char *command_line, unsigned n)
{
	window = (struct virtio_mmio_window){.address = 1, .length = 2, .interrupt = 3};
	return virtio_mmio_argument(fake_platform(), command_line, n, &window);
}

static void test_arguments_as_hypervisors_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		uint64_t length, address;
		uint32_t interrupt;
	} cases[] = {
		{"512@0xfeb00e00:12", 512, 0xfeb00e00, 12},   /* QEMU */
		{"4K@0xd0000000:5", 4096, 0xd0000000, 5},     /* Firecracker */
		{"0x200@0xd0001000:24", 512, 0xd0001000, 24}, /* kvmtool */
		{"4k@3489660928:7:3", 4096, 3489660928, 7},   /* with an id */
		{"1M@1G:0", 1 << 20, 1 << 30, 0},
		{"2m@3g:0x1f:0x2", 2 << 20, UINT64_C(3) << 30, 31},
		{"0X200@0XFEB00E00:0Xc", 512, 0xfeb00e00, 12},
		{"0@0:0", 0, 0, 0},
		{"0xffffffffffffffff@18446744073709551615:4294967295", UINT64_MAX, UINT64_MAX, UINT32_MAX},
		{"0x3ffffffffG@0x3fffffffffffffK:1", UINT64_C(0xffffffffc0000000), UINT64_C(0xfffffffffffffc00), 1},
	};
	char line[128];
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		strcpy(line, "virtio_mmio.device=");
		strcat(line, cases[i].value);
		assert_int_equal(read_nth(line, 0), 0);
		assert_true(window.length == cases[i].length);
		assert_true(window.address == cases[i].address);
		assert_int_equal(window.interrupt, cases[i].interrupt);
	}
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_the_nth_is_found_among_other_words(void **state)
{
	(void)state;
	static const char line[] = " quiet\tvirtio_mmio.device=512@0x1000:1  ip=10.0.2.15/24\n"
				   "virtio_mmio.device=512@0x2000:2 xvirtio_mmio.device=512@0x9000:9 "
				   "virtio_mmio.device virtio_mmio.devices=1 virtio_mmio.device=512@0x3000:3";
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(read_nth(line, i), 0);
		assert_int_equal(window.address, 0x1000 * (i + 1));
		assert_int_equal(window.interrupt, i + 1);
	}
	assert_int_equal(read_nth(line, 3), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(read_nth(line, UINT32_MAX), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(window.address, 1);
}

static void test_a_line_without_arguments_has_none(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"", " ", "a b c", "virtio_mmio.device", "virtio_mmio", "\"virtio_mmio.device=1"};
	for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(read_nth(lines[i], 0), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_what_makes_no_sense_is_refused_and_shown(void **state)
{
	(void)state;
	static const char *const values[] = {
		"",
		"512",
		"512@",
		"512@0xfeb00e00",
		"512@0xfeb00e00:",
		"512@0xfeb00e00:12:",
		"512@0xfeb00e00:12:1:",
		"512@0xfeb00e00:12,",
		"512@0xfeb00e00:12:x",
		"@0xfeb00e00:12",
		"512:0xfeb00e00@12",
		"-512@0xfeb00e00:12",
		"+512@0xfeb00e00:12",
		"512@0x:12",
		"0x@0x1000:12",
		"512@feb00e00:12",
		"0512@0xfeb00e00:12",
		"512@0xfeb00e00:012",
		"512@0xfeb00e00:12k",
		"512@0xfeb00e00:4294967296",
		"512T@0xfeb00e00:12",
		"512Kk@0xfeb00e00:12",
		"18446744073709551616@0:1",
		"512@0x10000000000000000:1",
		"0x400000000G@0:1",
		"512@18014398509481984K:1",
		"512@0xfeb00e00:12:18446744073709551616",
		"512 @0xfeb00e00:12",
	};
	char line[128], shown[160];
	for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
		strcpy(line, "virtio_mmio.device=");
		strcat(line, values[i]);
		assert_int_equal(read_nth(line, 0), VIRTIO_ERR_INVALID);
		assert_int_equal(window.address, 1);
		strcpy(shown, "command line: ");
		strncat(shown, line, strcspn(line, " "));
		strcat(shown, " makes no sense");
		assert_true(fake_platform_logged(shown));
	}
}

static void test_one_that_makes_no_sense_does_not_hide_the_next(void **state)
{
	(void)state;
	static const char line[] = "virtio_mmio.device=nonsense virtio_mmio.device=512@0x2000:2";
	assert_int_equal(read_nth(line, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(read_nth(line, 1), 0);
	assert_int_equal(window.address, 0x2000);
}

static void test_the_log_is_safe_from_the_command_line(void **state)
{
	(void)state;
	char line[4096] = "virtio_mmio.device=\x1b[2J%s%n\xff";
	assert_int_equal(read_nth(line, 0), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("virtio_mmio.device=?[2J%s%n? makes no sense"));
	memset(line + 19, 'x', sizeof line - 20);
	assert_int_equal(read_nth(line, 0), VIRTIO_ERR_INVALID);
	assert_true(strlen(fake_platform_log_last()) < 160);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_arguments_as_hypervisors_write_them),
		TEST(test_the_nth_is_found_among_other_words),
		TEST(test_a_line_without_arguments_has_none),
		TEST(test_what_makes_no_sense_is_refused_and_shown),
		TEST(test_one_that_makes_no_sense_does_not_hide_the_next),
		TEST(test_the_log_is_safe_from_the_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
