/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/assign.c: BARs that firmware left without an address get one, and nobody else's. */
#include "fake/cmocka.h"
#include "fake/pci.h"
#include "pci/bar.h"
#include "pci/config.h"

#define NET 0x0018
#define DISK 0x0020

static const struct virtio_pci_windows windows = {
	.memory = 0xc0000000, .memory_length = 0x100000, .ports = 0xc000, .ports_length = 0x1000};
static struct fake_pci_function *net, *disk;

static int setup(void **state)
{
	(void)state;
	fake_pci_start();
	net = fake_pci_add(NET, 0x1af4, 0x1000);
	disk = fake_pci_add(DISK, 0x1af4, 0x1042);
	return 0;
}

/* FUNCTION as a search finds it when addresses come from WINDOWS. */
static struct virtio_pci_function find(uint16_t address, const struct virtio_pci_windows *from)
{
	struct virtio_pci_function function = fake_pci_find(address);

	virtio_pci_assign_from(&function.access, from);
	return function;
}

/* Decode a BAR, which must have an address then. */
static struct virtio_pci_bar decode(uint16_t address, unsigned number)
{
	struct virtio_pci_function function = find(address, &windows);
	struct virtio_pci_bar bar;

	assert_int_equal(virtio_pci_bar_decode(&function, number, &bar), 0);
	return bar;
}

/* What a BAR holds now, without asking for more. */
static uint32_t held(const struct fake_pci_function *function, unsigned number)
{
	return fake_region_load(&function->config[PCI_BAR0 + 4 * number], 4);
}

