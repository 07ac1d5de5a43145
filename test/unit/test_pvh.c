/* SPDX-License-Identifier: ISC */
/* PVH start information in a buffer: right ones, and each way of being wrong. */
#include <fake/cmocka.h>
#include <fake/loader.h>
#include <fake/serial_line.h>
#include <string.h>

#include "pvh.h"

#define MAGIC 0x336ec578

/* Where the tests put things; all far from each other. */
#define INFO (FAKE_LOADER_BASE + 0x100)
#define LINE (FAKE_LOADER_BASE + 0x200)
#define MAP (FAKE_LOADER_BASE + 0x1300)
#define MODULES (FAKE_LOADER_BASE + 0x2000)
#define TEXTS (FAKE_LOADER_BASE + 0x3000)

static struct boot_info_store store;

static void put_map_entry(uint32_t index, uint64_t base, uint64_t length, uint32_t type)
{
	fake_loader_put64(MAP + 24 * index, base);
	fake_loader_put64(MAP + 24 * index + 8, length);
	fake_loader_put32(MAP + 24 * index + 16, type);
	fake_loader_put64(INFO + 40, MAP);
	fake_loader_put32(INFO + 48, index + 1);
}

static void put_module(uint32_t index, uint64_t start, uint64_t size, uint64_t text)
{
	fake_loader_put64(MODULES + 32 * index, start);
	fake_loader_put64(MODULES + 32 * index + 8, size);
	fake_loader_put64(MODULES + 32 * index + 16, text);
	fake_loader_put64(INFO + 16, MODULES);
	fake_loader_put32(INFO + 12, index + 1);
}

/* Version 1 with a map of one entry. */
static int setup(void **state)
{
	(void)state;
	fake_loader_fill(0);
	memset(&store, 0xaa, sizeof store);
	fake_serial_clear();
	fake_loader_put32(INFO, MAGIC);
	fake_loader_put32(INFO + 4, 1);
	put_map_entry(0, 0x100000, 0x7f00000, BOOT_MEMORY_AVAILABLE);
	return 0;
}

static int parse_at(uint64_t address)
{
	return boot_pvh_parse(&store, &fake_loader_memory, address, 0);
}

static int parse(void)
{
	return parse_at(INFO);
}

static void test_another_magic_number_is_refused(void **state)
{
	(void)state;
	fake_loader_put32(INFO, MAGIC + 1);
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("no PVH start information at 0x9100"));
}

static void test_a_structure_out_of_reach_is_refused(void **state)
{
	(void)state;
	fake_loader_put32(FAKE_LOADER_END - 39, MAGIC);
	assert_int_equal(parse_at(FAKE_LOADER_END - 39), -1);
	assert_int_equal(parse_at(FAKE_LOADER_BASE - 1), -1);
	assert_int_equal(parse_at(UINT64_MAX), -1);
}

static void test_absent_parts_are_empty_and_never_null(void **state)
{
	(void)state;
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.protocol, "PVH");
	assert_string_equal(store.info.command_line, "");
	assert_string_equal(store.info.loader, "");
	assert_int_equal(store.info.module_count, 0);
	assert_int_equal(store.info.acpi_root, 0);
	assert_int_equal(store.info.size, sizeof(struct boot_info));
}

static void test_the_map_and_the_acpi_root_are_taken(void **state)
{
	(void)state;
	put_map_entry(1, 0x100000000, 0x140000000, 7);
	fake_loader_put64(INFO + 32, 0x123456789a);
	fake_loader_put32(INFO + 4, 2);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[0].base, 0x100000);
	assert_int_equal(store.info.memory[1].length, 0x140000000);
	assert_int_equal(store.info.memory[1].type, 7);
	assert_int_equal(store.info.acpi_root, 0x123456789a);
}

static void test_entries_of_no_length_do_not_count(void **state)
{
	(void)state;
	put_map_entry(1, 0x8000000, 0, 1);
	put_map_entry(2, UINT64_MAX, 1, 2);
	put_map_entry(3, UINT64_MAX - 1, 2, 3);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[1].length, 1);
}

static void test_version_0_has_no_map_and_64_mib(void **state)
{
	(void)state;
	fake_loader_put32(INFO + 4, 0);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 1);
	assert_int_equal(store.info.memory[0].base, 0x100000);
	assert_int_equal(store.info.memory[0].length, 0x3f00000);
	assert_true(fake_serial_has("no memory map, going by 64 MiB"));
	fake_loader_put32(FAKE_LOADER_END - 40, MAGIC);
	assert_int_equal(parse_at(FAKE_LOADER_END - 40), 0);
}

