/* SPDX-License-Identifier: ISC */
/* Adding and subtracting ranges, by hand and against a bit per page. */
#include <fake/cmocka.h>
#include <fake/serial_line.h>
#include <string.h>

#include "memory_map.h"

static struct boot_memory_map map;

static int setup(void **state)
{
	(void)state;
	memset(&map, 0, sizeof map);
	fake_serial_clear();
	return 0;
}

static void check_range(size_t index, uint64_t start, uint64_t end)
{
	assert_true(index < map.count);
	assert_int_equal(map.ranges[index].start, start);
	assert_int_equal(map.ranges[index].end, end);
}

static void test_ranges_come_out_sorted(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x9000, 0xa000);
	boot_memory_map_add(&map, 0x1000, 0x2000);
	boot_memory_map_add(&map, 0x5000, 0x6000);
	assert_int_equal(map.count, 3);
	check_range(0, 0x1000, 0x2000);
	check_range(1, 0x5000, 0x6000);
	check_range(2, 0x9000, 0xa000);
}

static void test_ranges_that_touch_or_overlap_become_one(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1000, 0x2000);
	boot_memory_map_add(&map, 0x3000, 0x4000);
	boot_memory_map_add(&map, 0x5000, 0x7000);
	boot_memory_map_add(&map, 0x2000, 0x6000);
	assert_int_equal(map.count, 1);
	check_range(0, 0x1000, 0x7000);
}

static void test_adding_rounds_inwards(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1001, 0x3fff);
	check_range(0, 0x2000, 0x3000);
	boot_memory_map_add(&map, 0x8001, 0x8fff);
	boot_memory_map_add(&map, UINT64_MAX - 100, UINT64_MAX);
	assert_int_equal(map.count, 1);
}

static void test_subtracting_rounds_outwards(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1000, 0x9000);
	boot_memory_map_subtract(&map, 0x3fff, 0x4001);
	assert_int_equal(map.count, 2);
	check_range(0, 0x1000, 0x3000);
	check_range(1, 0x5000, 0x9000);
}

static void test_subtracting_over_several_ranges(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1000, 0x3000);
	boot_memory_map_add(&map, 0x4000, 0x5000);
	boot_memory_map_add(&map, 0x6000, 0x8000);
	boot_memory_map_subtract(&map, 0x2000, 0x7000);
	assert_int_equal(map.count, 2);
	check_range(0, 0x1000, 0x2000);
	check_range(1, 0x7000, 0x8000);
	boot_memory_map_subtract(&map, 0, UINT64_MAX);
	assert_int_equal(map.count, 0);
}

static void test_empty_and_backward_ranges_change_nothing(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1000, 0x9000);
	boot_memory_map_add(&map, 0x20000, 0x10000);
	boot_memory_map_subtract(&map, 0x3000, 0x3000);
	boot_memory_map_subtract(&map, 0x3800, 0x3400);
	boot_memory_map_subtract(&map, 0x9000, 0xa000);
	boot_memory_map_subtract(&map, 0, 0x1000);
	assert_int_equal(map.count, 1);
	check_range(0, 0x1000, 0x9000);
}

static void test_reserved_wins_over_available_in_any_order(void **state)
{
	static const struct boot_memory memory[] = {
		{0x5000, 0x1000, BOOT_MEMORY_RESERVED},
		{0x1000, 0x8000, BOOT_MEMORY_AVAILABLE},
		{0x4000, 0x2000, BOOT_MEMORY_AVAILABLE},
		{0x8000, 0x10, 77},
		{0x10000, UINT64_MAX - 0x10000, BOOT_MEMORY_AVAILABLE},
	};
	static const struct boot_info info = {.memory = memory, .memory_count = 5};

	(void)state;
	boot_memory_map_from_info(&map, &info, 0x20000);
	assert_int_equal(map.count, 3);
	check_range(0, 0x1000, 0x5000);
	check_range(1, 0x6000, 0x8000);
	check_range(2, 0x10000, 0x20000);
	assert_int_equal(boot_memory_map_size(&map), 0x4000 + 0x2000 + 0x10000);
}

