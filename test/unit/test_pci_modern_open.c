/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/pci_modern_open.c: capabilities, also those that make no sense. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

#define LENGTH 12 /* offsets within a capability */
#define OFFSET 8
#define BAR 4
#define CAP_LEN 2
#define TYPE 3

static struct fake_virtio_pci fake;
static struct virtio_device device;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	return 0;
}

static int open_device(void)
{
	return virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all);
}

static void store(unsigned at, unsigned width, uint32_t value)
{
	fake_region_store(&fake.function->config[at], width, value);
}

static void assert_usable(void)
{
	assert_int_equal(open_device(), 0);
	assert_int_equal(virtio_device_begin(&device, 0, 0, NULL), 0); /* the registers are where they should be */
}

static void assert_refused(int error, const char *reason)
{
	assert_int_equal(open_device(), error);
	assert_true(fake_platform_logged(reason));
	assert_true(fake_platform_logged("net at 00:03.0: "));
}

/* All of them, with COMMON bytes of common registers. */
static void assert_found(unsigned common)
{
	assert_usable();
	assert_int_equal(device.common.length, common);
	assert_int_equal(device.isr.length, 1);
	assert_int_equal(device.notify.length, 0x1000);
	assert_int_equal(device.config.length, FAKE_VIRTIO_PCI_CONFIG);
	assert_int_equal(device.notify_multiplier, 4);
	assert_int_equal(device.type, VIRTIO_ID_NET);
	assert_string_equal(device.name, "net at 00:03.0");
}

static void test_each_structure_is_found(void **state)
{
	(void)state;
	assert_found(64);
}

static void test_opening_does_not_touch_the_device(void **state)
{
	(void)state;
	assert_int_equal(open_device(), 0);
	assert_int_equal(fake.registers.count, 0);
}

/* PCI-06, PCI-28: 9 is for debugging */
static void test_reserved_types_are_ignored(void **state)
{
	(void)state;
	static const uint8_t types[] = {0, 6, 8, 9, 255};
	for (unsigned i = 0; i < sizeof types; i++)
		fake_pci_add_virtio(fake.function, types[i], 7, 0xffffffff, 0xffffffff);
	assert_usable();
	assert_int_equal(fake_platform_log_count(), 1); /* that it was opened */
}

/* PCI-06, PCI-28: also where they come first, and name a place that exists. */
static void test_reserved_types_in_front_are_no_other_types(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= 255; type++) {
		if (type >= VIRTIO_PCI_CAP_COMMON_CFG && type <= VIRTIO_PCI_CAP_PCI_CFG)
			continue;
		fake_platform_finish();
		setup(NULL);
		store(FAKE_VIRTIO_PCI_CAP_COMMON + TYPE, 1, type);
		store(FAKE_VIRTIO_PCI_CAP_COMMON + OFFSET, 4, FAKE_VIRTIO_PCI_COMMON + 0x100);
		fake_pci_add_virtio(fake.function, VIRTIO_PCI_CAP_COMMON_CFG, 4, FAKE_VIRTIO_PCI_COMMON, 56);
		assert_found(56);
	}
}

/* PCI-08 */
static void test_the_first_usable_one_of_a_type_counts(void **state)
{
	(void)state;
	fake_pci_add_virtio(fake.function, VIRTIO_PCI_CAP_COMMON_CFG, 4, 0x2000, 0x1000);
	assert_usable();
}

/* PCI-07, PCI-10, HC-02, HC-03, HC-04, HC-05, HC-06 */
static void test_one_that_makes_no_sense_is_passed_over_for_the_next(void **state)
{
	(void)state;
	static const struct {
		unsigned at, width;
		uint32_t value;
		const char *reason;
	} cases[] = {
		{FAKE_VIRTIO_PCI_CAP_COMMON + BAR, 1, 6, "names a BAR that does not exist"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + BAR, 1, 255, "names a BAR that does not exist"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + BAR, 1, 5, "names a BAR that does not exist"}, /* an upper half */
		{FAKE_VIRTIO_PCI_CAP_COMMON + BAR, 1, 1, "names a BAR that does not exist"}, /* not implemented */
		{FAKE_VIRTIO_PCI_CAP_COMMON + BAR, 1, 0, "names a BAR in port space"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + CAP_LEN, 1, 8, "it is too short"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + OFFSET, 4, 2, "its offset is not aligned"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + OFFSET, 4, 0x3004, "reaches past the end of its BAR"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + OFFSET, 4, 0xfffffffc, "reaches past the end of its BAR"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + LENGTH, 4, 0xffffffff, "reaches past the end of its BAR"},
		{FAKE_VIRTIO_PCI_CAP_COMMON + LENGTH, 4, 55, "the structure is too short"},
	};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_platform_finish();
		setup(NULL);
		fake_pci_set_bar(fake.function, 0, FAKE_PCI_IO, 0xc000, 0x100, NULL);
		store(cases[i].at, cases[i].width, cases[i].value);
		assert_refused(VIRTIO_ERR_PROTOCOL, cases[i].reason);
		assert_true(fake_platform_logged("unusable capabilities: common configuration"));
		fake_pci_add_virtio(fake.function, VIRTIO_PCI_CAP_COMMON_CFG, 4, FAKE_VIRTIO_PCI_COMMON, 56);
		assert_usable();
	}
}

