/* SPDX-License-Identifier: ISC */
/* The page allocator over an arena of libc's: a pointer is an address, as on the machine. */
#include <fake/cmocka.h>
#include <fake/serial_line.h>
#include <stdlib.h>
#include <string.h>

#include "page_allocator.h"

#define PAGE BOOT_PAGE_SIZE
#define ARENA_PAGES 1024

static uint8_t *arena; /* physical memory: pointers are addresses */
static struct boot_memory_map map;
static struct boot_page_allocator pages;

static uint64_t address(size_t page)
{
	return (uintptr_t)arena + page * PAGE;
}

static void start(void)
{
	assert_int_equal(boot_page_allocator_init(&pages, &map, UINT64_MAX), 0);
}

/* Two regions: pages 0 to 99 and 200 to 1023; the first of all goes to the book-keeping. */
static int setup(void **state)
{
	(void)state;
	arena = aligned_alloc(1 << 20, ARENA_PAGES * PAGE);
	memset(arena, 0xaa, ARENA_PAGES * PAGE);
	memset(&map, 0, sizeof map);
	boot_memory_map_add(&map, address(0), address(100));
	boot_memory_map_add(&map, address(200), address(1024));
	start();
	fake_serial_clear();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(arena);
	return 0;
}

static void test_bookkeeping_comes_out_of_the_memory(void **state)
{
	(void)state;
	assert_int_equal(pages.total, 99 + 824);
	assert_int_equal(pages.available, pages.total);
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 1, 1), address(1));
}

static void test_no_room_for_bookkeeping_below_the_limit_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(boot_page_allocator_init(&pages, &map, address(0) + PAGE - 1), -1);
	assert_int_equal(boot_page_allocator_init(&pages, &map, address(0)), -1);
	assert_int_equal(boot_page_allocator_init(&pages, &map, address(1)), 0);
	map.count = 0;
	assert_int_equal(boot_page_allocator_init(&pages, &map, UINT64_MAX), -1);
	assert_null(boot_page_allocator_alloc(&pages, 1, 1));
}

static void test_every_page_is_given_once_and_taken_back(void **state)
{
	bool seen[ARENA_PAGES] = {false};
	void *memory;
	size_t count = 0;

	(void)state;
	while ((memory = boot_page_allocator_alloc(&pages, 1, PAGE)) != NULL) {
		size_t page = ((uintptr_t)memory - (uintptr_t)arena) / PAGE;

		assert_true(page > 0 && page < ARENA_PAGES && (page < 100 || page >= 200) && !seen[page]);
		seen[page] = true;
		memset(memory, 0xff, PAGE);
		count++;
	}
	assert_int_equal(count, pages.total);
	assert_int_equal(pages.available, 0);
	for (size_t page = 0; page < ARENA_PAGES; page++) {
		if (seen[page])
			boot_page_allocator_free(&pages, (void *)address(page), 1);
	}
	assert_int_equal(pages.available, pages.total);
	assert_non_null(boot_page_allocator_alloc(&pages, 824, PAGE));
	assert_non_null(boot_page_allocator_alloc(&pages, 99, PAGE));
}

static void test_pieces_never_span_regions(void **state)
{
	(void)state;
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 100, PAGE), address(200));
	assert_null(boot_page_allocator_alloc(&pages, 800, PAGE));
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 99, PAGE), address(1));
}

static void test_alignment_is_of_the_address(void **state)
{
	void *memory = boot_page_allocator_alloc(&pages, 3, 64 * PAGE);

	(void)state;
	assert_ptr_equal(memory, address(64));
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 1, 256 * PAGE), address(256));
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 1, 8), address(1));
	assert_null(boot_page_allocator_alloc(&pages, 1, (size_t)1 << 62));
}

static void test_wrong_arguments_get_nothing(void **state)
{
	(void)state;
	assert_null(boot_page_allocator_alloc(&pages, 0, PAGE));
	assert_null(boot_page_allocator_alloc(&pages, 1, 0));
	assert_null(boot_page_allocator_alloc(&pages, 1, 3 * PAGE));
	assert_null(boot_page_allocator_alloc(&pages, SIZE_MAX, PAGE));
	assert_int_equal(pages.available, pages.total);
}

