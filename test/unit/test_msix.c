/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/msix.c and libvirtio/transport/pci_msix.c: filling the table, switching MSI-X on and off. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/msix.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

#define CONTROL 2
#define TABLE 4

static struct fake_virtio_pci fake;
static struct fake_msix msix;
static struct virtio_device device;
static struct virtio_queue queues[2];
static struct virtio_msix_message messages[FAKE_MSIX_MOST];

static void make_messages(void)
{
	for (unsigned i = 0; i < FAKE_MSIX_MOST; i++)
		messages[i] = (struct virtio_msix_message){0xfee00000 | (uint64_t)i << 32, 0x4000 + i};
}

static void open_modern(unsigned entries)
{
	make_messages();
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	if (entries)
		fake_msix_start(&msix, fake.function, entries);
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
}

static void open_legacy(unsigned entries)
{
	make_messages();
	fake_virtio_pci_start_legacy(&fake, VIRTIO_ID_NET, 0);
	fake_msix_start(&msix, fake.function, entries);
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
}

static void attach(void)
{
	assert_int_equal(virtio_device_begin(&device, 0, 0, NULL), 0);
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(virtio_device_add_queue(&device, &queues[i], i, 16, 1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void assert_sends(unsigned vector)
{
	struct virtio_msix_message message;

	assert_true(fake_msix_send(&msix, vector, &message));
	assert_true(message.address == messages[vector].address);
	assert_int_equal(message.data, messages[vector].data);
}

static void assert_silent(unsigned vector)
{
	struct virtio_msix_message message;

	assert_false(fake_msix_send(&msix, vector, &message));
}

static void each_queue_and_the_configuration_have_a_vector(void)
{
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	assert_true(device.msix);
	attach();
	assert_true(device.msix);
	assert_int_equal(fake.config_vector, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fake.queues[i].vector, i + 1);
		assert_int_equal(queues[i].vector, i + 1);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_sends(i);
	detach();
	for (unsigned i = 0; i < 3; i++)
		assert_silent(i);
	attach(); /* again */
	assert_int_equal(fake.queues[1].vector, 2);
	assert_sends(2);
	detach();
}

static void test_modern_queues_and_configuration_have_a_vector_each(void **state)
{
	(void)state;
	open_modern(3);
	each_queue_and_the_configuration_have_a_vector();
}

static void test_legacy_queues_and_configuration_have_a_vector_each(void **state)
{
	(void)state;
	open_legacy(3);
	each_queue_and_the_configuration_have_a_vector();
}

/* PCI-23, PCI-24: the fake fails on entries outside the table */
static void test_tables_of_all_sizes_are_used_as_far_as_they_go(void **state)
{
	static const unsigned sizes[] = {1, 2, 3, 4, 2048};

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		unsigned used = sizes[i] < 4 ? sizes[i] : 4;

		open_modern(sizes[i]);
		assert_int_equal(virtio_pci_msix_vectors(&device.function), sizes[i]);
		assert_int_equal(virtio_pci_use_msix(&device, messages, 4), used);
		attach();
		for (unsigned vector = 0; vector < sizes[i]; vector++) {
			if (vector < used)
				assert_sends(vector);
			else
				assert_silent(vector);
		}
		detach();
	}
}

static void test_too_few_vectors_are_shared(void **state)
{
	(void)state;
	open_modern(8);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 2), 2);
	attach();
	assert_int_equal(fake.config_vector, 0);
	assert_int_equal(queues[0].vector, 1);
	assert_int_equal(queues[1].vector, 1);
	detach();
	assert_int_equal(virtio_pci_use_msix(&device, messages, 1), 1);
	attach();
	assert_int_equal(fake.config_vector, 0);
	assert_int_equal(queues[0].vector, 0);
	assert_int_equal(queues[1].vector, 0);
	assert_silent(1); /* it had a message before */
	detach();
}

static void test_entries_that_somebody_left_open_are_masked(void **state)
{
	(void)state;
	open_modern(4);
	msix.table[3][3] &= ~1u;
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	attach();
	assert_silent(3);
	detach();
}