static void test_all_bars_of_all_virtio_functions_get_places_of_their_own(void **state)
{
	(void)state;
	fake_pci_set_bar(net, 0, FAKE_PCI_IO, 0, 0x20, NULL);
	fake_pci_set_bar(net, 1, FAKE_PCI_MEMORY32, 0, 0x1000, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	fake_pci_set_bar(disk, 0, FAKE_PCI_IO, 0, 0x80, NULL);
	fake_pci_set_bar(disk, 2, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	assert_true(decode(NET, 4).address == 0xc0004000);
	assert_int_equal(held(net, 0), 0xc000 | 1);
	assert_int_equal(held(net, 1), 0xc0000000);
	assert_int_equal(held(net, 4), 0xc0004000 | 4);
	assert_int_equal(held(net, 5), 0);
	assert_int_equal(held(disk, 0), 0xc080 | 1);
	assert_int_equal(held(disk, 2), 0xc0008000 | 4);
	assert_false(fake_pci_decodes_memory(net));
	assert_false(fake_pci_decodes_io(disk));
}

static void test_addresses_that_firmware_gave_stay_and_nothing_else_is_asked(void **state)
{
	struct virtio_pci_function plain = fake_pci_find(NET);
	struct virtio_pci_bar bar;
	unsigned before;

	(void)state;
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0xe000004000, 0x4000, NULL);
	fake_pci_set_bar(disk, 2, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	before = fake_pci_accesses();
	assert_int_equal(virtio_pci_bar_decode(&plain, 4, &bar), 0);
	unsigned cost = fake_pci_accesses() - before;
	struct virtio_pci_function function = find(NET, &windows);
	before = fake_pci_accesses();
	assert_int_equal(virtio_pci_bar_decode(&function, 4, &bar), 0);
	assert_int_equal(fake_pci_accesses() - before, cost);
	assert_true(bar.address == 0xe000004000);
	assert_int_equal(held(disk, 2), 4);
}

static void test_places_of_other_devices_are_left_alone(void **state)
{
	struct fake_pci_function *video = fake_pci_add(0x0010, 0x1234, 0x1111);
	struct fake_pci_function *unassigned = fake_pci_add(0x0028, 0x1234, 0x1112);

	(void)state;
	fake_pci_set_bar(video, 0, FAKE_PCI_MEMORY32, 0xc0010000, 0x10000, NULL);
	fake_pci_set_bar(video, 1, FAKE_PCI_IO, 0xc100, 0x100, NULL);
	fake_pci_set_bar(video, 2, FAKE_PCI_MEMORY64, 0x8000000000, 0x10000, NULL);
	video->config[PCI_COMMAND] = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
	fake_pci_set_bar(unassigned, 0, FAKE_PCI_MEMORY32, 0, 0x1000, NULL);
	fake_pci_set_bar(net, 0, FAKE_PCI_IO, 0, 0x20, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	assert_true(decode(NET, 4).address == 0xc0020000);
	assert_int_equal(held(net, 0), 0xc200 | 1);
	assert_int_equal(held(video, 0), 0xc0010000);
	assert_int_equal(video->config[PCI_COMMAND], PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	assert_int_equal(held(unassigned, 0), 0);
}

static void test_the_larger_part_of_the_window_is_used(void **state)
{
	struct fake_pci_function *video = fake_pci_add(0x0010, 0x1234, 0x1111);

	(void)state;
	fake_pci_set_bar(video, 0, FAKE_PCI_MEMORY32, 0xc00c0000, 0x40000, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	fake_pci_set_bar(disk, 4, FAKE_PCI_MEMORY64, 0, 0x100000, NULL);
	assert_true(decode(NET, 4).address == 0xc0000000);
	assert_int_equal(held(disk, 4), 4); /* no room */
}

static void test_what_bridges_pass_on_is_left_alone(void **state)
{
	struct fake_pci_function *bridge = fake_pci_add(0x0010, 0x1b36, 0x000c);

	(void)state;
	fake_pci_make_bridge(bridge, 0); /* a bus that nobody numbered */
	fake_region_store(&bridge->config[0x1c], 2, 0xc0c0);
	fake_region_store(&bridge->config[0x20], 4, 0xc000c000);
	fake_region_store(&bridge->config[0x24], 4, 0xc011c021); /* base above limit: closed */
	fake_pci_set_bar(net, 0, FAKE_PCI_IO, 0, 0x20, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	struct virtio_pci_windows larger = windows;
	larger.memory_length = 0x300000;
	larger.ports_length = 0x3000;
	struct virtio_pci_function function = find(NET, &larger);
	struct virtio_pci_bar bar;
	assert_int_equal(virtio_pci_bar_decode(&function, 4, &bar), 0);
	assert_true(bar.address == 0xc0100000);
	assert_int_equal(held(net, 0), 0xd000 | 1);
}

static void test_functions_behind_bridges_stay_without(void **state)
{
	struct fake_pci_function *bridge = fake_pci_add(0x0010, 0x1b36, 0x000c);
	struct fake_pci_function *behind = fake_pci_add(0x0100, 0x1af4, 0x1041);

	(void)state;
	fake_pci_make_bridge(bridge, 1);
	fake_pci_set_bar(behind, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	assert_true(decode(0x0100, 4).address == 0);
	assert_int_equal(held(behind, 4), 4);
}

/* Without a window of the kind, or with one that is too small or not aligned, the BAR stays as it was. */
static void test_what_does_not_fit_stays_without(void **state)
{
	static const struct virtio_pci_windows cases[] = {
		{0},
		{.memory = 0xc0000000, .memory_length = 0x3fff},
		{.memory = 0xc0001000, .memory_length = 0x6fff},
		{.memory = 0xfffff000, .memory_length = 0x1000},
		{.ports = 0xc000, .ports_length = 0x4000},
	};
	struct virtio_pci_bar bar;

	(void)state;
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct virtio_pci_function function = find(NET, &cases[i]);
		assert_int_equal(virtio_pci_bar_decode(&function, 4, &bar), 0);
		assert_true(bar.address == 0 && bar.size == 0x4000);
	}
	struct virtio_pci_windows last = {.memory = 0xffffc000, .memory_length = 0x4000};
	struct virtio_pci_function function = find(NET, &last);
	assert_int_equal(virtio_pci_bar_decode(&function, 4, &bar), 0);
	assert_true(bar.address == 0xffffc000);
}

/* A device that stands where the window begins, before it, or behind it; and one that the window is too small for. */
static void test_only_what_lies_in_the_window_takes_from_it(void **state)
{
	static const struct {
		uint64_t address;
		uint64_t given;
	} cases[] = {{0xc0000000, 0xc0010000}, {0xbfff0000, 0xc0000000}, {0xc0100000, 0xc0000000},
		{0x80000000, 0xc0000000}, {0xd0000000, 0xc0000000}};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		setup(state);
		struct fake_pci_function *video = fake_pci_add(0x0010, 0x1234, 0x1111);
		fake_pci_set_bar(video, 0, FAKE_PCI_MEMORY32, cases[i].address, 0x10000, NULL);
		fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
		fake_pci_set_bar(disk, 4, FAKE_PCI_MEMORY64, 0, 0x200000, NULL);
		assert_true(decode(NET, 4).address == cases[i].given);
		assert_int_equal(held(disk, 4), 4);
	}
}

static void test_a_window_that_is_all_taken_gives_nothing(void **state)
{
	struct virtio_pci_windows small = windows;
	struct fake_pci_function *video = fake_pci_add(0x0010, 0x1234, 0x1111);
	struct virtio_pci_bar bar;

	(void)state;
	small.memory_length = 0x10000;
	fake_pci_set_bar(video, 0, FAKE_PCI_MEMORY32, 0xc0000000, 0x10000, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	struct virtio_pci_function function = find(NET, &small);
	assert_int_equal(virtio_pci_bar_decode(&function, 4, &bar), 0);
	assert_int_equal(bar.address, 0);
}

/* Its BARs have addresses: they stay as they are. */
static void test_only_bars_without_an_address_get_one(void **state)
{
	(void)state;
	fake_pci_set_bar(disk, 0, FAKE_PCI_IO, 0xd000, 0x80, NULL);
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	assert_true(decode(NET, 4).address == 0xc0000000);
	assert_int_equal(held(disk, 0), 0xd000 | 1);
}

/* A header with a layout that is neither a device's nor a bridge's tells of nothing that is taken. */
static void test_a_header_that_nobody_knows_takes_nothing(void **state)
{
	struct fake_pci_function *odd = fake_pci_add(0x0010, 0x1234, 0x1111);

	(void)state;
	fake_pci_set_bar(odd, 0, FAKE_PCI_MEMORY32, 0xc0000000, 0x10000, NULL);
	odd->config[PCI_HEADER_TYPE] = 2;
	fake_pci_set_bar(net, 4, FAKE_PCI_MEMORY64, 0, 0x4000, NULL);
	assert_true(decode(NET, 4).address == 0xc0000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_all_bars_of_all_virtio_functions_get_places_of_their_own, setup),
		cmocka_unit_test_setup(test_addresses_that_firmware_gave_stay_and_nothing_else_is_asked, setup),
		cmocka_unit_test_setup(test_places_of_other_devices_are_left_alone, setup),
		cmocka_unit_test_setup(test_the_larger_part_of_the_window_is_used, setup),
		cmocka_unit_test_setup(test_what_bridges_pass_on_is_left_alone, setup),
		cmocka_unit_test_setup(test_functions_behind_bridges_stay_without, setup),
		cmocka_unit_test_setup(test_what_does_not_fit_stays_without, setup),
		cmocka_unit_test_setup(test_only_what_lies_in_the_window_takes_from_it, setup),
		cmocka_unit_test_setup(test_a_window_that_is_all_taken_gives_nothing, setup),
		cmocka_unit_test_setup(test_only_bars_without_an_address_get_one, setup),
		cmocka_unit_test_setup(test_a_header_that_nobody_knows_takes_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
