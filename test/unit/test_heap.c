/* SPDX-License-Identifier: ISC */
/* The heap on pages of libc, which counts what is out. */
#include <fake/cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

static size_t pages_out;
static size_t pages_limit;
static struct boot_heap heap;

static void *alloc_pages(void *context, size_t count)
{
	(void)context;
	if (pages_out + count > pages_limit)
		return NULL;
	pages_out += count;
	return aligned_alloc(BOOT_PAGE_SIZE, count * BOOT_PAGE_SIZE);
}

static void free_pages(void *context, void *memory, size_t count)
{
	(void)context;
	pages_out -= count;
	free(memory);
}

static int setup(void **state)
{
	(void)state;
	pages_out = 0;
	pages_limit = 1000;
	heap = (struct boot_heap){.alloc_pages = alloc_pages, .free_pages = free_pages};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(pages_out, 0);
	return 0;
}

static void test_small_pieces_share_a_page(void **state)
{
	void *pieces[100];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		pieces[i] = boot_heap_alloc(&heap, 24, 8);
		memset(pieces[i], (int)i, 24);
	}
	assert_int_equal(pages_out, 1);
	for (size_t i = 0; i < 100; i++) {
		for (size_t byte = 0; byte < 24; byte++)
			assert_int_equal(((uint8_t *)pieces[i])[byte], i);
	}
	for (size_t i = 0; i < 100; i++)
		boot_heap_free(&heap, pieces[i], 24);
}

static void test_large_pieces_are_whole_pages(void **state)
{
	void *one = boot_heap_alloc(&heap, 1025, 1);
	void *three = boot_heap_alloc(&heap, 8193, 4096);

	(void)state;
	assert_int_equal(pages_out, 4);
	memset(one, 1, 1025);
	memset(three, 3, 8193);
	boot_heap_free(&heap, one, 1025);
	boot_heap_free(&heap, three, 8193);
}

static void test_every_size_and_alignment(void **state)
{
	(void)state;
	for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
		for (size_t size = 1; size < 5000; size += size / 3 + 1) {
			uint8_t *first = boot_heap_alloc(&heap, size, alignment);
			uint8_t *second = boot_heap_alloc(&heap, size, alignment);

			assert_int_equal((uintptr_t)first % alignment, 0);
			assert_int_equal((uintptr_t)second % alignment, 0);
			memset(first, 0x11, size);
			memset(second, 0x22, size);
			assert_int_equal(first[size - 1], 0x11);
			boot_heap_free(&heap, first, size);
			boot_heap_free(&heap, second, size);
			assert_int_equal(pages_out, 0);
		}
	}
}

static void test_wrong_arguments_get_nothing(void **state)
{
	(void)state;
	assert_null(boot_heap_alloc(&heap, 0, 1));
	assert_null(boot_heap_alloc(&heap, 1, 0));
	assert_null(boot_heap_alloc(&heap, 1, 48));
	assert_null(boot_heap_alloc(&heap, 1, 8192));
	assert_null(boot_heap_alloc(&heap, SIZE_MAX, 1));
	boot_heap_free(&heap, NULL, 1);
}

static void test_no_pages_means_null(void **state)
{
	(void)state;
	pages_limit = 0;
	assert_null(boot_heap_alloc(&heap, 1, 1));
	assert_null(boot_heap_alloc(&heap, 4096, 1));
}

static void test_agrees_with_its_contents_over_many_random_steps(void **state)
{
	struct {
		uint8_t *memory;
		size_t size;
	} held[200] = {0};
	uint32_t chance = 3;

	(void)state;
	for (int step = 0; step < 20000 + 200; step++) {
		size_t slot;

		chance = chance * 1664525 + 1013904223;
		slot = step < 20000 ? (chance >> 8) % 200 : (size_t)step - 20000;
		if (held[slot].memory != NULL) {
			for (size_t i = 0; i < held[slot].size; i++)
				assert_int_equal(held[slot].memory[i], slot);
			boot_heap_free(&heap, held[slot].memory, held[slot].size);
			held[slot].memory = NULL;
		} else if (step < 20000) {
			held[slot].size = (size_t)1 << (chance >> 28);
			held[slot].size += (chance >> 16) % held[slot].size;
			held[slot].size = held[slot].size > 3000 ? 3000 : held[slot].size;
			held[slot].memory = boot_heap_alloc(&heap, held[slot].size, 8);
			if (held[slot].memory != NULL)
				memset(held[slot].memory, (int)slot, held[slot].size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_small_pieces_share_a_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_pieces_are_whole_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_size_and_alignment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_arguments_get_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_pages_means_null, setup, teardown),
		cmocka_unit_test_setup_teardown(test_agrees_with_its_contents_over_many_random_steps, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