static void test_a_hole_is_found_again(void **state)
{
	uint8_t *memory = boot_page_allocator_alloc(&pages, 90, PAGE);

	(void)state;
	boot_page_allocator_free(&pages, memory + 63 * PAGE, 2);
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 3, PAGE), memory + 90 * PAGE);
	assert_ptr_equal(boot_page_allocator_alloc(&pages, 2, PAGE), memory + 63 * PAGE);
}

static void test_a_part_can_be_given_back(void **state)
{
	uint8_t *memory = boot_page_allocator_alloc(&pages, 10, PAGE);

	(void)state;
	boot_page_allocator_free(&pages, memory + 2 * PAGE, 8);
	assert_int_equal(pages.available, pages.total - 2);
}

static void test_freeing_twice_is_told_and_harmless(void **state)
{
	uint8_t *memory = boot_page_allocator_alloc(&pages, 4, PAGE);

	(void)state;
	boot_page_allocator_free(&pages, memory + PAGE, 1);
	boot_page_allocator_free(&pages, memory, 4);
	assert_true(fake_serial_has("free already"));
	assert_int_equal(pages.available, pages.total - 3);
}

static void test_freeing_foreign_memory_is_told_and_harmless(void **state)
{
	(void)state;
	boot_page_allocator_free(&pages, NULL, 1);
	assert_false(fake_serial_has("none of ours"));
	boot_page_allocator_free(&pages, arena, 1);
	assert_true(fake_serial_has("none of ours"));
	fake_serial_clear();
	boot_page_allocator_free(&pages, (void *)address(99), 2);
	assert_true(fake_serial_has("none of ours"));
	fake_serial_clear();
	boot_page_allocator_free(&pages, (void *)(address(99) + 1), 1);
	assert_true(fake_serial_has("none of ours"));
	assert_int_equal(pages.available, pages.total);
}

/* Against a plain list of which pages are out. */
static void test_agrees_with_a_list_over_many_random_steps(void **state)
{
	static uint8_t owner[ARENA_PAGES];
	struct {
		uint8_t *memory;
		size_t count;
	} held[255] = {0};
	uint32_t chance = 7;
	size_t out = 0;

	(void)state;
	memset(owner, 0, sizeof owner);
	for (int step = 0; step < 20000; step++) {
		size_t slot;

		chance = chance * 1664525 + 1013904223;
		slot = (chance >> 8) % 255;
		if (held[slot].memory == NULL) {
			held[slot].count = (chance >> 16) % 9 + 1;
			held[slot].memory =
				boot_page_allocator_alloc(&pages, held[slot].count, PAGE << (chance >> 28 & 3));
			out += held[slot].memory != NULL ? held[slot].count : 0;
		} else {
			boot_page_allocator_free(&pages, held[slot].memory, held[slot].count);
			out -= held[slot].count;
		}
		for (size_t i = 0; held[slot].memory != NULL && i < held[slot].count; i++) {
			uint8_t *of = &owner[((uintptr_t)held[slot].memory - (uintptr_t)arena) / PAGE + i];

			assert_true(*of == 0 || *of == slot + 1);
			*of = *of == 0 ? (uint8_t)(slot + 1) : 0;
			if (i + 1 == held[slot].count && *of == 0)
				held[slot].memory = NULL;
		}
		assert_int_equal(pages.available, pages.total - out);
	}
	assert_false(fake_serial_has("freed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bookkeeping_comes_out_of_the_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_room_for_bookkeeping_below_the_limit_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_page_is_given_once_and_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pieces_never_span_regions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alignment_is_of_the_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_arguments_get_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_hole_is_found_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_part_can_be_given_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_freeing_twice_is_told_and_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_freeing_foreign_memory_is_told_and_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_agrees_with_a_list_over_many_random_steps, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
