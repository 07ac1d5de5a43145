/* SPDX-License-Identifier: ISC */
/* Tables as the processor would walk them: what is mapped, by which size of page, with which flags. */
#include <fake/cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "page_tables.h"

#define KIB4 ((uint64_t)4096)
#define MIB2 ((uint64_t)2 << 20)
#define GIB1 ((uint64_t)1 << 30)
#define DATA (BOOT_PAGE_WRITE | BOOT_PAGE_NO_EXECUTE)
#define DEVICE (DATA | BOOT_PAGE_UNCACHED)
#define MAX_TABLES 64

static void *pages[MAX_TABLES];
static size_t page_count;
static size_t page_limit;
static struct boot_page_tables tables;

/* Pages come with rubbish in them. */
static void *alloc_page(void *context)
{
	(void)context;
	if (page_count == page_limit)
		return NULL;
	pages[page_count] = aligned_alloc(KIB4, KIB4);
	memset(pages[page_count], 0xff, KIB4);
	return pages[page_count++];
}

static int setup(void **state)
{
	(void)state;
	page_count = 0;
	page_limit = MAX_TABLES;
	tables = (struct boot_page_tables){.alloc_page = alloc_page, .gigabyte_pages = true, .no_execute = true};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (page_count > 0)
		free(pages[--page_count]);
	return 0;
}

static void map(uint64_t start, uint64_t end, uint64_t flags)
{
	assert_int_equal(boot_page_tables_map(&tables, start, end, flags), BOOT_PAGE_TABLES_DONE);
}

/* ADDRESS is mapped where it is, with FLAGS, by a page of SIZE. */
static void check(uint64_t address, uint64_t flags, uint64_t size)
{
	uint64_t got;
	uint64_t entry = boot_page_tables_entry(&tables, address, &got);

	assert_int_equal(got, size);
	assert_int_equal(entry & 0xffffffffff000, address & ~(size - 1));
	assert_int_equal(entry & DEVICE, flags);
	assert_int_equal(entry & 1, 1);
	assert_int_equal(entry >> 7 & 1, size > KIB4);
}

static void check_absent(uint64_t address)
{
	uint64_t size;

	assert_int_equal(boot_page_tables_entry(&tables, address, &size), 0);
}

static void test_the_largest_pages_that_fit_are_used(void **state)
{
	(void)state;
	map(GIB1 - MIB2 - KIB4, 3 * GIB1 + MIB2 + KIB4, DATA);
	check_absent(GIB1 - MIB2 - 2 * KIB4);
	check(GIB1 - MIB2 - KIB4, DATA, KIB4);
	check(GIB1 - MIB2, DATA, MIB2);
	check(GIB1 + 12345, DATA, GIB1);
	check(3 * GIB1 - 1, DATA, GIB1);
	check(3 * GIB1, DATA, MIB2);
	check(3 * GIB1 + MIB2, DATA, KIB4);
	check_absent(3 * GIB1 + MIB2 + KIB4);
	assert_int_equal(page_count, 6);
}

static void test_without_gigabyte_pages_there_are_none(void **state)
{
	(void)state;
	tables.gigabyte_pages = false;
	map(4 * GIB1, 6 * GIB1, DATA);
	check(5 * GIB1, DATA, MIB2);
	check(6 * GIB1 - 1, DATA, MIB2);
	check_absent(6 * GIB1);
}

static void test_neighbours_keep_their_flags(void **state)
{
	(void)state;
	map(0x1000, 0xa0000, DATA);
	map(0x100000, 0x104000, 0);
	map(0x104000, 0x105000, BOOT_PAGE_NO_EXECUTE);
	map(0x105000, 0x106000, DATA);
	map(0x107000, MIB2, DATA);
	map(MIB2, 2 * MIB2, DATA);
	check_absent(0);
	check(0x9ffff, DATA, KIB4);
	check_absent(0xa0000);
	check(0x103fff, 0, KIB4);
	check(0x104000, BOOT_PAGE_NO_EXECUTE, KIB4);
	check_absent(0x106000);
	check(0x1ff000, DATA, KIB4);
	check(MIB2, DATA, MIB2);
}

static void test_asking_again_changes_nothing(void **state)
{
	size_t before;

	(void)state;
	map(GIB1, 3 * GIB1, DEVICE);
	map(0xe000000000, 0xe000004000, DEVICE);
	before = page_count;
	map(GIB1 + KIB4, GIB1 + 2 * KIB4, DEVICE);
	map(2 * GIB1 - KIB4, 2 * GIB1 + KIB4, DEVICE);
	map(0xe000000000, 0xe000008000, DEVICE);
	assert_int_equal(page_count, before);
	check(GIB1, DEVICE, GIB1);
	check(0xe000007000, DEVICE, KIB4);
}

