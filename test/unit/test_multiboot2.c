/* SPDX-License-Identifier: ISC */
/* Multiboot 2 tags in a buffer: right ones, and each way of being wrong. */
#include <fake/cmocka.h>
#include <fake/loader.h>
#include <fake/serial_line.h>
#include <string.h>

#include "multiboot2.h"

#define MAGIC 0x36d76289
#define INFO (FAKE_LOADER_BASE + 0x100)

enum { COMMAND_LINE = 1, LOADER = 2, MODULE = 3, SIZES = 4, MAP = 6, ACPI_OLD = 14, ACPI_NEW = 15, EFI_MAP = 17 };

static struct boot_info_store store;
static uint64_t next; /* where the next tag goes */

/* Start a tag of SIZE bytes, head included; where its content goes. */
static uint64_t put_tag(uint32_t type, uint32_t size)
{
	uint64_t tag = next;

	fake_loader_put32(tag, type);
	fake_loader_put32(tag + 4, size);
	next += (size + 7) & ~7u;
	return tag + 8;
}

static void put_text_tag(uint32_t type, const char *text)
{
	fake_loader_put_text(put_tag(type, 8 + (uint32_t)strlen(text) + 1), text);
}

static void put_sizes(uint32_t lower, uint32_t upper)
{
	uint64_t content = put_tag(SIZES, 16);

	fake_loader_put32(content, lower);
	fake_loader_put32(content + 4, upper);
}

/* A map of COUNT entries of STEP bytes; where they go. */
static uint64_t put_map(uint32_t type, uint32_t step, uint32_t count)
{
	uint64_t content = put_tag(type, 16 + step * count);

	fake_loader_put32(content, step);
	fake_loader_put32(content + 4, 0);
	return content + 8;
}

static void put_entry(uint64_t entry, uint64_t base, uint64_t length, uint32_t type)
{
	fake_loader_put64(entry, base);
	fake_loader_put64(entry + 8, length);
	fake_loader_put32(entry + 16, type);
}

static void put_efi_entry(uint64_t entry, uint64_t base, uint64_t pages, uint32_t type)
{
	fake_loader_put32(entry, type);
	fake_loader_put64(entry + 8, base);
	fake_loader_put64(entry + 24, pages);
}

static void put_module(uint32_t start, uint32_t end, const char *text)
{
	uint64_t content = put_tag(MODULE, 16 + (uint32_t)strlen(text) + 1);

	fake_loader_put32(content, start);
	fake_loader_put32(content + 4, end);
	fake_loader_put_text(content + 8, text);
}

static void put_one_map(void)
{
	put_entry(put_map(MAP, 24, 1), 0x100000, 0x7f00000, BOOT_MEMORY_AVAILABLE);
}

static int setup(void **state)
{
	(void)state;
	fake_loader_fill(0);
	memset(&store, 0xaa, sizeof store);
	fake_serial_clear();
	next = INFO + 8;
	return 0;
}

/* Close the tags and parse. */
static int parse(void)
{
	put_tag(0, 8);
	fake_loader_put32(INFO, (uint32_t)(next - INFO));
	return boot_multiboot2_parse(&store, &fake_loader_memory, INFO, MAGIC);
}

static void test_another_magic_number_is_refused(void **state)
{
	(void)state;
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_int_equal(boot_multiboot2_parse(&store, &fake_loader_memory, INFO, 0x2badb002), -1);
	assert_true(fake_serial_has("magic number 0x2badb002"));
}

static void check_out_of_reach(uint64_t address, uint32_t size)
{
	setup(NULL);
	put_one_map();
	put_tag(0, 8);
	fake_loader_put32(INFO, size);
	assert_int_equal(boot_multiboot2_parse(&store, &fake_loader_memory, address, MAGIC), -1);
	assert_true(fake_serial_has("out of reach"));
}

static void test_a_structure_out_of_reach_is_refused(void **state)
{
	(void)state;
	check_out_of_reach(INFO, 0);
	check_out_of_reach(INFO, 7);
	check_out_of_reach(INFO, FAKE_LOADER_LENGTH - 0x100 + 1);
	check_out_of_reach(INFO, UINT32_MAX);
	check_out_of_reach(FAKE_LOADER_END - 2, 64);
	check_out_of_reach(FAKE_LOADER_BASE - 1, 64);
	check_out_of_reach(UINT64_MAX, 64);
}

static void test_no_memory_at_all_is_refused(void **state)
{
	(void)state;
	put_text_tag(COMMAND_LINE, "words");
	assert_int_equal(parse(), -1);
	assert_true(fake_serial_has("told of no memory"));
}