/* PCIL-03 */
static void test_the_configuration_of_a_legacy_device_moves_with_msix(void **state)
{
	uint32_t value;

	(void)state;
	open_legacy(3);
	fake_region_store(fake.config, 4, 0x12345678);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
		attach();
		assert_int_equal(virtio_device_config32(&device, 0, &value), 0);
		assert_int_equal(value, 0x12345678);
		assert_int_equal(fake_region_accesses(&fake.registers, false, 24), 1);
		detach();
		fake_region_forget(&fake.registers);
		virtio_pci_use_intx(&device);
		assert_false(device.msix);
		assert_false(fake_msix_enabled(&msix));
		attach();
		assert_int_equal(virtio_device_config32(&device, 0, &value), 0);
		assert_int_equal(value, 0x12345678);
		assert_int_equal(fake_region_accesses(&fake.registers, false, 20), 1);
		detach();
		fake_region_forget(&fake.registers);
	}
}

static void test_between_enabling_and_attach_nothing_is_sent(void **state)
{
	(void)state;
	open_modern(3);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	assert_true(fake_msix_enabled(&msix));
	assert_true(fake_msix_masked(&msix));
	assert_silent(0);
	assert_int_equal(fake.registers.count, 0); /* and the device's registers are not touched */
}

/* PCI-25, PCI-26: a vector that does not read back is not used */
static void refused_vectors_end_in_intx(void)
{
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	fake.refuses_vectors = true;
	attach();
	assert_false(device.msix);
	assert_false(fake_msix_enabled(&msix));
	assert_int_equal(queues[0].vector, VIRTIO_NO_VECTOR);
	assert_true(fake_platform_logged("net at 00:03.0: no vector to interrupt with: INTx instead of MSI-X"));
	fake.isr = VIRTIO_INTERRUPT_QUEUE;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	uint8_t value;
	assert_int_equal(virtio_device_config8(&device, 0, &value), 0); /* where it is without MSI-X */
	detach();
}

static void test_a_modern_device_that_refuses_vectors_uses_intx(void **state)
{
	(void)state;
	open_modern(3);
	refused_vectors_end_in_intx();
}

static void test_a_legacy_device_that_refuses_vectors_uses_intx(void **state)
{
	(void)state;
	open_legacy(3);
	refused_vectors_end_in_intx();
}

static void assert_unusable(int error)
{
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), error);
	assert_false(device.msix);
	assert_false(fake_msix_enabled(&msix));
	attach(); /* with INTx */
	assert_int_equal(queues[0].vector, VIRTIO_NO_VECTOR);
	detach();
}

static void change_table(uint32_t place)
{
	fake_region_store(&fake.function->config[fake.function->msix + TABLE], 4, place);
}

/* PCI-24 */
static void test_a_table_outside_its_bar_is_not_used(void **state)
{
	(void)state;
	open_modern(2048);
	change_table(0x8008 | FAKE_MSIX_BAR); /* the last 8 bytes are beyond */
	assert_unusable(VIRTIO_ERR_PROTOCOL);
	change_table(0xfffffff8u | FAKE_MSIX_BAR);
	assert_unusable(VIRTIO_ERR_PROTOCOL);
	change_table(2); /* no such BAR */
	assert_unusable(VIRTIO_ERR_PROTOCOL);
	change_table(5); /* the upper half of BAR 4 */
	assert_unusable(VIRTIO_ERR_PROTOCOL);
	change_table(7);
	assert_unusable(VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at 00:03.0: its MSI-X table cannot be reached: VIRTIO_ERR_PROTOCOL"));
}

static void test_a_table_that_cannot_be_mapped_is_not_used(void **state)
{
	(void)state;
	open_modern(3);
	fake_region_store(&fake.function->config[0x14], 4, 0); /* BAR 1 is not assigned */
	assert_unusable(VIRTIO_ERR_UNSUPPORTED);
}

static void test_without_the_capability_there_is_no_msix(void **state)
{
	(void)state;
	open_modern(0);
	assert_int_equal(virtio_pci_msix_vectors(&device.function), 0);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), VIRTIO_ERR_UNSUPPORTED);
	virtio_pci_use_intx(&device);
	assert_false(device.msix);
}

