/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/line.c, and two devices that share an interrupt line. */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/pci.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_pci_function *function;
static struct virtio_pci_function found;

static int setup(void **state)
{
	fake_pci_start();
	function = fake_pci_add(0x18, 0x1af4, 0x1041);
	found = fake_pci_find(0x18);
	return fake_platform_setup(state);
}

static void connect(uint8_t line, uint8_t pin)
{
	function->config[0x3c] = line;
	function->config[0x3d] = pin;
}

static void test_the_line_is_what_the_firmware_noted(void **state)
{
	(void)state;
	for (uint8_t line = 1; line < 16; line++) {
		connect(line, 1 + line % 4);
		assert_int_equal(virtio_pci_interrupt_line(&found), line);
		assert_int_equal(virtio_pci_interrupt_pin(&found), 1 + line % 4);
	}
}

static void test_no_pin_and_no_line_are_told(void **state)
{
	(void)state;
	connect(11, 0);
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
	connect(0, 1); /* nobody noted anything */
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
	connect(16, 1);
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
	connect(255, 1);
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
	connect(11, 5); /* no such pin */
	assert_int_equal(virtio_pci_interrupt_pin(&found), 0);
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
}

static void test_a_device_elsewhere_has_no_pin(void **state)
{
	(void)state;
	found = (struct virtio_pci_function){0};
	assert_int_equal(virtio_pci_interrupt_pin(&found), 0);
	assert_int_equal(virtio_pci_interrupt_line(&found), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_pci_msix_vectors(&found), 0);
}

/* PCI-21: the handler of a shared line asks every device, and each answers for itself alone */
static void test_two_devices_share_a_line(void **state)
{
	static struct fake_transport fakes[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		fake_transport_init(&fakes[i], fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
		assert_int_equal(virtio_device_begin(&fakes[i].device, 0, 0, NULL), 0);
	}
	assert_int_equal(virtio_device_ready(&fakes[0].device), 0);
	/* The second is not ready, and must not hold the line up either. */
	fakes[1].interrupt_cause = VIRTIO_INTERRUPT_QUEUE;
	assert_int_equal(virtio_device_interrupt(&fakes[0].device), 0);
	assert_int_equal(virtio_device_interrupt(&fakes[1].device), 0);
	assert_int_equal(fakes[1].interrupt_cause, 0);
	assert_int_equal(virtio_device_ready(&fakes[1].device), 0);
	fakes[0].interrupt_cause = VIRTIO_INTERRUPT_CONFIG;
	fakes[1].interrupt_cause = VIRTIO_INTERRUPT_QUEUE;
	assert_int_equal(virtio_device_interrupt(&fakes[0].device), VIRTIO_INTERRUPT_CONFIG);
	assert_int_equal(virtio_device_interrupt(&fakes[1].device), VIRTIO_INTERRUPT_QUEUE);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(virtio_device_interrupt(&fakes[i].device), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_line_is_what_the_firmware_noted),
		TEST(test_no_pin_and_no_line_are_told),
		TEST(test_a_device_elsewhere_has_no_pin),
		TEST(test_two_devices_share_a_line),
	};
	/* Not over each ring: no virtqueue carries anything here. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
