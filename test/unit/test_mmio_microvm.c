/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/mmio_microvm.c: QEMU's row of windows, full, short, or missing. */
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"

static uint8_t row[25 * 512]; /* one more than are looked at */
static struct fake_region registers;
static unsigned slots; /* so many are there */

static uint32_t read_row(void *context, uint64_t offset, unsigned width)
{
	(void)context;
	assert_int_equal(width, 4);
	return offset / 512 < slots ? fake_region_load(&row[offset], width) : 0;
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_pci_start();
	registers = (struct fake_region){.length = sizeof row, .read = read_row};
	fake_pci_put_memory(0xfeb00000, &registers);
	for (unsigned slot = 0; slot < 25; slot++) {
		fake_region_store(&row[slot * 512], 4, 0x74726976);
		fake_region_store(&row[slot * 512 + 4], 4, 1);
	}
	return 0;
}

static void check_row(unsigned first_interrupt)
{
	struct virtio_mmio_window window;

	for (unsigned slot = 0; slot < slots; slot++) {
		assert_true(virtio_mmio_microvm(fake_platform(), slot, &window));
		assert_true(window.address == 0xfeb00000 + 512 * slot);
		assert_int_equal(window.length, 512);
		assert_int_equal(window.interrupt, first_interrupt + slot);
	}
	assert_false(virtio_mmio_microvm(fake_platform(), slots, &window));
	assert_false(virtio_mmio_microvm(fake_platform(), UINT32_MAX, &window));
}

static void test_24_slots_on_the_second_io_apic(void **state)
{
	(void)state;
	slots = 24;
	check_row(24);
}

static void test_8_slots_on_the_first_io_apic(void **state)
{
	(void)state;
	slots = 8;
	check_row(5);
}

static void test_no_slot_is_looked_for_behind_the_row(void **state)
{
	(void)state;
	struct virtio_mmio_window window;
	slots = 25;
	assert_true(virtio_mmio_microvm(fake_platform(), 23, &window));
	assert_false(virtio_mmio_microvm(fake_platform(), 24, &window));
}

static void test_another_machine_has_none(void **state)
{
	(void)state;
	struct virtio_mmio_window window;
	slots = 0;
	assert_false(virtio_mmio_microvm(fake_platform(), 0, &window));
	fake_platform()->map_device = NULL;
	assert_false(virtio_mmio_microvm(fake_platform(), 0, &window));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_24_slots_on_the_second_io_apic),
		TEST(test_8_slots_on_the_first_io_apic),
		TEST(test_no_slot_is_looked_for_behind_the_row),
		TEST(test_another_machine_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
