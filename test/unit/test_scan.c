/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/scan.c: finding functions, and what they are. */
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/pci.h"

#define REVISION 0x08
#define HEADER_TYPE 0x0e
#define MULTIFUNCTION 0x80
#define SUBSYSTEM 0x2e
#define MOST 20

static uint16_t found[MOST];
static struct virtio_pci_function last;

static int setup(void **state)
{
	(void)state;
	fake_pci_start();
	return 0;
}

static unsigned search(const struct virtio_pci_access *access)
{
	unsigned count = 0;

	for (last = virtio_pci_first(access); virtio_pci_next(&last); count++) {
		assert_true(count < MOST);
		found[count] = last.address;
	}
	assert_false(virtio_pci_next(&last)); /* and so it stays */
	return count;
}

static unsigned search_all(void)
{
	struct virtio_pci_access access = fake_pci_access();
	return search(&access);
}

static void test_an_empty_bus_ends_quickly(void **state)
{
	(void)state;
	assert_int_equal(search_all(), 0);
	assert_true(fake_pci_accesses() <= 32);
}

static void test_devices_are_found_in_order(void **state)
{
	(void)state;
	fake_pci_add(0x00f8, 0x8086, 2);
	fake_pci_add(0x0000, 0x8086, 1);
	fake_pci_add(0x0018, 0x1af4, 0x1000);
	assert_int_equal(search_all(), 3);
	assert_int_equal(found[0], 0x0000);
	assert_int_equal(found[1], 0x0018);
	assert_int_equal(found[2], 0x00f8);
}

static void test_functions_1_to_7_are_looked_for_where_the_header_says_so(void **state)
{
	(void)state;
	fake_pci_add(0x0008, 0x8086, 1)->config[HEADER_TYPE] = MULTIFUNCTION;
	fake_pci_add(0x000a, 0x8086, 2);
	fake_pci_add(0x000f, 0x8086, 3);
	fake_pci_add(0x0010, 0x8086, 4);
	fake_pci_add(0x0011, 0x8086, 5); /* a ghost: function 0 says that it is alone */
	fake_pci_add(0x0019, 0x8086, 6); /* another: there is no function 0 */
	assert_int_equal(search_all(), 4);
	assert_int_equal(found[1], 0x000a);
	assert_int_equal(found[2], 0x000f);
	assert_int_equal(found[3], 0x0010);
}

static void test_the_bit_of_one_function_does_not_count_for_the_next_device(void **state)
{
	(void)state;
	fake_pci_add(0x0008, 0x8086, 1)->config[HEADER_TYPE] = MULTIFUNCTION;
	fake_pci_add(0x000f, 0x8086, 2)->config[HEADER_TYPE] = MULTIFUNCTION;
	fake_pci_add(0x0010, 0x8086, 3);
	fake_pci_add(0x0012, 0x8086, 4);
	assert_int_equal(search_all(), 3);
}

static void test_buses_behind_bridges_are_searched(void **state)
{
	(void)state;
	fake_pci_make_bridge(fake_pci_add(0x0010, 0x8086, 1), 3);
	fake_pci_make_bridge(fake_pci_add(0x0018, 0x8086, 2), 1);
	fake_pci_add(0x0100, 0x1af4, 0x1041);
	fake_pci_make_bridge(fake_pci_add(0x0308, 0x8086, 3), 255);
	fake_pci_add(0xff00, 0x1af4, 0x1042);
	fake_pci_add(0x0200, 0x1af4, 0x1043); /* behind no bridge */
	assert_int_equal(search_all(), 5);
	assert_int_equal(found[2], 0x0100);
	assert_int_equal(found[3], 0x0308);
	assert_int_equal(found[4], 0xff00);
	assert_true(fake_pci_accesses() < 200);
}

static void test_bridges_that_lead_backwards_do_not_loop(void **state)
{
	(void)state;
	fake_pci_make_bridge(fake_pci_add(0x0010, 0x8086, 1), 1);
	fake_pci_make_bridge(fake_pci_add(0x0100, 0x8086, 2), 1);
	fake_pci_make_bridge(fake_pci_add(0x0108, 0x8086, 3), 0); /* firmware did not number it */
	assert_int_equal(search_all(), 3);
}

static void test_a_search_stays_within_the_reach_of_its_access(void **state)
{
	(void)state;
	struct virtio_pci_access access = fake_pci_access();
	fake_pci_add(0x0000, 0x8086, 1);
	fake_pci_add(0x4000, 0x8086, 2);
	fake_pci_make_bridge(fake_pci_add(0x4008, 0x8086, 3), 0x50);
	fake_pci_add(0x5000, 0x8086, 4);
	access.first_bus = 0x40;
	access.last_bus = 0x4f;
	assert_int_equal(search(&access), 2);
	assert_int_equal(found[0], 0x4000);
}

static uint32_t type_of(uint16_t vendor, uint16_t device, uint16_t subsystem)
{
	struct virtio_pci_function function = {.vendor = vendor, .device = device, .subsystem = subsystem};
	return virtio_pci_type(&function);
}

/* PCI-03: a transitional device has 0, a modern one 1 or more. */
static void test_the_revision_does_not_matter(void **state)
{
	(void)state;
	static const uint8_t revisions[] = {0, 1, 2, 0xff};
	for (uint16_t i = 0; i < sizeof revisions; i++)
		fake_pci_add((uint16_t)(i << 3u), 0x1af4, 0x1041)->config[REVISION] = revisions[i];
	assert_int_equal(search_all(), sizeof revisions);
}

