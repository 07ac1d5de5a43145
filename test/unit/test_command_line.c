/* SPDX-License-Identifier: ISC */
/* The command line of each loader that we know, and of those that we do not. */
#include <fake/cmocka.h>

#include "command_line.h"

static void check(const char *loader, const char *line, const char *expected)
{
	assert_string_equal(boot_command_line_arguments(line, loader), expected);
}

static void test_loaders_that_pass_the_name_lose_it(void **state)
{
	(void)state;
	check("qemu", "x.elf a b", "a b");
	check("qemu", "x.elf ", "");
	check("qemu", "", "");
	check("GNU GRUB 0.97", "/boot/x a", "a");
	check("iPXE 1.21.1", "x.elf a", "a");
}

static void test_loaders_that_pass_none_keep_every_word(void **state)
{
	(void)state;
	check("GRUB 2.06-13+deb12u1", "/dev/x a", "/dev/x a");
	check("GRUB 2.00", "  a b", "a b");
}

static void test_unknown_loaders_lose_a_path_and_nothing_else(void **state)
{
	(void)state;
	check("", "/boot/x.elf a", "a");
	check("strange", "(hd0)/x.elf a", "a");
	check("strange", "root=/dev/x a", "root=/dev/x a");
	check("strange", "quiet a/b", "quiet a/b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loaders_that_pass_the_name_lose_it),
		cmocka_unit_test(test_loaders_that_pass_none_keep_every_word),
		cmocka_unit_test(test_unknown_loaders_lose_a_path_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
