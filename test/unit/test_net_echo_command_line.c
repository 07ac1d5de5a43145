/* SPDX-License-Identifier: ISC */
/* What examples/net_echo reads from its command line, and whom it blames. */
#include "../../examples/net_echo/command_line.h"
#include "fake/cmocka.h"

static void test_nothing_said_gives_the_defaults(void **state)
{
	static const char *const texts[] = {"", " ", "quiet console=ttyS0", "ipx=1 xip=2"};
	struct settings settings;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(command_line_read(texts[i], &settings));
		assert_int_equal(settings.address, 0x0a00020f);
		assert_int_equal(settings.prefix, 24);
		assert_int_equal(settings.device, 0);
	}
}

static void test_what_was_said_counts(void **state)
{
	struct settings settings;

	(void)state;
	assert_true(command_line_read("quiet ip=192.168.1.2/16\tdevice=3", &settings));
	assert_int_equal(settings.address, 0xc0a80102);
	assert_int_equal(settings.prefix, 16);
	assert_int_equal(settings.device, 3);
	assert_int_equal(prefix_mask(16), 0xffff0000);
	assert_int_equal(prefix_mask(32), 0xffffffff);
}

static void test_malformed_words_are_named(void **state)
{
	static const char *const words[] = {"ip=", "ip=10.0.2.15", "ip=10.0.2.15/", "ip=10.0.2.15/0", "ip=10.0.2.15/33",
		"ip=10.0.2/24", "ip=10.0.2.256/24", "ip=10.0.2.15.1/24", "ip=10.0.2.15/24x", "ip=a.b.c.d/24",
		"ip=99999999999.0.0.1/8", "ip=10.0.2.0/24", "ip=10.0.2.255/24", "ip=127.0.0.1/8", "ip=224.0.0.1/4",
		"ip=0.0.0.1/8", "ip=-1.0.0.1/8", "device=", "device=x", "device=256", "device=1x"};
	struct settings settings;

	(void)state;
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		char line[64] = "quiet ";

		for (unsigned at = 0; words[i][at]; at++)
			line[6 + at] = words[i][at];
		assert_false(command_line_read(line, &settings));
		assert_string_equal(settings.culprit, words[i]);
	}
}

static void test_a_long_culprit_is_cut_off(void **state)
{
	struct settings settings;

	(void)state;
	assert_false(command_line_read("ip=1234567890123456789012345678901234567890123456789012345678 ok", &settings));
	assert_string_equal(settings.culprit, "ip=12345678901234567890123456789012345678901234");
}

static void test_interrupts_are_of_one_of_four_kinds(void **state)
{
	struct settings settings;

	(void)state;
	assert_true(command_line_read("", &settings));
	assert_int_equal(settings.learning, LEARN_BEST);
	assert_true(command_line_read("interrupts=poll", &settings));
	assert_int_equal(settings.learning, LEARN_POLL);
	assert_true(command_line_read("a interrupts=intx b", &settings));
	assert_int_equal(settings.learning, LEARN_INTX);
	assert_true(command_line_read("interrupts=msix interrupts=msix", &settings));
	assert_int_equal(settings.learning, LEARN_MSIX);
	assert_false(command_line_read("interrupts=msi", &settings));
	assert_false(command_line_read("interrupts=polls", &settings));
	assert_false(command_line_read("interrupts=", &settings));
	assert_string_equal(settings.culprit, "interrupts=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_said_gives_the_defaults),
		cmocka_unit_test(test_what_was_said_counts),
		cmocka_unit_test(test_malformed_words_are_named),
		cmocka_unit_test(test_a_long_culprit_is_cut_off),
		cmocka_unit_test(test_interrupts_are_of_one_of_four_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
