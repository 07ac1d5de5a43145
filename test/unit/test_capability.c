/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/capability.c: lists that devices wrote, also wrong ones. */
#include "pci/capability.h"

#include "fake/cmocka.h"
#include "fake/pci.h"
#include "pci/config.h"

#define ADDRESS 0x0018
#define OTHER 0x05

static struct fake_pci_function *fake;
static struct virtio_pci_function function;

static int setup(void **state)
{
	(void)state;
	fake_pci_start();
	fake = fake_pci_add(ADDRESS, 0x1af4, 0x1041);
	function = fake_pci_find(ADDRESS);
	return 0;
}

/* Walk to the end: how many there were. */
static unsigned walk(struct virtio_pci_capabilities *list, uint8_t id)
{
	unsigned count = 0;

	*list = virtio_pci_capabilities(&function);
	while (virtio_pci_capability_next(list, id)) {
		count++;
		assert_true(count <= 64);
		assert_int_equal(list->offset % 4, 0);
		assert_true(list->offset >= 0x40);
	}
	return count;
}

static void test_capabilities_are_found_by_their_id(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	fake_pci_add_capability(fake, OTHER, 8);
	uint8_t first = fake_pci_add_virtio(fake, 1, 4, 0, 56);
	fake_pci_add_msix(fake, false);
	uint8_t second = fake_pci_add_virtio(fake, 3, 4, 0, 1);
	list = virtio_pci_capabilities(&function);
	assert_true(virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR));
	assert_int_equal(list.offset, first);
	assert_true(virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR));
	assert_int_equal(list.offset, second);
	assert_false(virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR));
	assert_null(list.fault);
	assert_false(virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR));
}

static void test_without_the_status_bit_there_is_no_list(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	fake_pci_add_capability(fake, OTHER, 8);
	fake->config[PCI_STATUS] = 0;
	assert_int_equal(walk(&list, OTHER), 0);
	assert_null(list.fault);
}

/* HC-01 */
static void test_a_list_that_loops_ends(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	uint8_t first = fake_pci_add_capability(fake, OTHER, 8);
	uint8_t second = fake_pci_add_capability(fake, OTHER, 8);
	fake->config[second + 1] = first;
	walk(&list, OTHER);
	assert_string_equal(list.fault, "the capability list loops");
	assert_int_equal(walk(&list, PCI_CAPABILITY_VENDOR), 0);
	assert_string_equal(list.fault, "the capability list loops");
	fake->config[first + 1] = first; /* itself */
	walk(&list, OTHER);
	assert_string_equal(list.fault, "the capability list loops");
}

static void test_a_list_as_long_as_there_is_room_is_no_loop(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	for (unsigned i = 0; i < 48; i++)
		fake_pci_add_capability(fake, OTHER, 4);
	assert_int_equal(walk(&list, OTHER), 48);
	assert_null(list.fault);
}

static void test_a_list_that_points_into_the_header_ends(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	uint8_t first = fake_pci_add_capability(fake, OTHER, 8);
	fake->config[first + 1] = 0x3c;
	assert_int_equal(walk(&list, OTHER), 1);
	assert_string_equal(list.fault, "the capability list points into the header");
}

static void test_reserved_low_bits_of_pointers_are_ignored(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	fake_pci_add_capability(fake, OTHER, 8);
	fake->config[PCI_CAPABILITY_LIST] |= 3; /* the fake fails the test on unaligned reads */
	assert_int_equal(walk(&list, OTHER), 1);
}

static void test_a_device_that_has_gone_has_no_capabilities_for_ever(void **state)
{
	(void)state;
	struct virtio_pci_capabilities list;
	for (unsigned i = 0; i < sizeof fake->config; i++)
		fake->config[i] = 0xff;
	assert_int_equal(walk(&list, PCI_CAPABILITY_VENDOR), 0);
	assert_non_null(list.fault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_capabilities_are_found_by_their_id, setup),
		cmocka_unit_test_setup(test_without_the_status_bit_there_is_no_list, setup),
		cmocka_unit_test_setup(test_a_list_that_loops_ends, setup),
		cmocka_unit_test_setup(test_a_list_as_long_as_there_is_room_is_no_loop, setup),
		cmocka_unit_test_setup(test_a_list_that_points_into_the_header_ends, setup),
		cmocka_unit_test_setup(test_reserved_low_bits_of_pointers_are_ignored, setup),
		cmocka_unit_test_setup(test_a_device_that_has_gone_has_no_capabilities_for_ever, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