static void test_a_map_that_is_missing_empty_or_out_of_reach_is_refused(void **state)
{
	(void)state;
	fake_loader_put32(INFO + 48, 0);
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("told of no memory"));
	fake_loader_put32(INFO + 48, UINT32_MAX);
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("memory map at 0xa300 with 4294967295 entries lies out of reach"));
	fake_loader_put32(INFO + 48, 0x0aaaaaab); /* 24 bytes each would be 8 in 32 bits */
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("with 178956971 entries lies out of reach"));
	fake_loader_put32(INFO + 48, 1);
	fake_loader_put64(INFO + 40, FAKE_LOADER_END - 23);
	assert_int_equal(parse(), -1);
	fake_loader_put32(FAKE_LOADER_END - 40, MAGIC);
	fake_loader_put32(FAKE_LOADER_END - 36, 1);
	assert_int_equal(parse_at(FAKE_LOADER_END - 40), -1);
}

static void test_the_command_line_has_no_file_name_and_is_a_copy(void **state)
{
	(void)state;
	fake_loader_put64(INFO + 24, LINE);
	fake_loader_put_text(LINE, "/not/a/name ip=10.0.2.15/24");
	assert_int_equal(parse(), 0);
	fake_loader_fill('x');
	assert_string_equal(store.info.command_line, "/not/a/name ip=10.0.2.15/24");
}

static void test_a_text_out_of_reach_is_empty(void **state)
{
	(void)state;
	fake_loader_put64(INFO + 24, 0x100000000);
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "");
	assert_true(fake_serial_has("command line at 0x100000000 lies out of reach"));
}

static void test_modules_keep_their_order_and_texts(void **state)
{
	(void)state;
	put_module(0, 0x140000000, 0x10, TEXTS);
	put_module(1, 0x100000, 0, 0);
	fake_loader_put_text(TEXTS, "initrd");
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 2);
	assert_int_equal(store.info.modules[0].start, 0x140000000);
	assert_int_equal(store.info.modules[0].end, 0x140000010);
	assert_string_equal(store.info.modules[0].string, "initrd");
	assert_string_equal(store.info.modules[1].string, "");
}

static void test_modules_that_wrap_or_lie_out_of_reach_are_left_out(void **state)
{
	(void)state;
	put_module(0, 0x200000, UINT64_MAX - 0x1fffff, 0);
	put_module(1, 0x800000000000, 1, 0);
	put_module(2, 0x200000, 0x800000000000 - 0x200000, 0);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 1);
	assert_int_equal(store.info.modules[0].end, 0x800000000000);
	assert_true(fake_serial_has("before it starts"));
	assert_true(fake_serial_has("out of reach"));
}

static void test_an_absurd_number_of_modules_is_bounded(void **state)
{
	(void)state;
	put_module(0, 0x200000, 0x10, 0);
	fake_loader_put32(INFO + 12, UINT32_MAX);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 0);
	assert_true(fake_serial_has("list of modules at 0xb000 with 4294967295 entries lies out of reach"));
	fake_loader_put32(INFO + 12, 100);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, BOOT_INFO_MODULES_MAX);
	assert_true(fake_serial_has("100 modules, only the first 32 count"));
}

static void test_more_map_entries_than_fit_are_told_once(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 130; i++)
		put_map_entry(i, i * 0x2000, 0x1000, 1);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, BOOT_INFO_MEMORY_MAX);
	assert_true(fake_serial_has("more than 128 entries, left out from 0x100000+0x1000 type 1 on"));
	assert_false(fake_serial_has("0x102000"));
}

static void test_rubbish_never_leads_out_of_bounds(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		fake_loader_rubbish(&seed);
		fake_serial_clear();
		fake_loader_put32(INFO, MAGIC);
		fake_loader_put32(INFO + 12, seed >> 8 & 0xff);
		for (uint32_t address = INFO + 20; address <= INFO + 44; address += 8)
			fake_loader_put32(address, 0);
		fake_loader_put32(INFO + 48, seed >> 16 & 0xfff);
		if (parse() == 0)
			fake_loader_check_store(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_another_magic_number_is_refused, setup),
		cmocka_unit_test_setup(test_a_structure_out_of_reach_is_refused, setup),
		cmocka_unit_test_setup(test_absent_parts_are_empty_and_never_null, setup),
		cmocka_unit_test_setup(test_the_map_and_the_acpi_root_are_taken, setup),
		cmocka_unit_test_setup(test_entries_of_no_length_do_not_count, setup),
		cmocka_unit_test_setup(test_version_0_has_no_map_and_64_mib, setup),
		cmocka_unit_test_setup(test_a_map_that_is_missing_empty_or_out_of_reach_is_refused, setup),
		cmocka_unit_test_setup(test_the_command_line_has_no_file_name_and_is_a_copy, setup),
		cmocka_unit_test_setup(test_a_text_out_of_reach_is_empty, setup),
		cmocka_unit_test_setup(test_modules_keep_their_order_and_texts, setup),
		cmocka_unit_test_setup(test_modules_that_wrap_or_lie_out_of_reach_are_left_out, setup),
		cmocka_unit_test_setup(test_an_absurd_number_of_modules_is_bounded, setup),
		cmocka_unit_test_setup(test_more_map_entries_than_fit_are_told_once, setup),
		cmocka_unit_test_setup(test_rubbish_never_leads_out_of_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
