/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/pci_legacy.c against a device as strict as bhyve's. */
#include <string.h>

#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"
#include "transport/pci.h"

static struct fake_virtio_pci fake;
static struct virtio_device device;
static struct virtio_queue queue;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_NET, VIRTIO_F_NOTIFY_ON_EMPTY | VIRTIO_F_INDIRECT_DESC | 1);
	return 0;
}

static int open_device(void)
{
	return virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all);
}

static void begin(void)
{
	assert_int_equal(open_device(), 0);
	assert_ptr_equal(device.transport, &virtio_pci_legacy_ops);
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
}

static int add(uint16_t index)
{
	return virtio_device_add_queue(&device, &queue, index, 64, 1);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void submit_one(void)
{
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};
	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
}

static void assert_refused(int error, const char *reason)
{
	assert_int_equal(open_device(), error);
	assert_true(fake_platform_logged(reason));
	assert_true(fake_platform_logged("net at 00:03.0: "));
}

/* PCIL-01, PCIL-06, PCIL-10: the fake checks every access */
static void test_a_device_comes_up_and_goes_down(void **state)
{
	(void)state;
	begin();
	assert_int_equal(fake.status, 3);
	assert_int_equal(add(0), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(fake.status, 7);
	assert_true(fake_pci_masters(fake.function));
	detach();
	assert_int_equal(fake.status, 0);
	assert_false(fake_pci_masters(fake.function));
}

static void test_opening_does_not_touch_the_device(void **state)
{
	(void)state;
	assert_int_equal(open_device(), 0);
	assert_int_equal(fake.registers.count, 0);
	assert_true(fake_pci_decodes_io(fake.function));
	assert_false(fake_pci_decodes_memory(fake.function));
}

/* PCIL-13, PCIL-14 */
static void test_features_are_written_once_even_when_there_are_none(void **state)
{
	(void)state;
	begin();
	assert_int_equal(fake.accepted, VIRTIO_F_INDIRECT_DESC | 1);
	assert_int_equal(fake.accepted_writes, 1);
	fake.offered = 0;
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
	assert_int_equal(fake.accepted, 0);
	assert_int_equal(fake.accepted_writes, 1);
	fake.offered = VIRTIO_F_ANY_LAYOUT | VIRTIO_F_NOTIFY_ON_EMPTY;
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
	assert_int_equal(fake.accepted, VIRTIO_F_ANY_LAYOUT);
	assert_int_equal(virtio_device_ready(&device), 0); /* the fake fails the test if they were not */
}

/* PCIL-07, PCIL-08, PCIL-09 */
static void test_the_ring_is_one_block_of_pages_of_the_size_that_the_device_says(void **state)
{
	(void)state;
	fake_platform_next_address(0x123456000);
	begin();
	assert_int_equal(add(1), 0);
	assert_int_equal(queue.ring.size, 256);
	assert_true(queue.ring.addresses.descriptors >= 0x123456000);
	assert_true(fake.queues[1].addresses[0] == queue.ring.addresses.descriptors / 4096);
	assert_true(queue.ring.addresses.device == queue.ring.addresses.descriptors + 8192);
	detach();
}

/* PCIL-09 */
static void test_a_ring_above_16_tib_is_out_of_reach(void **state)
{
	(void)state;
	fake_platform_next_address(UINT64_C(1) << 44);
	begin();
	assert_int_equal(add(0), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("net at 00:03.0: legacy PCI: a virtqueue lies above 16 TiB"));
	assert_false(fake.queues[0].enabled);
	detach();
}

static void test_a_queue_that_the_device_lacks_is_not_set_up(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(2), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(add(100), VIRTIO_ERR_NO_DEVICE);
	detach();
}

/* HC-17 */
static void test_a_queue_that_survived_the_reset_is_refused(void **state)
{
	(void)state;
	begin();
	fake.queues[0].addresses[0] = 1;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at 00:03.0: legacy PCI: a virtqueue is in use after the reset"));
	detach();
}

static void test_notifications_carry_the_index(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(1), 0);
	submit_one(); /* before DRIVER_OK: the fake fails the test if it arrives */
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(fake.queues[1].notifications, 1);
	submit_one();
	assert_int_equal(fake.queues[1].notifications, 2);
	detach();
}