static void test_absent_parts_are_empty_and_never_null(void **state)
{
	(void)state;
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.protocol, "multiboot 2");
	assert_string_equal(store.info.command_line, "");
	assert_string_equal(store.info.loader, "");
	assert_int_equal(store.info.module_count, 0);
	assert_int_equal(store.info.acpi_root, 0);
	assert_int_equal(store.info.size, sizeof(struct boot_info));
}

static void test_texts_may_come_in_any_order_and_are_copies(void **state)
{
	(void)state;
	put_text_tag(COMMAND_LINE, "/kernel one two");
	put_one_map();
	put_text_tag(LOADER, "GRUB 2.06");
	assert_int_equal(parse(), 0);
	fake_loader_fill('x');
	assert_string_equal(store.info.command_line, "/kernel one two");
	assert_string_equal(store.info.loader, "GRUB 2.06");
	setup(NULL);
	put_text_tag(LOADER, "iPXE 1.21");
	put_text_tag(COMMAND_LINE, "/kernel one two");
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "one two");
}

static void test_a_text_ends_with_its_tag(void **state)
{
	(void)state;
	fake_loader_put_bytes(put_tag(COMMAND_LINE, 8 + 3), "abcdefgh", 8);
	put_tag(LOADER, 8);
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "abc");
	assert_string_equal(store.info.loader, "");
	assert_true(fake_serial_has("command line is too long or has no end, cut after 3 bytes"));
	assert_true(fake_serial_has("loader's name"));
}

static void test_modules_keep_their_order_and_texts(void **state)
{
	(void)state;
	put_one_map();
	put_module(0x200000, 0x200010, "disk.img ro");
	put_module(0, 11, "");
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 2);
	assert_int_equal(store.info.modules[0].start, 0x200000);
	assert_int_equal(store.info.modules[0].end, 0x200010);
	assert_string_equal(store.info.modules[0].string, "disk.img ro");
	assert_int_equal(store.info.modules[1].end, 11);
	assert_string_equal(store.info.modules[1].string, "");
}

static void test_malformed_modules_are_left_out(void **state)
{
	(void)state;
	put_one_map();
	put_tag(MODULE, 15);
	put_module(0x200000, 0x1fffff, "backwards");
	put_module(0x300000, 0x300001, "good");
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, 1);
	assert_string_equal(store.info.modules[0].string, "good");
	assert_true(fake_serial_has("module tag of 15 bytes"));
	assert_true(fake_serial_has("before it starts"));
}

static void test_more_modules_than_fit_are_left_out(void **state)
{
	(void)state;
	put_one_map();
	for (int i = 0; i < BOOT_INFO_MODULES_MAX + 5; i++)
		put_module(0x200000, 0x200010, i == BOOT_INFO_MODULES_MAX ? "one too many" : "m");
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.module_count, BOOT_INFO_MODULES_MAX);
	assert_true(fake_serial_has("left out from \"one too many\" on"));
}

static void test_map_entries_are_read_by_the_size_that_the_map_tells(void **state)
{
	uint64_t entries = put_map(MAP, 40, 2);

	(void)state;
	put_entry(entries, 0, 0x9fc00, 1);
	put_entry(entries + 40, 0x100000000, 0x140000000, 7);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[1].base, 0x100000000);
	assert_int_equal(store.info.memory[1].length, 0x140000000);
	assert_int_equal(store.info.memory[1].type, 7);
}

static void test_a_map_that_ends_within_an_entry_counts_up_to_there(void **state)
{
	uint64_t content = put_tag(MAP, 16 + 24 + 23);

	(void)state;
	fake_loader_put32(content, 24);
	put_entry(content + 8, 0x100000, 0x100000, 1);
	put_entry(content + 32, 0x200000, 0x100000, 3);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 1);
}

static void check_map_left_out(uint32_t type, uint32_t size, uint32_t step)
{
	uint64_t content;

	setup(NULL);
	content = put_tag(type, size);
	fake_loader_put32(content, step);
	put_sizes(639, 127 * 1024);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_true(fake_serial_has("left out"));
	assert_true(fake_serial_has("going by 639 KiB of lower and 130048 KiB of upper memory"));
}

static void test_maps_with_absurd_entries_are_left_out(void **state)
{
	(void)state;
	check_map_left_out(MAP, 16 + 48, 0);
	check_map_left_out(MAP, 16 + 48, 19);
	check_map_left_out(MAP, 8, 24);
	check_map_left_out(EFI_MAP, 16 + 48, 0);
	check_map_left_out(EFI_MAP, 16 + 48, 31);
	check_map_left_out(EFI_MAP, 8, 48);
}

