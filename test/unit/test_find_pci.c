/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/find_pci.c: the n-th device of a type, on a bus of the test's own. */
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

/* The functions on bus 0: configuration offset 0 (vendor and device) and the subsystem. */
static const struct {
	uint16_t address;
	uint32_t ids;
	uint16_t subsystem;
} functions[] = {
	{0x00, 0x12378086, 0},                 /* a host bridge */
	{0x10, 0x10001af4, VIRTIO_ID_NET},     /* legacy or transitional */
	{0x18, 0x10011af4, VIRTIO_ID_BLOCK},   /* the same */
	{0x20, 0x10411af4, 0x1100},            /* modern: a network device */
	{0x28, 0x10008086, VIRTIO_ID_NET},     /* somebody else's */
	{0x38, 0x10001af4, VIRTIO_ID_NET},     /* the third of them */
	{0xf8, 0x10441af4, VIRTIO_ID_ENTROPY}, /* the last on the bus */
};

static uint32_t read_bus(const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width)
{
	(void)access;
	for (unsigned i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		if (functions[i].address != address)
			continue;
		if (offset < 4)
			return functions[i].ids >> 8 * offset & (width == 4 ? UINT32_MAX : 0xffff);
		return offset == 0x2e ? functions[i].subsystem : 0;
	}
	return UINT32_MAX;
}

static void write_bus(
	const struct virtio_pci_access *access, uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	(void)access;
	(void)address;
	(void)offset;
	(void)width;
	(void)value;
}

static const struct virtio_pci_access_ops bus_ops = {.read = read_bus, .write = write_bus};
static const struct virtio_pci_access bus = {.ops = &bus_ops};

/* A transport that fits every device but the broken one, and has no registers. */
static unsigned opened;
static int open_error;

static int open_function(struct virtio_device *dev)
{
	(void)dev;
	opened++;
	return open_error;
}

static const struct virtio_transport_ops transport = {.name = "none", .open = open_function};
static const struct virtio_transport_ops *const transports[] = {&transport, NULL};
static const struct virtio_support support = {.transports = transports};

static struct virtio_device device;

static int find(uint32_t type, unsigned nth)
{
	opened = 0;
	return virtio_find_pci(&device, fake_platform(), &bus, type, nth, &support);
}

static void test_the_nth_of_a_type_is_opened(void **state)
{
	static const struct {
		uint32_t type;
		unsigned nth;
		uint16_t address;
	} cases[] = {
		{VIRTIO_ID_NET, 0, 0x10},
		{VIRTIO_ID_NET, 1, 0x20},
		{VIRTIO_ID_NET, 2, 0x38},
		{VIRTIO_ID_BLOCK, 0, 0x18},
		{VIRTIO_ID_ENTROPY, 0, 0xf8},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(find(cases[i].type, cases[i].nth), 0);
		assert_int_equal(opened, 1);
		assert_int_equal(device.function.address, cases[i].address);
		assert_int_equal(device.type, cases[i].type);
	}
}

static void test_where_there_are_fewer_the_log_says_how_many(void **state)
{
	(void)state;
	assert_int_equal(find(VIRTIO_ID_NET, 3), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("PCI: no virtio device 3 of type 1 (net): found 3 such"));
	assert_int_equal(find(VIRTIO_ID_CONSOLE, 0), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("PCI: no virtio device 0 of type 3 (console): found 0 such"));
	assert_int_equal(find(VIRTIO_ID_NET, UINT32_MAX), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(opened, 0);
}

static void test_an_error_of_opening_is_handed_on(void **state)
{
	(void)state;
	open_error = VIRTIO_ERR_PROTOCOL;
	assert_int_equal(find(VIRTIO_ID_NET, 1), VIRTIO_ERR_PROTOCOL);
	open_error = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_nth_of_a_type_is_opened),
		TEST(test_where_there_are_fewer_the_log_says_how_many),
		TEST(test_an_error_of_opening_is_handed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
