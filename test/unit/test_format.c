/* SPDX-License-Identifier: ISC */
/* boot_format against libc's snprintf. */
#include <fake/cmocka.h>
#include <stdio.h>
#include <string.h>

#include "format.h"

static char text[512];

static void put(void *context, const char *piece, size_t length)
{
	(void)context;
	strncat(text, piece, length);
}

static const char *formatted(const char *format, ...)
{
	va_list arguments;

	text[0] = '\0';
	va_start(arguments, format);
	boot_format(put, NULL, format, arguments);
	va_end(arguments);
	return text;
}

/* What libc prints is right. */
#define CHECK(...)                                                     \
	do {                                                           \
		char expected[512];                                    \
		snprintf(expected, sizeof expected, __VA_ARGS__);      \
		assert_string_equal(formatted(__VA_ARGS__), expected); \
	} while (0)

static void test_numbers_print_as_libc_prints_them(void **state)
{
	(void)state;
	CHECK("%d %d %d", 0, -1, 2147483647);
	CHECK("%ld %lld %zu", INT64_MIN, -5ll, SIZE_MAX);
	CHECK("%u %x %lx", 4000000000u, 0xabcdefu, UINT64_MAX);
	CHECK("[%5d] [%-5d] [%05d] [%2d]", -42, -42, -42, -42000);
	CHECK("[%016lx] [%8x] [%-8x]", 0x1234ul, 0x12u, 0x12u);
	CHECK("%p", (void *)text);
}

static void test_texts_print_as_libc_prints_them(void **state)
{
	(void)state;
	CHECK("plain, 100%%");
	CHECK("%s|%c|[%8s] [%-8s]", "text", 'x', "right", "left");
	assert_string_equal(formatted("%s", NULL), "(null)");
}

static const char *unchecked(const char *format)
{
	return format;
}

static void test_unknown_conversions_stand_as_they_are(void **state)
{
	(void)state;
	assert_string_equal(formatted(unchecked("a %q b")), "a %q b");
	assert_string_equal(formatted(unchecked("a %")), "a %");
	assert_string_equal(formatted(unchecked("a %08l")), "a %08l");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_print_as_libc_prints_them),
		cmocka_unit_test(test_texts_print_as_libc_prints_them),
		cmocka_unit_test(test_unknown_conversions_stand_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