static void test_overlaps_sees_single_bytes(void **state)
{
	(void)state;
	boot_memory_map_add(&map, 0x1000, 0x2000);
	assert_true(boot_memory_map_overlaps(&map, 0x1fff, 0x3000));
	assert_true(boot_memory_map_overlaps(&map, 0, 0x1001));
	assert_false(boot_memory_map_overlaps(&map, 0, 0x1000));
	assert_false(boot_memory_map_overlaps(&map, 0x2000, UINT64_MAX));
}

static void test_too_many_pieces_lose_memory_rather_than_gain_some(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < BOOT_MEMORY_MAP_MAX; i++)
		boot_memory_map_add(&map, 0x100000 + i * 0x10000, 0x104000 + i * 0x10000);
	boot_memory_map_add(&map, 0x1000, 0x2000);
	assert_int_equal(map.count, BOOT_MEMORY_MAP_MAX);
	assert_true(fake_serial_has("in more than 256 pieces, left out 0x1000 to 0x2000"));
	boot_memory_map_subtract(&map, 0x101000, 0x102000);
	assert_int_equal(map.count, BOOT_MEMORY_MAP_MAX);
	check_range(0, 0x100000, 0x101000);
	check_range(1, 0x110000, 0x114000);
}

static void check_hole(const struct boot_info *info, uint64_t start, uint64_t end)
{
	struct boot_range hole = boot_memory_map_hole(info, 0xc0000000, 0xfec00000);

	assert_int_equal(hole.start, start);
	assert_int_equal(hole.end, end);
}

static void test_the_hole_is_the_largest_where_no_entry_is(void **state)
{
	struct boot_memory memory[] = {
		{0, 0xd0000000, BOOT_MEMORY_AVAILABLE},
		{0xd8000001, 1, BOOT_MEMORY_RESERVED},
		{0xfe000000, UINT64_MAX - 0xfe000000, 77},
		{0xe0000000, 0x1e000000, BOOT_MEMORY_NVS},
	};
	struct boot_info info = {.memory = memory};

	(void)state;
	check_hole(&info, 0xc0000000, 0xfec00000);
	info.memory_count = 1;
	check_hole(&info, 0xd0000000, 0xfec00000);
	info.memory_count = 2;
	check_hole(&info, 0xd8001000, 0xfec00000);
	info.memory_count = 3;
	check_hole(&info, 0xd8001000, 0xfe000000);
	info.memory_count = 4;
	check_hole(&info, 0xd0000000, 0xd8000000);
	memory[0].length = 0xe0000000;
	check_hole(&info, 0xc0000000, 0xc0000000);
}

/* The same sets as a bit per page, built by chance. */
static void test_agrees_with_a_bit_per_page(void **state)
{
	bool pages[64] = {false};
	uint32_t chance = 1;

	(void)state;
	for (int step = 0; step < 5000; step++) {
		uint64_t start, end;
		bool add;

		chance = chance * 1664525 + 1013904223;
		start = chance >> 8 & 63;
		end = start + (chance >> 16 & 15);
		end = end < 64 ? end : 64;
		add = chance >> 31;
		for (uint64_t page = start; page < end; page++)
			pages[page] = add;
		if (add)
			boot_memory_map_add(&map, start << 12, end << 12);
		else
			boot_memory_map_subtract(&map, start << 12, end << 12);
		for (uint64_t page = 0; page < 64; page++)
			assert_int_equal(boot_memory_map_overlaps(&map, page << 12, (page + 1) << 12), pages[page]);
		for (size_t i = 1; i < map.count; i++)
			assert_true(map.ranges[i - 1].end < map.ranges[i].start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ranges_come_out_sorted, setup),
		cmocka_unit_test_setup(test_ranges_that_touch_or_overlap_become_one, setup),
		cmocka_unit_test_setup(test_adding_rounds_inwards, setup),
		cmocka_unit_test_setup(test_subtracting_rounds_outwards, setup),
		cmocka_unit_test_setup(test_subtracting_over_several_ranges, setup),
		cmocka_unit_test_setup(test_empty_and_backward_ranges_change_nothing, setup),
		cmocka_unit_test_setup(test_reserved_wins_over_available_in_any_order, setup),
		cmocka_unit_test_setup(test_overlaps_sees_single_bytes, setup),
		cmocka_unit_test_setup(test_too_many_pieces_lose_memory_rather_than_gain_some, setup),
		cmocka_unit_test_setup(test_the_hole_is_the_largest_where_no_entry_is, setup),
		cmocka_unit_test_setup(test_agrees_with_a_bit_per_page, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
