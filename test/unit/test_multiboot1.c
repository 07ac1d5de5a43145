/* SPDX-License-Identifier: ISC */
/* Multiboot structures in a buffer: right ones, and each way of being wrong. */
#include <fake/cmocka.h>
#include <fake/loader.h>
#include <fake/serial_line.h>
#include <string.h>

#include "multiboot1.h"

#define MAGIC 0x2badb002
#define BASE FAKE_LOADER_BASE
#define LENGTH FAKE_LOADER_LENGTH

/* Where the tests put things; all far from each other. */
#define INFO (BASE + 0x100)
#define LINE (BASE + 0x200)
#define LOADER (BASE + 0x1200)
#define MAP (BASE + 0x1300)
#define MODULES (BASE + 0x2000)
#define TEXTS (BASE + 0x3000)

#define HAS_SIZES 0x1
#define HAS_LINE 0x4
#define HAS_MODULES 0x8
#define HAS_MAP 0x40
#define HAS_LOADER 0x200

static struct boot_info_store store;

static void put_map_entry(uint64_t address, uint32_t size, uint64_t base, uint64_t length, uint32_t type)
{
	fake_loader_put32(address, size);
	fake_loader_put64(address + 4, base);
	fake_loader_put64(address + 12, length);
	fake_loader_put32(address + 20, type);
}

static void put_flags(uint32_t flags)
{
	fake_loader_put32(INFO, flags);
}

static void put_line(const char *line, const char *loader)
{
	fake_loader_put32(INFO + 16, LINE);
	fake_loader_put_text(LINE, line);
	fake_loader_put32(INFO + 64, LOADER);
	fake_loader_put_text(LOADER, loader);
}

/* A structure that only has the sizes: 639 KiB and 127 MiB. */
static int setup(void **state)
{
	(void)state;
	fake_loader_fill(0);
	memset(&store, 0xaa, sizeof store);
	fake_serial_clear();
	put_flags(HAS_SIZES);
	fake_loader_put32(INFO + 4, 639);
	fake_loader_put32(INFO + 8, 127 * 1024);
	return 0;
}

static int parse(void)
{
	return boot_multiboot1_parse(&store, &fake_loader_memory, INFO, MAGIC);
}

static void test_another_magic_number_is_refused(void **state)
{
	(void)state;
	assert_int_equal(boot_multiboot1_parse(&store, &fake_loader_memory, INFO, 0x36d76289), -1);
	assert_true(fake_serial_has("magic number 0x36d76289"));
}

static void test_a_structure_out_of_reach_is_refused(void **state)
{
	(void)state;
	assert_int_equal(boot_multiboot1_parse(&store, &fake_loader_memory, BASE + LENGTH - 67, MAGIC), -1);
	assert_int_equal(boot_multiboot1_parse(&store, &fake_loader_memory, BASE - 1, MAGIC), -1);
	assert_int_equal(boot_multiboot1_parse(&store, &fake_loader_memory, UINT64_MAX, MAGIC), -1);
	assert_true(fake_serial_has("out of reach"));
}

static void test_no_memory_at_all_is_refused(void **state)
{
	(void)state;
	put_flags(0);
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("told of no memory"));
}

static void test_sizes_stand_in_for_a_missing_map(void **state)
{
	(void)state;
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[0].length, 639 * 1024);
	assert_int_equal(store.info.memory[1].base, 0x100000);
	assert_int_equal(store.info.memory[1].length, 127 << 20);
	assert_int_equal(store.info.memory[1].type, BOOT_MEMORY_AVAILABLE);
	assert_true(fake_serial_has("no memory map"));
}

static void test_absent_parts_are_empty_and_never_null(void **state)
{
	(void)state;
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.protocol, "multiboot 1");
	assert_string_equal(store.info.command_line, "");
	assert_string_equal(store.info.loader, "");
	assert_int_equal(store.info.module_count, 0);
	assert_int_equal(store.info.acpi_root, 0);
	assert_int_equal(store.info.size, sizeof(struct boot_info));
}