static void test_a_map_with_entries_larger_than_itself_has_none(void **state)
{
	uint64_t content = put_tag(MAP, 16 + 24);

	(void)state;
	fake_loader_put32(content, UINT32_MAX);
	put_entry(content + 8, 0x100000, 0x100000, 1);
	put_sizes(700, 1024);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 2);
	assert_int_equal(store.info.memory[0].length, 640 << 10);
	assert_int_equal(store.info.memory[1].length, 1 << 20);
}

static void test_sizes_in_a_short_tag_do_not_count(void **state)
{
	(void)state;
	put_tag(SIZES, 15);
	assert_int_equal(parse(), -1);
}

static void test_the_map_of_uefi_counts_when_there_is_no_other(void **state)
{
	static const uint32_t types[][2] = {
		{0, BOOT_MEMORY_RESERVED},
		{1, BOOT_MEMORY_AVAILABLE},
		{4, BOOT_MEMORY_AVAILABLE},
		{5, BOOT_MEMORY_RESERVED},
		{7, BOOT_MEMORY_AVAILABLE},
		{8, BOOT_MEMORY_BAD},
		{9, BOOT_MEMORY_ACPI},
		{10, BOOT_MEMORY_NVS},
		{11, BOOT_MEMORY_RESERVED},
		{0xffffffff, BOOT_MEMORY_RESERVED},
	};
	uint64_t entries = put_map(EFI_MAP, 48, 10);

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		put_efi_entry(entries + 48 * i, 0x100000 * i, 16, types[i][0]);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 10);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(store.info.memory[i].base, 0x100000 * i);
		assert_int_equal(store.info.memory[i].length, 0x10000);
		assert_int_equal(store.info.memory[i].type, types[i][1]);
	}
	put_one_map();
	next = INFO + 8 + 16 + 480;
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 1);
}

static void test_pieces_that_touch_are_joined(void **state)
{
	uint64_t entries = put_map(EFI_MAP, 48, 4);

	(void)state;
	put_efi_entry(entries, 0x100000, 0x100, 7);
	put_efi_entry(entries + 48, 0x200000, 0x100, 2);
	put_efi_entry(entries + 96, 0x300000, 0x100, 0);
	put_efi_entry(entries + 144, 0x500000, 0x100, 0);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.memory_count, 3);
	assert_int_equal(store.info.memory[0].length, 0x200000);
	assert_int_equal(store.info.memory[1].length, 0x100000);
}

static void test_pages_beyond_all_memory_are_cut(void **state)
{
	uint64_t entries = put_map(EFI_MAP, 48, 1);

	(void)state;
	put_efi_entry(entries, 0x100000, UINT64_MAX, 7);
	assert_int_equal(parse(), 0);
	assert_true(store.info.memory[0].length <= UINT64_MAX - 0x100000);
	assert_true(store.info.memory[0].length > UINT64_MAX - 0x200000);
}

static const uint8_t *acpi_root(void)
{
	return (const uint8_t *)(uintptr_t)store.info.acpi_root;
}

static void test_the_newer_acpi_root_pointer_wins_and_is_a_copy(void **state)
{
	static const uint8_t newer[36] = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ', 1, 2, 3, [15] = 2, [35] = 99};

	(void)state;
	put_one_map();
	fake_loader_put_bytes(put_tag(ACPI_OLD, 8 + 20), "RSD PTR old", 11);
	fake_loader_put_bytes(put_tag(ACPI_NEW, 8 + 36), newer, sizeof newer);
	assert_int_equal(parse(), 0);
	fake_loader_fill('x');
	assert_memory_equal(acpi_root(), newer, sizeof newer);
}

static void test_a_short_or_long_acpi_root_pointer_is_filled_up_or_cut(void **state)
{
	(void)state;
	put_one_map();
	fake_loader_put_bytes(put_tag(ACPI_OLD, 8 + 11), "RSD PTR old", 11);
	put_tag(ACPI_NEW, 8);
	assert_int_equal(parse(), 0);
	assert_int_equal(store.info.acpi_root, 0);
	setup(NULL);
	put_one_map();
	fake_loader_put_bytes(put_tag(ACPI_OLD, 8 + 11), "RSD PTR old", 11);
	assert_int_equal(parse(), 0);
	assert_memory_equal(acpi_root(), "RSD PTR old\0\0\0\0\0\0\0\0", 20);
	setup(NULL);
	put_one_map();
	put_tag(ACPI_NEW, 8 + 100);
	assert_int_equal(parse(), 0);
	assert_non_null(acpi_root());
}

static void check_rest_left_out(uint32_t size)
{
	setup(NULL);
	put_one_map();
	fake_loader_put32(next + 8, 0);
	put_tag(99, 16);
	fake_loader_put32(next - 12, size);
	put_text_tag(COMMAND_LINE, "never seen");
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "");
	assert_true(fake_serial_has("the rest is left out"));
}

