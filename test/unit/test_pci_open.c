/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/pci_open.c: which transport drives what. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

static struct fake_virtio_pci fake;
static struct virtio_device device;

static const struct virtqueue_ops *const rings[] = {&virtqueue_split_ops, NULL};
static const struct virtio_transport_ops *const modern_alone[] = {&virtio_pci_modern_ops, NULL};
static const struct virtio_transport_ops *const legacy_alone[] = {&virtio_pci_legacy_ops, NULL};
static const struct virtio_transport_ops *const nothing[] = {NULL};

static int open_with(const struct virtio_transport_ops *const *transports)
{
	static struct virtio_support support;
	support = (struct virtio_support){.transports = transports, .rings = rings};
	return virtio_pci_open(&device, fake_platform(), &fake.found, &support);
}

static void start_modern(void)
{
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_BLOCK, VIRTIO_F_VERSION_1);
}

static void test_a_modern_device_is_driven_as_modern(void **state)
{
	(void)state;
	start_modern();
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_ptr_equal(device.transport, &virtio_pci_modern_ops);
	assert_int_equal(device.type, VIRTIO_ID_BLOCK);
	assert_string_equal(device.name, "block at 00:03.0");
	assert_true(fake_platform_logged("block at 00:03.0: modern PCI"));
}

/* PCIL-04 */
static void test_a_legacy_device_is_driven_as_legacy(void **state)
{
	(void)state;
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_BLOCK, 0);
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_ptr_equal(device.transport, &virtio_pci_legacy_ops);
	assert_true(fake_platform_logged("block at 00:03.0: legacy PCI"));
}

/* PCIL-02 */
static void test_a_transitional_device_is_driven_as_modern(void **state)
{
	(void)state;
	start_modern();
	fake_region_store(&fake.function->config[2], 2, 0x1001);
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_IO, 0xc040, 0x40, NULL);
	fake_virtio_pci_find(&fake);
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_ptr_equal(device.transport, &virtio_pci_modern_ops);
	assert_int_equal(virtio_device_begin(&device, 0, 0, NULL), 0);
}

/* LEG-06 */
static void test_what_no_transport_fits_is_unsupported(void **state)
{
	(void)state;
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_BLOCK, 0);
	assert_int_equal(open_with(modern_alone), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("block at 00:03.0: no transport that we have fits"));
	assert_true(fake_platform_logged("block at 00:03.0: it is not modern PCI"));
	assert_int_equal(open_with(nothing), VIRTIO_ERR_UNSUPPORTED);
	start_modern();
	assert_int_equal(open_with(legacy_alone), VIRTIO_ERR_UNSUPPORTED);
}

/* PCI-05: the device says what is wrong; it is not tried as something else */
static void test_a_broken_modern_device_is_not_tried_as_legacy(void **state)
{
	(void)state;
	start_modern();
	fake_region_store(&fake.function->config[2], 2, 0x1001);
	fake.function->config[FAKE_VIRTIO_PCI_CAP_ISR + VIRTIO_PCI_CAP_CFG_TYPE] = 77;
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_IO, 0xc040, 0x40, NULL);
	fake_virtio_pci_find(&fake);
	assert_int_equal(open_with(virtio_support_all.transports), VIRTIO_ERR_PROTOCOL);
	assert_ptr_equal(device.transport, &virtio_pci_modern_ops);
}

/* HC-01: what the loop hides nobody knows */
static void test_a_capability_list_that_loops_makes_no_legacy_device(void **state)
{
	(void)state;
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_BLOCK, 0);
	fake.function->config[fake.function->msix + 1] = fake.function->msix;
	assert_int_equal(open_with(virtio_support_all.transports), VIRTIO_ERR_PROTOCOL);
	assert_true(
		fake_platform_logged("block at 00:03.0: modern PCI: unusable capabilities: the capability list loops"));
}

static void test_other_devices_are_refused_by_name(void **state)
{
	(void)state;
	start_modern();
	fake_region_store(&fake.function->config[0], 4, 0x100e8086);
	fake_virtio_pci_find(&fake);
	assert_int_equal(open_with(virtio_support_all.transports), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("PCI at 00:03.0: 8086:100e is not a virtio device"));
}

static void test_names_fit_whatever_the_type_and_place(void **state)
{
	(void)state;
	start_modern();
	fake_pci_add(0xff * 256 + 0xff, 0, 0);
	fake.found.address = 0xffff;
	fake.found.device = 0x1043;
	assert_true(open_with(virtio_support_all.transports) < 0);
	assert_string_equal(device.name, "console at ff:1f.7");
	fake.found.device = 0x1041 + 42;
	assert_true(open_with(virtio_support_all.transports) < 0);
	assert_string_equal(device.name, "virtio at ff:1f.7");
}

static void test_msix_is_noticed_when_it_is_enabled(void **state)
{
	(void)state;
	start_modern();
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_false(device.msix);
	fake_pci_add_msix(fake.function, false);
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_false(device.msix);
	fake.function->config[fake.function->msix + 3] = 0x80;
	assert_int_equal(open_with(virtio_support_all.transports), 0);
	assert_true(device.msix);
}

static void test_each_type_with_a_driver_has_a_name(void **state)
{
	static const struct {
		uint32_t type;
		const char *name;
	} names[] = {{VIRTIO_ID_NET, "net"}, {VIRTIO_ID_BLOCK, "block"}, {VIRTIO_ID_CONSOLE, "console"},
		{VIRTIO_ID_ENTROPY, "entropy"}, {VIRTIO_ID_BALLOON, "balloon"}, {VIRTIO_ID_9P, "9p"},
		{VIRTIO_ID_VSOCK, "vsock"}, {0, "virtio"}, {63, "virtio"}};

	(void)state;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_string_equal(virtio_type_name(names[i].type), names[i].name);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_modern_device_is_driven_as_modern),
		TEST(test_each_type_with_a_driver_has_a_name),
		TEST(test_a_legacy_device_is_driven_as_legacy),
		TEST(test_a_transitional_device_is_driven_as_modern),
		TEST(test_what_no_transport_fits_is_unsupported),
		TEST(test_a_broken_modern_device_is_not_tried_as_legacy),
		TEST(test_a_capability_list_that_loops_makes_no_legacy_device),
		TEST(test_other_devices_are_refused_by_name),
		TEST(test_names_fit_whatever_the_type_and_place),
		TEST(test_msix_is_noticed_when_it_is_enabled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
