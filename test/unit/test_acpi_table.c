/* SPDX-License-Identifier: ISC */
/* Finding ACPI tables: where root pointers are, and what is wrong with some. */
#include "acpi_table.h"

#include <string.h>

#include "fake/acpi.h"
#include "fake/cmocka.h"
#include "fake/serial_line.h"

static struct boot_acpi_tables tables;
static const uint8_t body[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static int fresh_memory(void **state)
{
	(void)state;
	fake_acpi_reset();
	fake_serial_clear();
	fake_acpi_memory.start = 0;
	fake_acpi_memory.length = FAKE_ACPI_SIZE;
	fake_acpi_memory.data = fake_acpi_bytes;
	return 0;
}

static bool find(void)
{
	return boot_acpi_tables_find(&tables, &fake_acpi_memory, 0);
}

static void test_tables_are_found_from_the_area_of_the_firmware(void **state)
{
	uint32_t address = fake_acpi_put("ABCD", body, 10);

	(void)state;
	fake_acpi_finish(false);
	assert_true(find());
	assert_int_equal(tables.count, 1);
	assert_int_equal(tables.list[0].address, address);
	assert_int_equal(tables.list[0].length, 46);
	assert_ptr_equal(tables.list[0].data, fake_acpi_bytes + address);
}

static void test_the_list_with_64_bit_entries_is_used_when_there_is_one(void **state)
{
	(void)state;
	fake_acpi_put("ABCD", body, 10);
	fake_acpi_put("EFGH", body, 0);
	fake_acpi_finish(true);
	assert_true(find());
	assert_int_equal(tables.count, 2);
}

static void test_a_broken_64_bit_list_gives_way_to_the_other(void **state)
{
	uint32_t full, entry;

	(void)state;
	entry = fake_acpi_put("ABCD", body, 10);
	full = fake_acpi_finish(true);
	fake_acpi_bytes[full + 20] ^= 1;
	fake_acpi_finish(false); /* names the broken list, too */
	fake_acpi_bytes[FAKE_ACPI_ROOT + 15] = 2;
	fake_acpi_bytes[FAKE_ACPI_ROOT + 20] = 36;
	memcpy(fake_acpi_bytes + FAKE_ACPI_ROOT + 24, &full, 4);
	fake_acpi_repair(FAKE_ACPI_ROOT, 20, FAKE_ACPI_ROOT + 8);
	fake_acpi_repair(FAKE_ACPI_ROOT, 36, FAKE_ACPI_ROOT + 32);
	assert_true(find());
	assert_int_equal(tables.count, 1);
	assert_int_equal(tables.list[0].address, entry);
	assert_true(fake_serial_has("is not right"));
}

static void test_the_root_pointer_may_be_given(void **state)
{
	(void)state;
	fake_acpi_put("ABCD", body, 10);
	fake_acpi_finish(true);
	memmove(fake_acpi_bytes + 0x80008, fake_acpi_bytes + FAKE_ACPI_ROOT, 36);
	memset(fake_acpi_bytes + FAKE_ACPI_ROOT, 0, 36);
	assert_false(find());
	assert_true(boot_acpi_tables_find(&tables, &fake_acpi_memory, 0x80008));
	assert_int_equal(tables.count, 1);
}

static void test_a_wrong_root_pointer_makes_us_search(void **state)
{
	static const uint64_t roots[] = {1, 0x5000, 0xffffffff, UINT64_MAX, UINT64_MAX - 19, FAKE_ACPI_SIZE - 19};

	(void)state;
	fake_acpi_put("ABCD", body, 10);
	fake_acpi_finish(true);
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		assert_true(boot_acpi_tables_find(&tables, &fake_acpi_memory, roots[i]));
		assert_int_equal(tables.count, 1);
	}
}