/* PCI-07, HC-03: the BAR before it was good, and is not meant */
static void test_a_reserved_bar_is_no_other_bar(void **state)
{
	(void)state;
	store(FAKE_VIRTIO_PCI_CAP_ISR + BAR, 1, 6);
	assert_refused(VIRTIO_ERR_PROTOCOL, "names a BAR that does not exist");
}

/* PCI-09 */
static void test_a_longer_capability_is_as_good(void **state)
{
	(void)state;
	store(FAKE_VIRTIO_PCI_CAP_COMMON + CAP_LEN, 1, 64);
	assert_usable();
}

/* HC-02 */
static void test_a_notify_capability_without_its_multiplier_is_refused(void **state)
{
	(void)state;
	store(FAKE_VIRTIO_PCI_CAP_NOTIFY + CAP_LEN, 1, 16);
	assert_refused(VIRTIO_ERR_PROTOCOL, "unusable capabilities: notification");
}

static void test_a_capability_across_the_end_of_configuration_space_is_passed_over(void **state)
{
	(void)state;
	store(0x34, 1, 0xf8);
	store(0xf8, 4, 0x01100009 | FAKE_VIRTIO_PCI_CAP_COMMON << 8);
	assert_usable();
	assert_true(fake_platform_logged("net at 00:03.0: passing over the capability at 0xf8: it is too short"));
}

/* PCI-11 */
static void test_missing_structures_are_named(void **state)
{
	(void)state;
	store(FAKE_VIRTIO_PCI_CAP_ISR + TYPE, 1, 77);
	assert_refused(VIRTIO_ERR_PROTOCOL, "net at 00:03.0: modern PCI: unusable capabilities: ISR status");
	store(FAKE_VIRTIO_PCI_CAP_NOTIFY + TYPE, 1, 77);
	assert_refused(VIRTIO_ERR_PROTOCOL, "net at 00:03.0: modern PCI: unusable capabilities: notification");
}

/* PCI-32 */
static void test_a_device_may_have_no_configuration(void **state)
{
	(void)state;
	uint8_t byte;
	store(FAKE_VIRTIO_PCI_CAP_DEVICE + TYPE, 1, 77);
	assert_usable();
	assert_null(device.config.ops);
	assert_int_equal(virtio_device_config8(&device, 0, &byte), VIRTIO_ERR_UNSUPPORTED);
}

/* PCI-05 */
static void test_a_modern_number_without_capabilities_is_refused(void **state)
{
	(void)state;
	store(0x34, 1, 0);
	assert_refused(VIRTIO_ERR_PROTOCOL, "unusable capabilities");
}

/* HC-01 */
static void test_a_capability_list_that_loops_is_refused(void **state)
{
	(void)state;
	store(FAKE_VIRTIO_PCI_CAP_DEVICE + 1, 1, FAKE_VIRTIO_PCI_CAP_COMMON);
	assert_refused(
		VIRTIO_ERR_PROTOCOL, "net at 00:03.0: modern PCI: unusable capabilities: the capability list loops");
}

static void test_a_bar_without_an_address_is_out_of_reach(void **state)
{
	(void)state;
	fake_pci_set_bar(fake.function, 4, FAKE_PCI_MEMORY64, 0, FAKE_VIRTIO_PCI_BAR_SIZE, NULL);
	store(FAKE_VIRTIO_PCI_CAP_ACCESS + TYPE, 1, 77);
	assert_refused(VIRTIO_ERR_UNSUPPORTED, "net at 00:03.0: BAR 4 at 0x0 cannot be reached");
	assert_false(fake_pci_decodes_memory(fake.function));
}

static void test_a_bar_that_the_runtime_cannot_map_is_out_of_reach(void **state)
{
	(void)state;
	fake_platform()->map_device = NULL;
	store(FAKE_VIRTIO_PCI_CAP_ACCESS + TYPE, 1, 77);
	assert_refused(VIRTIO_ERR_UNSUPPORTED, "net at 00:03.0: BAR 4 at 0xe000000000 cannot be reached");
}

/* PCI-13: the fake checks each access; more in test_config_window.c */
static void test_what_cannot_be_mapped_is_reached_through_configuration_space(void **state)
{
	(void)state;
	fake_platform()->map_device = NULL;
	assert_usable();
	assert_true(fake_platform_logged(
		"net at 00:03.0: BAR 4 at 0xe000000000 cannot be mapped; going through configuration space, slowly"));
	assert_int_equal(fake_platform_log_count(), 2); /* that, once, and which transport it is */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_structure_is_found),
		TEST(test_opening_does_not_touch_the_device),
		TEST(test_reserved_types_are_ignored),
		TEST(test_reserved_types_in_front_are_no_other_types),
		TEST(test_the_first_usable_one_of_a_type_counts),
		TEST(test_one_that_makes_no_sense_is_passed_over_for_the_next),
		TEST(test_a_reserved_bar_is_no_other_bar),
		TEST(test_a_longer_capability_is_as_good),
		TEST(test_a_notify_capability_without_its_multiplier_is_refused),
		TEST(test_a_capability_across_the_end_of_configuration_space_is_passed_over),
		TEST(test_missing_structures_are_named),
		TEST(test_a_device_may_have_no_configuration),
		TEST(test_a_modern_number_without_capabilities_is_refused),
		TEST(test_a_capability_list_that_loops_is_refused),
		TEST(test_a_bar_without_an_address_is_out_of_reach),
		TEST(test_a_bar_that_the_runtime_cannot_map_is_out_of_reach),
		TEST(test_what_cannot_be_mapped_is_reached_through_configuration_space),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