static void test_a_page_is_taken_out_of_a_large_one(void **state)
{
	(void)state;
	map(GIB1, 3 * GIB1, DATA);
	assert_int_equal(boot_page_tables_unmap(&tables, GIB1 + MIB2 + KIB4), BOOT_PAGE_TABLES_DONE);
	check_absent(GIB1 + MIB2 + KIB4);
	check(GIB1 + MIB2, DATA, KIB4);
	check(GIB1 + MIB2 + 2 * KIB4, DATA, KIB4);
	check(GIB1 + 2 * MIB2 - 1, DATA, KIB4);
	check(GIB1, DATA, MIB2);
	check(GIB1 + 2 * MIB2, DATA, MIB2);
	check(2 * GIB1, DATA, GIB1);
}

static void test_taking_away_what_is_not_mapped_changes_nothing(void **state)
{
	size_t before;

	(void)state;
	assert_int_equal(boot_page_tables_unmap(&tables, GIB1), BOOT_PAGE_TABLES_DONE);
	map(GIB1, GIB1 + KIB4, DATA);
	before = page_count;
	assert_int_equal(boot_page_tables_unmap(&tables, 5 * GIB1), BOOT_PAGE_TABLES_DONE);
	assert_int_equal(boot_page_tables_unmap(&tables, GIB1 + KIB4), BOOT_PAGE_TABLES_DONE);
	check(GIB1, DATA, KIB4);
	assert_int_equal(page_count, before);
}

static void test_without_memory_nothing_is_taken_away(void **state)
{
	(void)state;
	map(GIB1, 2 * GIB1, DATA);
	page_limit = page_count;
	assert_int_equal(boot_page_tables_unmap(&tables, GIB1), BOOT_PAGE_TABLES_NO_MEMORY);
	check(GIB1, DATA, GIB1);
}

static void test_other_flags_for_a_mapped_page_are_a_conflict(void **state)
{
	(void)state;
	map(MIB2, 2 * MIB2, DATA);
	assert_int_equal(
		boot_page_tables_map(&tables, MIB2 + KIB4, MIB2 + 2 * KIB4, DEVICE), BOOT_PAGE_TABLES_CONFLICT);
	assert_int_equal(boot_page_tables_map(&tables, 0x1000, MIB2 + KIB4, DEVICE), BOOT_PAGE_TABLES_CONFLICT);
	check(MIB2 + KIB4, DATA, MIB2);
}

static void test_a_table_is_never_replaced_by_a_large_page(void **state)
{
	(void)state;
	map(MIB2, MIB2 + KIB4, DATA);
	map(0, 4 * MIB2, DATA);
	check(MIB2, DATA, KIB4);
	check(2 * MIB2 - KIB4, DATA, KIB4);
	check(0, DATA, MIB2);
	check(2 * MIB2, DATA, MIB2);
}

static void test_processors_without_no_execute_never_see_the_bit(void **state)
{
	(void)state;
	tables.no_execute = false;
	map(MIB2, 2 * MIB2, DATA);
	map(MIB2, 2 * MIB2, DATA);
	check(MIB2, BOOT_PAGE_WRITE, MIB2);
}

static void test_the_highest_addresses_work(void **state)
{
	(void)state;
	map(BOOT_PAGE_TABLES_LIMIT - KIB4, BOOT_PAGE_TABLES_LIMIT, DEVICE);
	check(BOOT_PAGE_TABLES_LIMIT - 1, DEVICE, KIB4);
}

static void test_running_out_of_memory_leaves_the_tables_whole(void **state)
{
	(void)state;
	for (page_limit = 0; page_limit < 4; page_limit++)
		assert_int_equal(boot_page_tables_map(&tables, 0x1000, 0x3000, DATA), BOOT_PAGE_TABLES_NO_MEMORY);
	check_absent(0x1000);
	map(0x1000, 0x3000, DATA);
	check(0x2000, DATA, KIB4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_largest_pages_that_fit_are_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_gigabyte_pages_there_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_neighbours_keep_their_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asking_again_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_page_is_taken_out_of_a_large_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taking_away_what_is_not_mapped_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_memory_nothing_is_taken_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_flags_for_a_mapped_page_are_a_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_table_is_never_replaced_by_a_large_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processors_without_no_execute_never_see_the_bit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_highest_addresses_work, setup, teardown),
		cmocka_unit_test_setup_teardown(test_running_out_of_memory_leaves_the_tables_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
