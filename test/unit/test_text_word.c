/* SPDX-License-Identifier: ISC */
#include "base/text_word.h"

#include "fake/cmocka.h"

static void test_digits_of_both_bases_have_their_values(void **state)
{
	(void)state;
	assert_int_equal(virtio_text_digit('0'), 0);
	assert_int_equal(virtio_text_digit('9'), 9);
	assert_int_equal(virtio_text_digit('a'), 10);
	assert_int_equal(virtio_text_digit('F'), 15);
	for (const char *letter = "gG/:@`\x80\xff "; *letter; letter++)
		assert_int_equal(virtio_text_digit(*letter), 16);
	assert_int_equal(virtio_text_digit('\0'), 16);
}

static void reads(const char *text, unsigned base, uint64_t expected, const char *rest)
{
	uint64_t number = 99;

	assert_true(virtio_text_digits(&text, base, &number));
	assert_true(number == expected);
	assert_string_equal(text, rest);
}

static void test_a_number_ends_at_what_is_no_digit(void **state)
{
	(void)state;
	reads("0", 10, 0, "");
	reads("00123.4", 10, 123, ".4");
	reads("12ab", 10, 12, "ab");
	reads("12aBg", 16, 0x12ab, "g");
	reads("18446744073709551615", 10, UINT64_MAX, "");
	reads("ffffffffffffffff:", 16, UINT64_MAX, ":");
}

static void test_what_is_no_number_or_too_large_is_refused(void **state)
{
	static const char *const wrong[] = {"", "x", " 1", "-1", "+1", "18446744073709551616", "99999999999999999999"};
	uint64_t number = 99;

	(void)state;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const char *text = wrong[i];
		assert_false(virtio_text_digits(&text, 10, &number));
	}
	const char *text = "10000000000000000";
	assert_false(virtio_text_digits(&text, 16, &number));
	assert_true(number == 99);
}

static void test_words_are_apart_by_blanks(void **state)
{
	(void)state;
	const char *word = "one  two\tthree\n";
	word = virtio_text_next(word);
	assert_string_equal(word, "two\tthree\n");
	word = virtio_text_next(word);
	assert_string_equal(word, "three\n");
	word = virtio_text_next(word);
	assert_string_equal(word, "");
	assert_string_equal(virtio_text_next(word), "");
	assert_string_equal(virtio_text_next("  first"), "first");
}

static void test_what_a_message_shows_is_printable_and_bounded(void **state)
{
	(void)state;
	char text[8];
	virtio_text_harmless(text, sizeof text, "a\x1b[2J\xff", 6);
	assert_string_equal(text, "a?[2J?");
	virtio_text_harmless(text, sizeof text, " ~\x7f", 3);
	assert_string_equal(text, " ~?");
	virtio_text_harmless(text, sizeof text, "0123456789", 10);
	assert_string_equal(text, "0123456");
	virtio_text_harmless(text, sizeof text, "0123456789", 2);
	assert_string_equal(text, "01");
	virtio_text_harmless(text, 1, "0", 1);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digits_of_both_bases_have_their_values),
		cmocka_unit_test(test_a_number_ends_at_what_is_no_digit),
		cmocka_unit_test(test_what_is_no_number_or_too_large_is_refused),
		cmocka_unit_test(test_words_are_apart_by_blanks),
		cmocka_unit_test(test_what_a_message_shows_is_printable_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
