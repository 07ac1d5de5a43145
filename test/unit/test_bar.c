/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/bar.c and bar_ports.c: what BARs tell, and reaching what is behind them. */
#include "pci/bar.h"

#include "fake/cmocka.h"
#include "fake/pci.h"
#include "fake/platform.h"
#include "pci/config.h"

#define ADDRESS 0x0018

static struct fake_pci_function *fake;
static struct virtio_pci_function function;
static struct virtio_pci_bar bar;
static uint8_t behind[64];

static uint32_t read_behind(void *context, uint64_t offset, unsigned width)
{
	(void)context;
	return fake_region_load(&behind[offset], width);
}

static struct fake_region registers;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_pci_start();
	fake = fake_pci_add(ADDRESS, 0x1af4, 0x1041);
	function = fake_pci_find(ADDRESS);
	registers = (struct fake_region){.length = sizeof behind, .read = read_behind};
	for (uint8_t i = 0; i < sizeof behind; i++)
		behind[i] = i;
	return 0;
}

static void assert_bar(unsigned number, enum fake_pci_kind kind, uint64_t address, uint64_t size)
{
	fake_pci_set_bar(fake, number, kind, address, size, NULL);
	uint64_t before = fake_region_load(&fake->config[PCI_BAR0 + 4 * number], 4);
	assert_int_equal(virtio_pci_bar_decode(&function, number, &bar), 0);
	assert_int_equal(bar.io, kind == FAKE_PCI_IO);
	assert_true(bar.address == address);
	assert_true(bar.size == size);
	assert_int_equal(fake_region_load(&fake->config[PCI_BAR0 + 4 * number], 4), before);
}

/* PCI-29 */
static void test_each_kind_of_bar_is_told_with_its_size(void **state)
{
	(void)state;
	assert_bar(0, FAKE_PCI_IO, 0xc000, 0x20);
	assert_bar(1, FAKE_PCI_MEMORY32, 0xfebd1000, 0x1000);
	assert_bar(2, FAKE_PCI_MEMORY64, 0xfe000000, 0x4000);
	assert_bar(4, FAKE_PCI_MEMORY64, 0xe000004000, 0x4000);
}

static void test_bars_of_4_gib_and_more_have_their_size_in_the_upper_half(void **state)
{
	(void)state;
	assert_bar(0, FAKE_PCI_MEMORY64, 0x800000000000, UINT64_C(1) << 40);
	assert_bar(2, FAKE_PCI_MEMORY64, 0x100000000, UINT64_C(1) << 32);
	assert_bar(4, FAKE_PCI_MEMORY32, 0x80000000, UINT64_C(1) << 31);
}

static void test_a_bar_that_was_not_assigned_has_address_0(void **state)
{
	(void)state;
	assert_bar(0, FAKE_PCI_MEMORY64, 0, 0x4000);
	struct virtio_region region;
	fake_pci_put_memory(0x4000, &registers);
	fake_platform_window(0, (void *)(uintptr_t)0x4000, 0x4000); /* a runtime that maps what is at 0 */
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 0, 64, &region), VIRTIO_ERR_UNSUPPORTED);
	assert_false(fake_pci_decodes_memory(fake));
}

static void test_the_last_bar_has_32_bits(void **state)
{
	(void)state;
	assert_bar(5, FAKE_PCI_MEMORY32, 0xfebd0000, 0x1000);
	assert_bar(5, FAKE_PCI_IO, 0xc000, 0x20);
}

/* HC-03 */
static void test_what_is_no_bar_is_refused(void **state)
{
	(void)state;
	fake_pci_set_bar(fake, 1, FAKE_PCI_MEMORY64, 0xe000000000, 0x4000, NULL);
	fake_pci_set_bar(fake, 5, FAKE_PCI_MEMORY64, 0xfe000000, 0x1000, NULL); /* its upper half is nowhere */
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), VIRTIO_ERR_PROTOCOL); /* not implemented */
	assert_int_equal(virtio_pci_bar_decode(&function, 2, &bar), VIRTIO_ERR_PROTOCOL); /* an upper half */
	assert_int_equal(virtio_pci_bar_decode(&function, 5, &bar), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_pci_bar_decode(&function, 6, &bar), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_pci_bar_decode(&function, 255, &bar), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_pci_bar_decode(&function, 1, &bar), 0);
}

/* A runtime may add the length to the address, and so did we. */
static void test_a_bar_that_passes_the_end_of_memory_is_refused(void **state)
{
	(void)state;
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY64, UINT64_MAX - 0xfff, 0x4000, NULL);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), VIRTIO_ERR_PROTOCOL);
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY64, UINT64_MAX - 0x3fff, 0x4000, NULL);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
}