static void test_the_root_pointer_may_lie_in_the_bios_data(void **state)
{
	(void)state;
	fake_acpi_put("ABCD", body, 10);
	fake_acpi_finish(false);
	memmove(fake_acpi_bytes + 0x9fc00 + 1008, fake_acpi_bytes + FAKE_ACPI_ROOT, 20);
	memset(fake_acpi_bytes + FAKE_ACPI_ROOT, 0, 20);
	assert_false(find());
	fake_acpi_bytes[0x40e] = 0xc0;
	fake_acpi_bytes[0x40f] = 0x9f;
	assert_true(find());
	memmove(fake_acpi_bytes + 0x9fc00 + 1024, fake_acpi_bytes + 0x9fc00 + 1008, 20);
	memset(fake_acpi_bytes + 0x9fc00 + 1008, 0, 16);
	assert_false(find());
}

static void test_a_root_pointer_with_a_wrong_sum_is_none(void **state)
{
	(void)state;
	fake_acpi_put("ABCD", body, 10);
	fake_acpi_finish(false);
	fake_acpi_bytes[FAKE_ACPI_ROOT + 9] ^= 1;
	assert_false(find());
}

static void test_no_memory_means_no_tables(void **state)
{
	(void)state;
	fake_acpi_memory.length = 0;
	assert_false(find());
	assert_int_equal(tables.count, 0);
}

static void test_a_table_with_a_wrong_sum_is_left_out(void **state)
{
	uint32_t address = fake_acpi_put("ABCD", body, 10);

	(void)state;
	fake_acpi_put("EFGH", body, 10);
	fake_acpi_finish(false);
	fake_acpi_bytes[address + 40] ^= 0x10;
	assert_true(find());
	assert_int_equal(tables.count, 1);
	assert_memory_equal(tables.list[0].data, "EFGH", 4);
	assert_true(fake_serial_has("is not right"));
}

static void test_lengths_that_cannot_be_are_refused(void **state)
{
	static const uint32_t lengths[] = {0, 35, 0x100001, 0x7fffffff, 0xffffffff};
	uint32_t address = fake_acpi_put("ABCD", body, 10);

	(void)state;
	fake_acpi_finish(false);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memcpy(fake_acpi_bytes + address + 4, &lengths[i], 4);
		assert_true(find());
		assert_int_equal(tables.count, 0);
	}
}

static void test_a_table_that_passes_the_end_of_memory_is_left_out(void **state)
{
	uint32_t address = fake_acpi_put("ABCD", body, 10), list;

	(void)state;
	list = fake_acpi_finish(false);
	memcpy(fake_acpi_bytes + FAKE_ACPI_SIZE - 45, fake_acpi_bytes + address, 45);
	fake_acpi_set(list, 36, 4, FAKE_ACPI_SIZE - 45);
	assert_true(find());
	assert_int_equal(tables.count, 0);
	fake_acpi_set(list, 36, 4, FAKE_ACPI_SIZE - 35);
	assert_true(find());
	assert_int_equal(tables.count, 0);
}

static void test_no_more_tables_than_there_is_room_for(void **state)
{
	(void)state;
	for (int i = 0; i < BOOT_ACPI_TABLES_MAX + 3; i++)
		fake_acpi_put("ABCD", body, 0);
	fake_acpi_finish(true);
	assert_true(find());
	assert_int_equal(tables.count, BOOT_ACPI_TABLES_MAX);
	boot_acpi_tables_add(&tables, &fake_acpi_memory, 0x1000);
	assert_int_equal(tables.count, BOOT_ACPI_TABLES_MAX);
	assert_true(fake_serial_has("more than"));
}

static void test_no_more_tables_are_tried_than_there_is_room_for(void **state)
{
	uint32_t broken[BOOT_ACPI_TABLES_MAX];

	(void)state;
	for (size_t i = 0; i < BOOT_ACPI_TABLES_MAX; i++)
		broken[i] = fake_acpi_put("ABCD", body, 0);
	fake_acpi_put("EFGH", body, 0);
	fake_acpi_finish(true);
	for (size_t i = 0; i < BOOT_ACPI_TABLES_MAX; i++)
		fake_acpi_bytes[broken[i]] ^= 1;
	assert_true(find());
	assert_int_equal(tables.count, 0);
}