static void test_map_entries_are_read_by_their_own_size(void **state)
{
	(void)state;
	put_flags(HAS_MAP | HAS_SIZES);
	fake_loader_put32(INFO + 44, 24 + 28);
	fake_loader_put32(INFO + 48, MAP);
	put_map_entry(MAP, 20, 0, 0x9fc00, 1);
	put_map_entry(MAP + 24, 24, 0x100000000, 0x140000000, 7);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[1].base, 0x100000000);
	assert_int_equal(store.info.memory[1].length, 0x140000000);
	assert_int_equal(store.info.memory[1].type, 7);
}

static void check_rest_left_out(uint32_t size)
{
	setup(NULL);
	put_flags(HAS_MAP | HAS_SIZES);
	fake_loader_put32(INFO + 44, 48);
	fake_loader_put32(INFO + 48, MAP);
	put_map_entry(MAP, 20, 0x100000, 0x100000, 1);
	put_map_entry(MAP + 24, size, 0x200000, 0x100000, 1);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 1);
	assert_true(fake_serial_has("the rest is left out"));
}

static void test_map_entries_of_absurd_size_end_the_map(void **state)
{
	(void)state;
	check_rest_left_out(0);
	check_rest_left_out(19);
	check_rest_left_out(21);
	check_rest_left_out(0xffffffff);
	check_rest_left_out(0xfffffffc);
}

static void test_a_map_out_of_reach_counts_as_missing(void **state)
{
	(void)state;
	put_flags(HAS_MAP | HAS_SIZES);
	fake_loader_put32(INFO + 44, LENGTH);
	fake_loader_put32(INFO + 48, MAP);
	assert_int_equal(parse(), 0);
	assert_true(fake_serial_has("memory map at 0xa300+0x10000 lies out of reach"));
	assert_int_equal(store.info.memory_count, 2);
}

static void test_an_entry_that_overflows_is_cut(void **state)
{
	(void)state;
	put_flags(HAS_MAP);
	fake_loader_put32(INFO + 44, 24);
	fake_loader_put32(INFO + 48, MAP);
	put_map_entry(MAP, 20, 0xfffffffffffff000, 0x2000, 1);
	assert_int_equal(parse(), 0);
	assert_true(store.info.memory[0].base + store.info.memory[0].length == UINT64_MAX);
	assert_true(fake_serial_has("passes the end of memory"));
}

static void test_more_map_entries_than_fit_are_left_out(void **state)
{
	(void)state;
	put_flags(HAS_MAP);
	fake_loader_put32(INFO + 44, 24 * 130);
	fake_loader_put32(INFO + 48, MAP);
	for (uint32_t i = 0; i < 130; i++)
		put_map_entry(MAP + 24 * i, 20, i * 0x2000, 0x1000, 1);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, BOOT_INFO_MEMORY_MAX);
	assert_true(fake_serial_has("more than 128 entries"));
}

static void test_file_name_goes_where_the_loader_passes_it(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_LINE | HAS_LOADER);
	put_line("/boot/x.elf ip=10.0.2.15/24  quiet", "qemu");
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "ip=10.0.2.15/24  quiet");
	assert_string_equal(store.info.loader, "qemu");
	put_line("ip=10.0.2.15/24 quiet", "GRUB 2.06");
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "ip=10.0.2.15/24 quiet");
}

static void test_texts_are_copies(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_LINE | HAS_LOADER);
	put_line("one two", "GRUB 2");
	assert_int_equal(parse(), 0);
	fake_loader_fill('x');
	assert_string_equal(store.info.command_line, "one two");
	assert_string_equal(store.info.loader, "GRUB 2");
}

static void test_a_text_without_end_is_cut(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_LINE);
	fake_loader_put32(INFO + 16, BASE + LENGTH - 8);
	fake_loader_put_bytes(BASE + LENGTH - 8, "xxxxxxxx", 8);
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "xxxxxxxx");
	assert_true(fake_serial_has("command line is too long or has no end"));
}

static void test_a_text_longer_than_the_room_is_cut_and_later_ones_are_empty(void **state)
{
	(void)state;
	fake_loader_fill('x');
	put_flags(HAS_SIZES | HAS_LINE | HAS_MODULES);
	fake_loader_put32(INFO + 16, TEXTS);
	fake_loader_put32(INFO + 20, 1);
	fake_loader_put32(INFO + 24, MODULES);
	fake_loader_put32(MODULES + 8, LOADER);
	fake_loader_put_text(LOADER, "module");
	assert_int_equal(parse(), 0);
	assert_int_equal(strlen(store.info.command_line), BOOT_INFO_TEXT_MAX - 1);
	assert_string_equal(store.info.modules[0].string, "");
	assert_true(fake_serial_has("no room for the module's text"));
}