static void test_decoding_is_off_while_measuring_and_then_as_before(void **state)
{
	(void)state;
	fake->config[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_BUS_MASTER;
	assert_bar(0, FAKE_PCI_IO, 0xc000, 0x20); /* the fake fails the test if decoding is on */
	assert_int_equal(fake->config[PCI_COMMAND], 7);
	fake->config[PCI_COMMAND] = PCI_COMMAND_MEMORY;
	assert_bar(1, FAKE_PCI_MEMORY32, 0xfebd1000, 0x1000);
	assert_int_equal(fake->config[PCI_COMMAND], PCI_COMMAND_MEMORY);
}

/* PCI-30 */
static void test_mapping_turns_on_decoding_of_that_kind(void **state)
{
	(void)state;
	struct virtio_region region;
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY64, 0xe000000000, sizeof behind, &registers);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 16, 8, &region), 0);
	assert_true(fake_pci_decodes_memory(fake));
	assert_false(fake_pci_decodes_io(fake));
	assert_int_equal(region.length, 8);
	assert_int_equal(virtio_region_read8(&region, 1), 17);
}

/* HC-04 */
static void test_what_reaches_past_the_end_is_not_mapped(void **state)
{
	(void)state;
	static const uint64_t cases[][2] = {{0, 65}, {64, 1}, {65, 0}, {UINT64_MAX, 2}, {2, UINT64_MAX}};
	struct virtio_region region;
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY32, 0xfe000000, sizeof behind, &registers);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
			virtio_pci_bar_map(&function, &bar, fake_platform(), cases[i][0], cases[i][1], &region),
			VIRTIO_ERR_PROTOCOL);
	assert_false(fake_pci_decodes_memory(fake));
}

static void test_what_the_runtime_cannot_map_is_unsupported(void **state)
{
	(void)state;
	struct virtio_region region;
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY32, 0xfe000000, 64, NULL);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 0, 64, &region), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->map_device = NULL;
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 0, 64, &region), VIRTIO_ERR_UNSUPPORTED);
}

static void test_ports_and_memory_are_not_taken_for_each_other(void **state)
{
	(void)state;
	struct virtio_region region;
	fake_pci_set_bar(fake, 0, FAKE_PCI_IO, 0xc000, 64, &registers);
	fake_pci_set_bar(fake, 1, FAKE_PCI_MEMORY32, 0xfe000000, 64, NULL);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 0, 64, &region), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_pci_bar_ports(&function, &bar, &region), 0);
	assert_true(fake_pci_decodes_io(fake));
	assert_int_equal(virtio_region_read16(&region, 2), 0x0302);
	assert_int_equal(virtio_pci_bar_decode(&function, 1, &bar), 0);
	assert_int_equal(virtio_pci_bar_ports(&function, &bar, &region), VIRTIO_ERR_PROTOCOL);
}

static void test_ports_beyond_64_ki_or_nowhere_are_out_of_reach(void **state)
{
	(void)state;
	struct virtio_region region;
	struct virtio_pci_bar far[] = {{.address = 0x10000, .size = 32, .io = true},
		{.address = 0xfffffffc, .size = 4, .io = true}, {.address = 0xfff0, .size = 32, .io = true},
		{.address = 0, .size = 32, .io = true}};
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(virtio_pci_bar_ports(&function, &far[i], &region), VIRTIO_ERR_UNSUPPORTED);
	assert_false(fake_pci_decodes_io(fake));
}

static void test_a_runtime_older_than_mapping_cannot_map(void **state)
{
	struct virtio_region region;

	(void)state;
	fake_pci_set_bar(fake, 0, FAKE_PCI_MEMORY32, 0xfe000000, 0x1000, &registers);
	assert_int_equal(virtio_pci_bar_decode(&function, 0, &bar), 0);
	fake_platform()->size = offsetof(struct virtio_platform, map_device);
	assert_int_equal(virtio_pci_bar_map(&function, &bar, fake_platform(), 0, 16, &region), VIRTIO_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_kind_of_bar_is_told_with_its_size),
		TEST(test_bars_of_4_gib_and_more_have_their_size_in_the_upper_half),
		TEST(test_a_bar_that_was_not_assigned_has_address_0),
		TEST(test_the_last_bar_has_32_bits),
		TEST(test_what_is_no_bar_is_refused),
		TEST(test_a_bar_that_passes_the_end_of_memory_is_refused),
		TEST(test_decoding_is_off_while_measuring_and_then_as_before),
		TEST(test_mapping_turns_on_decoding_of_that_kind),
		TEST(test_what_reaches_past_the_end_is_not_mapped),
		TEST(test_what_the_runtime_cannot_map_is_unsupported),
		TEST(test_ports_and_memory_are_not_taken_for_each_other),
		TEST(test_ports_beyond_64_ki_or_nowhere_are_out_of_reach),
		TEST(test_a_runtime_older_than_mapping_cannot_map),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
