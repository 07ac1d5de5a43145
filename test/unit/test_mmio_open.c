/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/mmio_open.c: what is in a window, and what is not touched when nothing is. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/mmio.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"
#include "transport/mmio.h"

static struct fake_virtio_mmio fake;
static struct virtio_device device;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_mmio_start(&fake, 2, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	return 0;
}

static int open_device(void)
{
	return virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all);
}

/* ERR-09 */
static void test_the_version_chooses_the_transport(void **state)
{
	(void)state;
	assert_int_equal(open_device(), 0);
	assert_ptr_equal(device.transport, &virtio_mmio_modern_ops);
	assert_int_equal(device.type, VIRTIO_ID_NET);
	assert_string_equal(device.name, "net at mmio 0xd0000000");
	assert_int_equal(device.config.length, FAKE_VIRTIO_MMIO_CONFIG);
	fake.version = 1;
	assert_int_equal(open_device(), 0);
	assert_ptr_equal(device.transport, &virtio_mmio_legacy_ops);
}

/* HM-01: each once, so that it cannot change between two looks */
static void test_opening_only_reads_what_identifies_the_device(void **state)
{
	(void)state;
	assert_int_equal(open_device(), 0);
	assert_int_equal(fake.registers.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(fake.registers.trace[i].write);
		assert_int_equal(fake.registers.trace[i].offset, 4 * i);
	}
}

/* MMIO-01: the fake fails the test if anything else is touched */
static void test_a_wrong_magic_number_is_no_device(void **state)
{
	(void)state;
	static const uint32_t magics[] = {0, UINT32_MAX, 0x76697274, 0x74726977};
	for (unsigned i = 0; i < 4; i++) {
		fake.magic = magics[i];
		assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), 0);
		assert_int_equal(open_device(), VIRTIO_ERR_NO_DEVICE);
		assert_true(fake_platform_logged("virtio at mmio 0xd0000000: there is no virtio device"));
	}
}

/* MMIO-02, HM-01 */
static void test_other_versions_are_ignored(void **state)
{
	(void)state;
	static const uint32_t versions[] = {0, 3, 0x100, UINT32_MAX};
	for (unsigned i = 0; i < 4; i++) {
		fake.version = versions[i];
		assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), 0);
		assert_int_equal(open_device(), VIRTIO_ERR_NO_DEVICE);
		assert_true(fake_platform_logged("and we know 1 and 2"));
	}
}

/* MMIO-03 */
static void test_an_empty_window_is_left_alone_without_a_word(void **state)
{
	(void)state;
	fake.type = 0;
	assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), 0);
	assert_int_equal(open_device(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_the_type_can_be_asked_first(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), VIRTIO_ID_NET);
	fake.version = 1;
	fake.type = 0x12345678;
	assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), 0x12345678);
}

/* HM-01 */
static void test_windows_that_cannot_be_are_refused(void **state)
{
	(void)state;
	static const struct virtio_mmio_window windows[] = {
		{.address = 0xd0000000, .length = 0xff},
		{.address = 0xd0000000, .length = 0},
		{.address = 0xd0000002, .length = 0x200},
		{.address = UINT64_MAX - 0x103, .length = 0x200},
		{.address = 0xd0000000, .length = UINT64_MAX},
	};
	for (unsigned i = 0; i < sizeof windows / sizeof windows[0]; i++) {
		assert_int_equal(virtio_mmio_type(fake_platform(), &windows[i]), 0);
		assert_int_equal(virtio_mmio_open(&device, fake_platform(), &windows[i], &virtio_support_all),
			VIRTIO_ERR_INVALID);
	}
	assert_int_equal(fake.registers.count, 0);
	assert_int_equal(fake_platform_log_count(), sizeof windows / sizeof windows[0]);
}

static void test_a_window_that_cannot_be_mapped_is_refused(void **state)
{
	(void)state;
	struct virtio_mmio_window elsewhere = {.address = 0xe0000000, .length = 0x200};
	assert_int_equal(
		virtio_mmio_open(&device, fake_platform(), &elsewhere, &virtio_support_all), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("virtio at mmio 0xe0000000: cannot be mapped"));
	fake_platform()->map_device = NULL;
	assert_int_equal(virtio_mmio_type(fake_platform(), &fake.window), 0);
	assert_int_equal(open_device(), VIRTIO_ERR_UNSUPPORTED);
}

static void test_a_window_without_configuration_has_none(void **state)
{
	(void)state;
	fake.window.length = VIRTIO_MMIO_CONFIG;
	assert_int_equal(open_device(), 0);
	assert_null(device.config.ops);
}

static void test_transports_of_the_other_bus_do_not_fit(void **state)
{
	(void)state;
	static const struct virtio_transport_ops *const pci_only[] = {
		&virtio_pci_modern_ops, &virtio_pci_legacy_ops, NULL};
	struct virtio_support support = virtio_support_all;
	support.transports = pci_only;
	assert_int_equal(virtio_mmio_open(&device, fake_platform(), &fake.window, &support), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("net at mmio 0xd0000000: no transport that we have fits"));
}

static void test_long_names_are_whole(void **state)
{
	(void)state;
	fake_virtio_mmio_add(&fake, 0x7ffffffffffff000, 2, VIRTIO_ID_BALLOON, VIRTIO_F_VERSION_1);
	assert_int_equal(open_device(), 0);
	assert_string_equal(device.name, "balloon at mmio 0x7ffffffffffff000");
}

static void test_a_runtime_older_than_mapping_cannot_open(void **state)
{
	(void)state;
	fake_platform()->size = offsetof(struct virtio_platform, map_device);
	assert_int_equal(open_device(), VIRTIO_ERR_UNSUPPORTED);
	assert_false(virtio_mmio_present(fake_platform(), &fake.window));
}

static void test_a_window_that_cannot_be_has_nothing_in_it(void **state)
{
	struct virtio_mmio_window odd = fake.window;

	(void)state;
	odd.address += 2;
	assert_false(virtio_mmio_present(fake_platform(), &odd));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_version_chooses_the_transport),
		TEST(test_opening_only_reads_what_identifies_the_device),
		TEST(test_a_wrong_magic_number_is_no_device),
		TEST(test_other_versions_are_ignored),
		TEST(test_an_empty_window_is_left_alone_without_a_word),
		TEST(test_the_type_can_be_asked_first),
		TEST(test_windows_that_cannot_be_are_refused),
		TEST(test_a_window_that_cannot_be_mapped_is_refused),
		TEST(test_a_window_without_configuration_has_none),
		TEST(test_transports_of_the_other_bus_do_not_fit),
		TEST(test_long_names_are_whole),
		TEST(test_a_runtime_older_than_mapping_cannot_open),
		TEST(test_a_window_that_cannot_be_has_nothing_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