static void test_a_text_out_of_reach_is_empty(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_LINE);
	fake_loader_put32(INFO + 16, 0xfffffff0);
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "");
	assert_true(fake_serial_has("command line at 0xfffffff0 lies out of reach"));
}

static void put_module(uint32_t index, uint32_t start, uint32_t end)
{
	fake_loader_put32(MODULES + index * 16, start);
	fake_loader_put32(MODULES + index * 16 + 4, end);
}

static void test_modules_keep_their_order_and_texts(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_MODULES);
	fake_loader_put32(INFO + 20, 2);
	fake_loader_put32(INFO + 24, MODULES);
	put_module(0, 0x200000, 0x200010);
	put_module(1, 0x100000, 0x100000);
	fake_loader_put32(MODULES + 8, TEXTS);
	fake_loader_put_text(TEXTS, "disk.img ro");
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 2);
	assert_int_equal(store.info.modules[0].start, 0x200000);
	assert_int_equal(store.info.modules[0].end, 0x200010);
	assert_string_equal(store.info.modules[0].string, "disk.img ro");
	assert_string_equal(store.info.modules[1].string, "");
}

static void test_a_module_that_ends_before_it_starts_is_left_out(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_MODULES);
	fake_loader_put32(INFO + 20, 1);
	fake_loader_put32(INFO + 24, MODULES);
	put_module(0, 0x200000, 0x1fffff);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 0);
	assert_true(fake_serial_has("before it starts"));
}

static void test_an_absurd_number_of_modules_is_bounded(void **state)
{
	(void)state;
	put_flags(HAS_SIZES | HAS_MODULES);
	fake_loader_put32(INFO + 20, 0xffffffff);
	fake_loader_put32(INFO + 24, MODULES);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, BOOT_INFO_MODULES_MAX);
	fake_loader_put32(INFO + 24, BASE + LENGTH - 24);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 1);
	assert_true(fake_serial_has("list of modules at 0x18ff8 lies out of reach"));
}

static void test_rubbish_never_leads_out_of_bounds(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		fake_loader_rubbish(&seed);
		fake_serial_clear();
		if (boot_multiboot1_parse(&store, &fake_loader_memory, BASE + (seed >> 8) % (LENGTH - 68), MAGIC) == 0)
			fake_loader_check_store(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_another_magic_number_is_refused, setup),
		cmocka_unit_test_setup(test_a_structure_out_of_reach_is_refused, setup),
		cmocka_unit_test_setup(test_no_memory_at_all_is_refused, setup),
		cmocka_unit_test_setup(test_sizes_stand_in_for_a_missing_map, setup),
		cmocka_unit_test_setup(test_absent_parts_are_empty_and_never_null, setup),
		cmocka_unit_test_setup(test_map_entries_are_read_by_their_own_size, setup),
		cmocka_unit_test_setup(test_map_entries_of_absurd_size_end_the_map, setup),
		cmocka_unit_test_setup(test_a_map_out_of_reach_counts_as_missing, setup),
		cmocka_unit_test_setup(test_an_entry_that_overflows_is_cut, setup),
		cmocka_unit_test_setup(test_more_map_entries_than_fit_are_left_out, setup),
		cmocka_unit_test_setup(test_file_name_goes_where_the_loader_passes_it, setup),
		cmocka_unit_test_setup(test_texts_are_copies, setup),
		cmocka_unit_test_setup(test_a_text_without_end_is_cut, setup),
		cmocka_unit_test_setup(test_a_text_longer_than_the_room_is_cut_and_later_ones_are_empty, setup),
		cmocka_unit_test_setup(test_a_text_out_of_reach_is_empty, setup),
		cmocka_unit_test_setup(test_modules_keep_their_order_and_texts, setup),
		cmocka_unit_test_setup(test_a_module_that_ends_before_it_starts_is_left_out, setup),
		cmocka_unit_test_setup(test_an_absurd_number_of_modules_is_bounded, setup),
		cmocka_unit_test_setup(test_rubbish_never_leads_out_of_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