/* PCI-01, PCI-02 */
static void test_the_type_is_told_by_the_device_number(void **state)
{
	(void)state;
	assert_int_equal(type_of(0x1af4, 0x1041, 0x1100), VIRTIO_ID_NET);
	assert_int_equal(type_of(0x1af4, 0x1042, 2), VIRTIO_ID_BLOCK);
	assert_int_equal(type_of(0x1af4, 0x1053, 0), VIRTIO_ID_VSOCK);
	assert_int_equal(type_of(0x1af4, 0x107f, 0), 63);
	assert_int_equal(type_of(0x1af4, 0x1000, 1), VIRTIO_ID_NET);
	assert_int_equal(type_of(0x1af4, 0x1001, 2), VIRTIO_ID_BLOCK);
	assert_int_equal(type_of(0x1af4, 0x1003, 0x1100), VIRTIO_ID_CONSOLE);
	assert_int_equal(type_of(0x1af4, 0x1005, 4), VIRTIO_ID_ENTROPY);
	assert_int_equal(type_of(0x1af4, 0x1009, 9), VIRTIO_ID_9P);
	assert_int_equal(type_of(0x1af4, 0x1020, 19), VIRTIO_ID_VSOCK); /* unknown number: the subsystem tells */
}

static void test_others_are_no_virtio_devices(void **state)
{
	(void)state;
	assert_int_equal(type_of(0x8086, 0x1041, 1), 0);
	assert_int_equal(type_of(0x1af4, 0x1040, 1), 0);
	assert_int_equal(type_of(0x1af4, 0x1080, 1), 0);
	assert_int_equal(type_of(0x1af4, 0x0fff, 1), 0);
	assert_int_equal(type_of(0x1af4, 0x1110, 1), 0); /* QEMU's shared memory device */
}

static void test_the_subsystem_is_read_from_devices_only(void **state)
{
	(void)state;
	struct fake_pci_function *device = fake_pci_add(0x0000, 0x1af4, 0x1020);
	fake_region_store(&device->config[SUBSYSTEM], 2, 19);
	struct fake_pci_function *bridge = fake_pci_add(0x0008, 0x1af4, 0x1020);
	fake_pci_make_bridge(bridge, 1);
	fake_region_store(&bridge->config[SUBSYSTEM], 2, 19);
	struct virtio_pci_function function = fake_pci_find(0x0000);
	assert_int_equal(function.subsystem, 19);
	assert_int_equal(virtio_pci_type(&function), 19);
	function = fake_pci_find(0x0008);
	assert_int_equal(virtio_pci_type(&function), 0);
}

static void test_a_vendor_of_0_is_nobody(void **state)
{
	(void)state;
	fake_pci_add(0x0008, 0, 1);
	fake_pci_add(0x0010, 0x8086, 2);
	assert_int_equal(search_all(), 1);
	assert_int_equal(found[0], 0x0010);
}

static void test_a_header_that_nobody_knows_has_no_subsystem(void **state)
{
	struct fake_pci_function *odd = fake_pci_add(0x0008, VIRTIO_PCI_VENDOR, VIRTIO_PCI_TRANSITIONAL_FIRST + 0x20);

	(void)state;
	odd->config[HEADER_TYPE] = 2;
	odd->config[SUBSYSTEM] = 7;
	struct virtio_pci_access access = fake_pci_access();
	last = virtio_pci_first(&access);
	assert_true(virtio_pci_next(&last));
	assert_int_equal(last.subsystem, 0);
	assert_int_equal(virtio_pci_type(&last), 0);
}

/* As later devices do that had no number of their own among these. */
static void test_a_transitional_number_without_a_type_has_it_in_the_subsystem(void **state)
{
	struct fake_pci_function *function = fake_pci_add(0x0008, VIRTIO_PCI_VENDOR, VIRTIO_PCI_TRANSITIONAL_FIRST + 6);

	(void)state;
	function->config[SUBSYSTEM] = 19;
	struct virtio_pci_access access = fake_pci_access();
	last = virtio_pci_first(&access);
	assert_true(virtio_pci_next(&last));
	assert_int_equal(virtio_pci_type(&last), 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_an_empty_bus_ends_quickly, setup),
		cmocka_unit_test_setup(test_devices_are_found_in_order, setup),
		cmocka_unit_test_setup(test_functions_1_to_7_are_looked_for_where_the_header_says_so, setup),
		cmocka_unit_test_setup(test_the_bit_of_one_function_does_not_count_for_the_next_device, setup),
		cmocka_unit_test_setup(test_buses_behind_bridges_are_searched, setup),
		cmocka_unit_test_setup(test_bridges_that_lead_backwards_do_not_loop, setup),
		cmocka_unit_test_setup(test_a_search_stays_within_the_reach_of_its_access, setup),
		cmocka_unit_test_setup(test_the_revision_does_not_matter, setup),
		cmocka_unit_test_setup(test_the_type_is_told_by_the_device_number, setup),
		cmocka_unit_test_setup(test_others_are_no_virtio_devices, setup),
		cmocka_unit_test_setup(test_the_subsystem_is_read_from_devices_only, setup),
		cmocka_unit_test_setup(test_a_vendor_of_0_is_nobody, setup),
		cmocka_unit_test_setup(test_a_header_that_nobody_knows_has_no_subsystem, setup),
		cmocka_unit_test_setup(test_a_transitional_number_without_a_type_has_it_in_the_subsystem, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