static void test_no_messages_and_the_wrong_time_are_refused(void **state)
{
	(void)state;
	open_modern(3);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	attach();
	assert_int_equal(virtio_pci_use_msix(&device, messages, 1), VIRTIO_ERR_BUSY);
	assert_true(device.msix);
	assert_int_equal(queues[1].vector, 2);
	detach();
}

static void test_msix_that_firmware_left_on_is_taken_over_or_switched_off(void **state)
{
	(void)state;
	open_modern(3);
	fake.function->config[fake.function->msix + CONTROL + 1] = 0x80;
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
	assert_true(device.msix);
	virtio_pci_use_intx(&device);
	assert_false(device.msix);
	assert_false(fake_msix_enabled(&msix));
	fake.function->config[fake.function->msix + CONTROL + 1] = 0x80;
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), 3);
	attach();
	assert_sends(1);
	detach();
}

static void test_intx_is_allowed_while_attached_only(void **state)
{
	(void)state;
	open_modern(0);
	fake.function->config[5] |= 4; /* firmware forbade it */
	attach();
	assert_int_equal(fake.function->config[5] & 4, 0);
	detach();
	assert_int_equal(fake.function->config[5] & 4, 4);
}

static void *(*whole_map)(void *context, uint64_t physical_address, uint64_t length);

static void *map_and_hide(void *context, uint64_t physical_address, uint64_t length)
{
	fake_pci_set_bar(fake.function, 0, FAKE_PCI_NO_BAR, 0, 0, NULL);
	return whole_map(context, physical_address, length);
}

/* The table is found, and then the registers are not any more. */
static void test_a_device_that_is_lost_as_msix_goes_on_is_told(void **state)
{
	(void)state;
	open_legacy(3);
	whole_map = fake_platform()->map_device;
	fake_platform()->map_device = map_and_hide;
	assert_true(virtio_pci_use_msix(&device, messages, 3) < 0);
	assert_false(device.msix);
	assert_true(fake_platform_logged("lost without MSI-X"));
}

static void test_a_device_that_is_live_without_virtqueues_keeps_its_interrupts(void **state)
{
	(void)state;
	open_modern(3);
	assert_int_equal(virtio_device_begin(&device, 0, 0, NULL), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), VIRTIO_ERR_BUSY);
	detach();
}

/* The registers were found by capabilities without it. */
static void test_a_capability_that_appears_later_is_not_used(void **state)
{
	(void)state;
	open_modern(0);
	fake_msix_start(&msix, fake.function, 3);
	assert_int_equal(virtio_pci_use_msix(&device, messages, 3), VIRTIO_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modern_queues_and_configuration_have_a_vector_each),
		TEST(test_legacy_queues_and_configuration_have_a_vector_each),
		TEST(test_tables_of_all_sizes_are_used_as_far_as_they_go),
		TEST(test_too_few_vectors_are_shared),
		TEST(test_entries_that_somebody_left_open_are_masked),
		TEST(test_the_configuration_of_a_legacy_device_moves_with_msix),
		TEST(test_between_enabling_and_attach_nothing_is_sent),
		TEST(test_a_modern_device_that_refuses_vectors_uses_intx),
		TEST(test_a_legacy_device_that_refuses_vectors_uses_intx),
		TEST(test_a_table_outside_its_bar_is_not_used),
		TEST(test_a_table_that_cannot_be_mapped_is_not_used),
		TEST(test_without_the_capability_there_is_no_msix),
		TEST(test_no_messages_and_the_wrong_time_are_refused),
		TEST(test_msix_that_firmware_left_on_is_taken_over_or_switched_off),
		TEST(test_intx_is_allowed_while_attached_only),
		TEST(test_a_device_that_is_lost_as_msix_goes_on_is_told),
		TEST(test_a_device_that_is_live_without_virtqueues_keeps_its_interrupts),
		TEST(test_a_capability_that_appears_later_is_not_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
