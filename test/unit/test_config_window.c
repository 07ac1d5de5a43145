/* SPDX-License-Identifier: ISC */
/*
 * libvirtio/pci/config_window.c: a device whose BAR cannot be mapped, from attach to detach. The fake bus checks what
 * the capability is aimed at whenever its data is touched (PCI-13).
 */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

static struct fake_virtio_pci fake;
static struct virtio_device device;
static struct virtio_queue queue;

/* A device whose BAR has no address. */
static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1);
	fake_pci_set_bar(fake.function, 4, FAKE_PCI_MEMORY64, 0, FAKE_VIRTIO_PCI_BAR_SIZE, &fake.registers);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
}

/* PCI-13 */
static void test_a_device_without_an_address_is_driven(void **state)
{
	(void)state;
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};
	begin();
	assert_true(fake_platform_logged("net at 00:03.0: BAR 4 at 0x0 has no address; going through configuration"));
	assert_true(fake.accepted == (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1));
	assert_int_equal(virtio_device_add_queue(&device, &queue, 1, 64, 1), 0);
	assert_true(fake.queues[1].addresses[0] == queue.ring.addresses.descriptors);
	assert_true(fake.queues[1].addresses[2] == queue.ring.addresses.device);
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
	assert_int_equal(fake.queues[1].notifications, 1);
	fake.isr = 3;
	assert_int_equal(virtio_device_interrupt(&device), 3);
	assert_true(fake_pci_masters(fake.function));
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake.status, 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_the_configuration_is_read_in_all_widths(void **state)
{
	(void)state;
	uint8_t byte;
	uint16_t half;
	uint64_t value;
	begin();
	for (uint8_t i = 0; i < FAKE_VIRTIO_PCI_CONFIG; i++)
		fake.config[i] = i;
	assert_int_equal(virtio_device_config8(&device, 7, &byte), 0);
	assert_int_equal(byte, 7);
	assert_int_equal(virtio_device_config16(&device, 10, &half), 0);
	assert_int_equal(half, 0x0b0a);
	assert_int_equal(virtio_device_config64(&device, 16, &value), 0);
	assert_true(value == 0x1716151413121110);
}

static void test_a_bar_that_map_device_refuses_is_reached_too(void **state)
{
	(void)state;
	fake_pci_set_bar(fake.function, 4, FAKE_PCI_MEMORY64, UINT64_C(1) << 46, FAKE_VIRTIO_PCI_BAR_SIZE, NULL);
	fake.function->bars[4].registers = &fake.registers;
	begin();
	assert_int_equal(fake.status, 0xb);
	assert_true(fake_platform_logged("net at 00:03.0: BAR 4 at 0x400000000000 cannot be mapped"));
}

static void refuse(void)
{
	assert_int_equal(
		virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.registers.count, 0);
	assert_true(fake_platform_logged("net at 00:03.0: BAR 4 at 0x0 cannot be reached"));
}

static void test_where_nobody_named_it_the_device_is_refused(void **state)
{
	struct virtio_support without = virtio_support_all;

	(void)state;
	without.config_window = NULL;
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &without), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.registers.count, 0);
	assert_true(fake_platform_logged("net at 00:03.0: BAR 4 at 0x0 cannot be reached"));
}

static void test_a_capability_that_is_too_short_is_not_used(void **state)
{
	(void)state;
	fake.function->config[FAKE_VIRTIO_PCI_CAP_ACCESS + VIRTIO_PCI_CAP_LEN] = 19;
	refuse();
}

static void test_a_capability_at_the_end_of_configuration_space_is_not_used(void **state)
{
	(void)state;
	/* The last but one capability leads to a copy whose data would lie beyond. */
	fake.function->config[FAKE_VIRTIO_PCI_CAP_DEVICE + 1] = 0xf0;
	fake.function->config[0xf0] = 9;
	fake.function->config[0xf0 + VIRTIO_PCI_CAP_LEN] = 20;
	fake.function->config[0xf0 + VIRTIO_PCI_CAP_CFG_TYPE] = VIRTIO_PCI_CAP_PCI_CFG;
	refuse();
}

static void test_a_window_past_4_gib_is_out_of_reach(void **state)
{
	(void)state;
	struct virtio_pci_function function = fake.found;
	struct virtio_region region;
	assert_int_equal(virtio_pci_config_window(&function, 4, UINT32_MAX - 3, 3, &region), 0);
	assert_int_equal(virtio_pci_config_window(&function, 4, UINT32_MAX - 3, 4, &region), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_pci_config_window(&function, 4, 4, UINT32_MAX, &region), VIRTIO_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_without_an_address_is_driven),
		TEST(test_the_configuration_is_read_in_all_widths),
		TEST(test_a_bar_that_map_device_refuses_is_reached_too),
		TEST(test_where_nobody_named_it_the_device_is_refused),
		TEST(test_a_capability_that_is_too_short_is_not_used),
		TEST(test_a_capability_at_the_end_of_configuration_space_is_not_used),
		TEST(test_a_window_past_4_gib_is_out_of_reach),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