static void test_a_table_may_be_long_but_not_longer(void **state)
{
	static uint8_t long_table[BOOT_ACPI_LENGTH_MAX + 16];
	struct boot_loader_memory memory = {.data = long_table, .start = 0x1000, .length = sizeof long_table};

	(void)state;
	tables.count = 0;
	long_table[6] = 0x10; /* 1 MiB, and the sum is right with 16 less */
	long_table[9] = 0xf0;
	boot_acpi_tables_add(&tables, &memory, 0x1000);
	assert_int_equal(tables.count, 1);
	long_table[4] = 1;
	long_table[9] = 0xef;
	boot_acpi_tables_add(&tables, &memory, 0x1000);
	assert_int_equal(tables.count, 1);
}

static void test_a_list_that_ends_in_the_middle_of_an_entry_is_read_up_to_there(void **state)
{
	uint32_t list;

	(void)state;
	fake_acpi_put("ABCD", body, 0);
	fake_acpi_put("EFGH", body, 0);
	list = fake_acpi_finish(false);
	fake_acpi_set(list, 4, 4, 43);
	assert_true(find());
	assert_int_equal(tables.count, 1);
}

static void test_tables_are_counted_by_signature(void **state)
{
	(void)state;
	fake_acpi_put("SSDT", body, 1);
	fake_acpi_put("ABCD", body, 2);
	fake_acpi_put("SSDT", body, 3);
	fake_acpi_finish(false);
	assert_true(find());
	assert_int_equal(boot_acpi_tables_get(&tables, "SSDT", 0)->length, 37);
	assert_int_equal(boot_acpi_tables_get(&tables, "SSDT", 1)->length, 39);
	assert_null(boot_acpi_tables_get(&tables, "SSDT", 2));
	assert_null(boot_acpi_tables_get(&tables, "FACP", 0));
}

static void test_numbers_behind_the_end_are_zero(void **state)
{
	static const uint8_t bytes[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99};
	struct boot_acpi_table table = {.data = bytes, .length = sizeof bytes};

	(void)state;
	assert_int_equal(boot_acpi_number(&table, 0, 1), 0x11);
	assert_int_equal(boot_acpi_number(&table, 1, 2), 0x3322);
	assert_int_equal(boot_acpi_number(&table, 1, 4), 0x55443322);
	assert_true(boot_acpi_number(&table, 1, 8) == UINT64_C(0x9988776655443322));
	assert_int_equal(boot_acpi_number(&table, 2, 8), 0);
	assert_int_equal(boot_acpi_number(&table, 9, 1), 0);
	assert_int_equal(boot_acpi_number(&table, 0xffffffff, 4), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tables_are_found_from_the_area_of_the_firmware),
		TEST(test_the_list_with_64_bit_entries_is_used_when_there_is_one),
		TEST(test_a_broken_64_bit_list_gives_way_to_the_other),
		TEST(test_the_root_pointer_may_be_given),
		TEST(test_a_wrong_root_pointer_makes_us_search),
		TEST(test_the_root_pointer_may_lie_in_the_bios_data),
		TEST(test_a_root_pointer_with_a_wrong_sum_is_none),
		TEST(test_no_memory_means_no_tables),
		TEST(test_a_table_with_a_wrong_sum_is_left_out),
		TEST(test_lengths_that_cannot_be_are_refused),
		TEST(test_a_table_that_passes_the_end_of_memory_is_left_out),
		TEST(test_no_more_tables_than_there_is_room_for),
		TEST(test_no_more_tables_are_tried_than_there_is_room_for),
		TEST(test_a_table_may_be_long_but_not_longer),
		TEST(test_a_list_that_ends_in_the_middle_of_an_entry_is_read_up_to_there),
		TEST(test_tables_are_counted_by_signature),
		TEST(test_numbers_behind_the_end_are_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
