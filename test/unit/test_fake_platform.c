/* SPDX-License-Identifier: ISC */
/* The fake platform itself: tests that lean on it are only as strict as it is. */
#include "fake/cmocka.h"
#include "fake/platform.h"

#include <string.h>

static void test_memory_is_aligned_and_full_of_rubbish(void **state)
{
	const struct virtio_platform *platform = fake_platform();

	(void)state;
	for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
		uint64_t address;
		uint8_t *dma = platform->dma_alloc(platform->context, 100, alignment, &address);
		uint8_t *memory = platform->alloc(platform->context, 100, alignment);

		assert_int_equal((uintptr_t)dma % alignment, 0);
		assert_int_equal(address % alignment, 0);
		assert_int_equal((uintptr_t)memory % alignment, 0);
		assert_int_equal(dma[99], FAKE_PLATFORM_RUBBISH);
		assert_int_equal(memory[0], FAKE_PLATFORM_RUBBISH);
		assert_int_equal(fake_platform_live(), 2);
		platform->dma_free(platform->context, dma, 100, address);
		platform->free(platform->context, memory, 100);
	}
}

static void test_device_addresses_lead_back_to_memory(void **state)
{
	struct virtio_segment buffer = fake_platform_buffer(64);

	(void)state;
	assert_ptr_equal(fake_platform_pointer(buffer.device_address, 64), buffer.data);
	assert_ptr_equal(fake_platform_pointer(buffer.device_address + 63, 1), (uint8_t *)buffer.data + 63);
	assert_false(fake_platform_is_dma(buffer.device_address, 65));
	assert_false(fake_platform_is_dma(buffer.device_address - 1, 1));
	assert_false(fake_platform_is_dma((uintptr_t)buffer.data, 1));
	assert_false(fake_platform_is_dma(buffer.device_address, UINT64_MAX));
}

static void test_private_memory_is_out_of_the_devices_reach(void **state)
{
	const struct virtio_platform *platform = fake_platform();
	void *memory = platform->alloc(platform->context, 1, 1);

	(void)state;
	assert_false(fake_platform_is_dma(0, 1));
	assert_false(fake_platform_is_dma((uintptr_t)memory, 1));
	platform->free(platform->context, memory, 1);
}

static void test_the_nth_allocation_fails(void **state)
{
	const struct virtio_platform *platform = fake_platform();
	void *first;

	(void)state;
	fake_platform_fail_allocation(2);
	first = platform->alloc(platform->context, 8, 8);
	assert_non_null(first);
	assert_null(platform->alloc(platform->context, 8, 8));
	platform->free(platform->context, first, 8);
}

static void test_the_clock_moves_and_waiting_ends(void **state)
{
	const struct virtio_platform *platform = fake_platform();
	uint64_t start = platform->now(platform->context);

	(void)state;
	assert_int_equal(platform->now(platform->context), start + FAKE_PLATFORM_STEP);
	platform->wait(platform->context, start + 5000);
	assert_int_equal(fake_platform_time(), start + 5000);
	platform->wait(platform->context, start); /* long past: returns at once */
	assert_int_equal(fake_platform_time(), start + 5000);
}

static void count(void *context)
{
	++*(unsigned *)context;
}

static void test_the_machine_stands_still_once(void **state)
{
	const struct virtio_platform *platform = fake_platform();
	uint64_t start = platform->now(platform->context);
	unsigned calls = 0;

	(void)state;
	fake_platform_stand_still(2, 1000000, count, &calls);
	assert_int_equal(platform->now(platform->context), start + FAKE_PLATFORM_STEP);
	assert_int_equal(calls, 0);
	assert_int_equal(platform->now(platform->context), start + 2 * FAKE_PLATFORM_STEP + 1000000);
	assert_int_equal(platform->now(platform->context), start + 3 * FAKE_PLATFORM_STEP + 1000000);
	assert_int_equal(calls, 1);
}

static void test_the_log_is_kept(void **state)
{
	const struct virtio_platform *platform = fake_platform();

	(void)state;
	platform->log(platform->context, VIRTIO_LOG_ERROR, "net at 00:03.0: gone");
	platform->log(platform->context, VIRTIO_LOG_INFO, "second line");
	assert_int_equal(fake_platform_log_count(), 2);
	assert_true(fake_platform_logged("00:03.0"));
	assert_false(fake_platform_logged("third"));
	assert_string_equal(fake_platform_log_last(), "second line");
}

static void test_registers_are_mapped_where_there_is_a_window(void **state)
{
	const struct virtio_platform *platform = fake_platform();
	uint8_t registers[64];

	(void)state;
	fake_platform_window(0xfe000000, registers, sizeof registers);
	assert_ptr_equal(platform->map_device(platform->context, 0xfe000010, 0x30), registers + 0x10);
	assert_null(platform->map_device(platform->context, 0xfe000010, 0x31));
	assert_null(platform->map_device(platform->context, 0xfdffffff, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_memory_is_aligned_and_full_of_rubbish),
		TEST(test_device_addresses_lead_back_to_memory),
		TEST(test_private_memory_is_out_of_the_devices_reach),
		TEST(test_the_nth_allocation_fails),
		TEST(test_the_clock_moves_and_waiting_ends),
		TEST(test_the_machine_stands_still_once),
		TEST(test_the_log_is_kept),
		TEST(test_registers_are_mapped_where_there_is_a_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
