/* SPDX-License-Identifier: ISC */
/* libvirtio/device/interrupt.c: whose interrupt it is, and why. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define BOTH (VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG)

static struct fake_transport fake;

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	return 0;
}

static uint8_t interrupt(uint8_t cause)
{
	fake.interrupt_cause = cause;
	return virtio_device_interrupt(&fake.device);
}

/* PCI-21, PCI-22 */
static void test_the_cause_is_told_and_acknowledged(void **state)
{
	(void)state;
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	assert_int_equal(interrupt(VIRTIO_INTERRUPT_QUEUE), VIRTIO_INTERRUPT_QUEUE);
	assert_int_equal(interrupt(VIRTIO_INTERRUPT_CONFIG), VIRTIO_INTERRUPT_CONFIG);
	assert_int_equal(interrupt(BOTH), BOTH);
	assert_int_equal(virtio_device_interrupt(&fake.device), 0);
}

static void must_not_be_read(struct fake_transport *it, uint32_t offset)
{
	(void)it;
	fail_msg("an interrupt handler reads byte %u of the configuration", offset);
}

static unsigned accesses;

/* The configuration changes once more as soon as someone looks. */
static void change_again(struct fake_transport *it)
{
	it->interrupt_cause = VIRTIO_INTERRUPT_CONFIG;
	accesses++;
}

/* HF-04: a handler hears that something changed; what it is, whoever wants to know reads later. */
static void test_a_storm_of_changes_is_one_bit_each_time(void **state)
{
	(void)state;
	fake.on_config_read = must_not_be_read;
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	fake.on_access = change_again;
	accesses = 0;
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(interrupt(VIRTIO_INTERRUPT_CONFIG), VIRTIO_INTERRUPT_CONFIG);
	assert_int_equal(accesses, 10000);
	assert_int_equal(fake_platform_log_count(), 0);
}

static void test_unknown_causes_are_left_out(void **state)
{
	(void)state;
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	assert_int_equal(interrupt(0xfc), 0);
	assert_int_equal(interrupt(0x81), VIRTIO_INTERRUPT_QUEUE);
}

/* HC-15 */
static void test_before_ready_and_after_reset_there_is_no_work(void **state)
{
	(void)state;
	assert_int_equal(interrupt(BOTH), 0);
	assert_int_equal(fake.interrupt_cause, 0); /* but the line is lowered */
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_int_equal(interrupt(BOTH), 0);
}

static void test_a_device_that_has_gone_does_not_interrupt(void **state)
{
	(void)state;
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	fake.gone = true;
	assert_int_equal(virtio_device_interrupt(&fake.device), 0);
}

/* PCI-20 */
static void test_with_msix_the_cause_is_not_read(void **state)
{
	(void)state;
	fake.device.msix = true;
	assert_int_equal(virtio_device_interrupt(&fake.device), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	assert_int_equal(interrupt(VIRTIO_INTERRUPT_CONFIG), BOTH);
	assert_int_equal(fake.interrupt_cause, VIRTIO_INTERRUPT_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_cause_is_told_and_acknowledged),
		TEST(test_a_storm_of_changes_is_one_bit_each_time),
		TEST(test_unknown_causes_are_left_out),
		TEST(test_before_ready_and_after_reset_there_is_no_work),
		TEST(test_a_device_that_has_gone_does_not_interrupt),
		TEST(test_with_msix_the_cause_is_not_read),
	};
	/* Not over each ring: no virtqueue carries anything here. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