static void test_a_tag_of_absurd_size_ends_the_tags(void **state)
{
	(void)state;
	check_rest_left_out(0);
	check_rest_left_out(7);
	check_rest_left_out(4096);
	check_rest_left_out(0xfffffff9);
	check_rest_left_out(0xffffffff);
}

static void test_tags_without_an_end_tag_end_with_the_structure(void **state)
{
	(void)state;
	put_one_map();
	put_text_tag(COMMAND_LINE, "words");
	fake_loader_put32(INFO, (uint32_t)(next - INFO));
	assert_int_equal(boot_multiboot2_parse(&store, &fake_loader_memory, INFO, MAGIC), 0);
	assert_string_equal(store.info.command_line, "words");
	fake_loader_put32(INFO, (uint32_t)(next - INFO) + 4);
	assert_int_equal(boot_multiboot2_parse(&store, &fake_loader_memory, INFO, MAGIC), 0);
	assert_true(fake_serial_has("multiboot tag of 0 bytes with 4 left"));
}

static void test_of_tags_given_twice_the_first_counts_and_unknown_ones_do_not(void **state)
{
	(void)state;
	put_tag(18, 8);
	put_tag(0xffffffff, 24);
	put_text_tag(COMMAND_LINE, "first");
	put_text_tag(COMMAND_LINE, "second");
	put_one_map();
	put_one_map();
	assert_int_equal(parse(), 0);
	assert_string_equal(store.info.command_line, "first");
	assert_int_equal(store.info.memory_count, 1);
}

static void test_rubbish_never_leads_out_of_bounds(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		fake_loader_rubbish(&seed);
		fake_serial_clear();
		fake_loader_put32(INFO, 0x1000 + (seed >> 8 & 0xfff));
		for (uint64_t tag = INFO + 8; tag < INFO + 0x1000; tag += 8 * (1 + (seed >> 9 & 15))) {
			seed = seed * 1664525 + 1013904223;
			fake_loader_put32(tag, seed >> 20 & 31);
			fake_loader_put32(tag + 4, 8 * (1 + (seed >> 9 & 15)) - (seed >> 13 & 7));
		}
		if (boot_multiboot2_parse(&store, &fake_loader_memory, INFO, MAGIC) == 0)
			fake_loader_check_store(&store);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_another_magic_number_is_refused, setup),
		cmocka_unit_test_setup(test_a_structure_out_of_reach_is_refused, setup),
		cmocka_unit_test_setup(test_no_memory_at_all_is_refused, setup),
		cmocka_unit_test_setup(test_absent_parts_are_empty_and_never_null, setup),
		cmocka_unit_test_setup(test_texts_may_come_in_any_order_and_are_copies, setup),
		cmocka_unit_test_setup(test_a_text_ends_with_its_tag, setup),
		cmocka_unit_test_setup(test_modules_keep_their_order_and_texts, setup),
		cmocka_unit_test_setup(test_malformed_modules_are_left_out, setup),
		cmocka_unit_test_setup(test_more_modules_than_fit_are_left_out, setup),
		cmocka_unit_test_setup(test_map_entries_are_read_by_the_size_that_the_map_tells, setup),
		cmocka_unit_test_setup(test_a_map_that_ends_within_an_entry_counts_up_to_there, setup),
		cmocka_unit_test_setup(test_maps_with_absurd_entries_are_left_out, setup),
		cmocka_unit_test_setup(test_a_map_with_entries_larger_than_itself_has_none, setup),
		cmocka_unit_test_setup(test_sizes_in_a_short_tag_do_not_count, setup),
		cmocka_unit_test_setup(test_the_map_of_uefi_counts_when_there_is_no_other, setup),
		cmocka_unit_test_setup(test_pieces_that_touch_are_joined, setup),
		cmocka_unit_test_setup(test_pages_beyond_all_memory_are_cut, setup),
		cmocka_unit_test_setup(test_the_newer_acpi_root_pointer_wins_and_is_a_copy, setup),
		cmocka_unit_test_setup(test_a_short_or_long_acpi_root_pointer_is_filled_up_or_cut, setup),
		cmocka_unit_test_setup(test_a_tag_of_absurd_size_ends_the_tags, setup),
		cmocka_unit_test_setup(test_tags_without_an_end_tag_end_with_the_structure, setup),
		cmocka_unit_test_setup(test_of_tags_given_twice_the_first_counts_and_unknown_ones_do_not, setup),
		cmocka_unit_test_setup(test_rubbish_never_leads_out_of_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
