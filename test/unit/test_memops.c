/* SPDX-License-Identifier: ISC */
/* boot/memops.c under names of its own (see meson.build), against libc's. */
#include <fake/cmocka.h>
#include <string.h>

#define SIZE 400

void *boot_memcpy(void *to, const void *from, size_t length);
void *boot_memmove(void *to, const void *from, size_t length);
void *boot_memset(void *memory, int byte, size_t length);
int boot_memcmp(const void *left, const void *right, size_t length);

static uint8_t ours[SIZE], libcs[SIZE];

static void fill(void)
{
	for (size_t i = 0; i < SIZE; i++)
		ours[i] = libcs[i] = (uint8_t)(i * 7 + i / 256);
}

static void test_copies_of_every_length_and_alignment(void **state)
{
	(void)state;
	for (size_t length = 0; length < 150; length++) {
		for (size_t from = 0; from < 9; from++) {
			for (size_t to = 200; to < 209; to++) {
				fill();
				assert_ptr_equal(boot_memcpy(ours + to, ours + from, length), ours + to);
				memcpy(libcs + to, libcs + from, length);
				assert_memory_equal(ours, libcs, SIZE);
			}
		}
	}
}

static void test_moves_within_itself_by_every_distance(void **state)
{
	(void)state;
	for (size_t length = 0; length < 200; length += length / 16 + 1) {
		for (size_t from = 0; from < 150; from++) {
			fill();
			assert_ptr_equal(boot_memmove(ours + 75, ours + from, length), ours + 75);
			memmove(libcs + 75, libcs + from, length);
			assert_memory_equal(ours, libcs, SIZE);
		}
	}
}

static void test_sets_of_every_length_and_alignment(void **state)
{
	(void)state;
	for (size_t length = 0; length < 150; length++) {
		for (size_t at = 0; at < 9; at++) {
			fill();
			assert_ptr_equal(boot_memset(ours + at, 0x1a5, length), ours + at);
			memset(libcs + at, 0xa5, length);
			assert_memory_equal(ours, libcs, SIZE);
		}
	}
}

static void test_the_first_byte_that_differs_decides(void **state)
{
	(void)state;
	for (size_t length = 1; length < 70; length++) {
		for (size_t at = 0; at < length; at++) {
			fill();
			assert_int_equal(boot_memcmp(ours, libcs, length), 0);
			ours[at] = 0xff;
			libcs[at] = 0x7f;
			libcs[length] = 0xff;
			assert_true(boot_memcmp(ours, libcs, length) > 0);
			assert_true(boot_memcmp(libcs, ours, length) < 0);
			assert_int_equal(boot_memcmp(libcs, ours, at), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_of_every_length_and_alignment),
		cmocka_unit_test(test_moves_within_itself_by_every_distance),
		cmocka_unit_test(test_sets_of_every_length_and_alignment),
		cmocka_unit_test(test_the_first_byte_that_differs_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