/* PCIL-03 */
static void test_the_configuration_begins_behind_the_registers_or_the_vectors(void **state)
{
	(void)state;
	uint32_t value;
	fake_region_store(fake.config, 4, 0x12345678);
	begin();
	assert_int_equal(virtio_device_config32(&device, 0, &value), 0);
	assert_int_equal(value, 0x12345678);
	assert_int_equal(fake_region_accesses(&fake.registers, false, 20), 1);

	fake.function->config[fake.function->msix + 3] = 0x80; /* enabled, not merely there */
	begin();
	assert_true(device.msix);
	assert_int_equal(virtio_device_config32(&device, 0, &value), 0);
	assert_int_equal(value, 0x12345678);
	assert_int_equal(fake_region_accesses(&fake.registers, false, 24), 1);
}

/* PCIL-11, PCIL-12: twice, byte by byte; nothing else tells of changes, and the ISR status is not for that. */
static void test_what_has_several_fields_is_read_twice(void **state)
{
	(void)state;
	uint8_t address[6];
	memcpy(fake.config, "\x52\x54\0\1\2\3", 6);
	begin();
	fake_region_forget(&fake.registers);
	assert_int_equal(virtio_device_read_config(&device, 0, address, 6, 1), 0);
	assert_memory_equal(address, fake.config, 6);
	assert_int_equal(fake.registers.count, 12);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(fake_region_accesses(&fake.registers, false, 20 + i), 2);
}

static void test_a_device_without_configuration_is_not_asked_for_one(void **state)
{
	(void)state;
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_ENTROPY, 0);
	assert_int_equal(open_device(), 0);
	assert_string_equal(device.name, "entropy at 00:03.0");
	assert_int_equal(virtio_device_begin(&device, 0, 0, NULL), 0);
	assert_int_equal(add(0), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	submit_one();
	detach();
}

static void test_vectors_are_read_back(void **state)
{
	(void)state;
	fake.function->config[fake.function->msix + 3] = 0x80;
	begin();
	assert_int_equal(virtio_pci_vector_ops.set_config(&device, 2), 0);
	assert_int_equal(fake.config_vector, 2);
	assert_int_equal(add(0), 0);
	assert_int_equal(fake.queues[0].vector, VIRTIO_NO_VECTOR);
	fake.refuses_vectors = true;
	assert_int_equal(virtio_pci_vector_ops.set_config(&device, 2), VIRTIO_ERR_UNSUPPORTED);
	detach();
}

static void test_the_isr_status_is_read_once_an_interrupt(void **state)
{
	(void)state;
	begin();
	assert_int_equal(virtio_device_ready(&device), 0);
	fake.isr = 1;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	assert_int_equal(virtio_device_interrupt(&device), 0);
}

static void test_a_bar_0_that_is_missing_or_memory_is_refused(void **state)
{
	(void)state;
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_NO_BAR, 0, 0, NULL);
	assert_refused(VIRTIO_ERR_PROTOCOL, "legacy PCI: BAR 0 is missing, or not in port space");
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_MEMORY32, 0xfe000000, 0x1000, NULL);
	assert_refused(VIRTIO_ERR_PROTOCOL, "legacy PCI: BAR 0 is missing, or not in port space");
}

static void test_a_bar_0_without_an_address_is_out_of_reach(void **state)
{
	(void)state;
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_IO, 0, 0x40, NULL);
	assert_refused(VIRTIO_ERR_UNSUPPORTED, "legacy PCI: BAR 0 has no address");
	assert_false(fake_pci_decodes_io(fake.function));
}

/* HC-17 */
static void test_a_bar_0_that_is_too_short_is_refused(void **state)
{
	(void)state;
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_IO, FAKE_VIRTIO_PCI_PORTS, 16, NULL);
	assert_refused(VIRTIO_ERR_PROTOCOL, "legacy PCI: BAR 0 is too short");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_comes_up_and_goes_down),
		TEST(test_opening_does_not_touch_the_device),
		TEST(test_features_are_written_once_even_when_there_are_none),
		TEST(test_the_ring_is_one_block_of_pages_of_the_size_that_the_device_says),
		TEST(test_a_ring_above_16_tib_is_out_of_reach),
		TEST(test_a_queue_that_the_device_lacks_is_not_set_up),
		TEST(test_a_queue_that_survived_the_reset_is_refused),
		TEST(test_notifications_carry_the_index),
		TEST(test_the_configuration_begins_behind_the_registers_or_the_vectors),
		TEST(test_what_has_several_fields_is_read_twice),
		TEST(test_a_device_without_configuration_is_not_asked_for_one),
		TEST(test_vectors_are_read_back),
		TEST(test_the_isr_status_is_read_once_an_interrupt),
		TEST(test_a_bar_0_that_is_missing_or_memory_is_refused),
		TEST(test_a_bar_0_without_an_address_is_out_of_reach),
		TEST(test_a_bar_0_that_is_too_short_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
