/* SPDX-License-Identifier: ISC */
/* libvirtio/base/text_format.c against the libc's printf, and at its edges. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text_format.h"
#include "fake/cmocka.h"

#define SAME(...)                                                                       \
	do {                                                                            \
		char ours[100], theirs[100];                                            \
		size_t length = virtio_format(ours, sizeof ours, __VA_ARGS__);          \
		assert_int_equal(length, snprintf(theirs, sizeof theirs, __VA_ARGS__)); \
		assert_string_equal(ours, theirs);                                      \
	} while (0)

static void test_numbers_come_out_as_printf_prints_them(void **state)
{
	(void)state;
	SAME("%u %u %x %x", 0u, UINT_MAX, 0u, 0xdeadbeefu);
	SAME("%llu %llx", ULLONG_MAX, ULLONG_MAX);
	SAME("[%4x] [%04x] [%2u] [%02x] [%1u] [%08llx]", 0xabu, 0xabu, 12345u, 3u, 7u, 1ull);
}

static void test_text_comes_out_as_it_went_in(void **state)
{
	(void)state;
	SAME("no conversion");
	SAME("%s, %s", "one", "two");
	char text[20];
	const char *volatile nothing = NULL; /* or the compiler would complain */
	virtio_format(text, sizeof text, "%s", nothing);
	assert_string_equal(text, "(null)");
}

static void test_what_does_not_fit_is_cut_off(void **state)
{
	(void)state;
	char text[8];
	memset(text, 'x', sizeof text);
	assert_int_equal(virtio_format(text, 5, "%s %u", "abc", 1234u), 4);
	assert_memory_equal(text, "abc \0xxx", 8);
	assert_int_equal(virtio_format(text, 1, "%s", "abc"), 0);
	assert_memory_equal(text, "\0bc", 1);
	assert_int_equal(text[1], 'b');
}

/* Their arguments could be anything: none is touched after them. */
static void test_unknown_conversions_end_the_text(void **state)
{
	(void)state;
	char text[40];
	const char *unknown[] = {"a%q %s", "a%f %s", "a%lu %s", "a%d %s", "a%", "a%5"};
	for (unsigned i = 0; i < 6; i++) {
		const char *format = unknown[i];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
		virtio_format(text, sizeof text, format);
#pragma GCC diagnostic pop
		assert_string_equal(text, "a%?");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_come_out_as_printf_prints_them),
		cmocka_unit_test(test_text_comes_out_as_it_went_in),
		cmocka_unit_test(test_what_does_not_fit_is_cut_off),
		cmocka_unit_test(test_unknown_conversions_end_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
