/* SPDX-License-Identifier: ISC */
/* libvirtio/pci/config_port.c and config_ecam.c: the two ways to configuration space, and their exact accesses. */
#include "fake/cmocka.h"
#include "fake/pci.h"
#include "fake/platform.h"
#include "pci/config.h"

#define DEVICE 0x0218 /* 02:03.0 */
#define WINDOW 0xe0000000u

static uint32_t selected;
static struct fake_region ports, window;
static struct fake_pci_function *fake;

/* Ports 0xCF8 to 0xCFF. bhyve knows 32-bit accesses to the address only, and so does this. */
/* The fake knows which registers drivers write; a byte of the command register is for these tests alone. */
static void put(uint16_t address, uint16_t offset, unsigned width, uint32_t value)
{
	if (address == DEVICE && offset == PCI_COMMAND && width == 1)
		fake->config[offset] = (uint8_t)value;
	else
		fake_pci_write(address, offset, width, value);
}

static void write_ports(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	if (offset < 4) {
		assert_int_equal(width, 4);
		assert_int_equal(offset, 0);
		assert_int_equal(value & 0x7f000003u, 0);
		selected = value;
		return;
	}
	assert_true(selected & 0x80000000u);
	put((uint16_t)(selected >> 8), (uint16_t)((selected & 0xfc) + offset - 4), width, value);
}

static uint32_t read_ports(void *context, uint64_t offset, unsigned width)
{
	(void)context;
	assert_true(offset >= 4 && selected & 0x80000000u);
	return fake_pci_read((uint16_t)(selected >> 8), (uint16_t)((selected & 0xfc) + offset - 4), width);
}

/* An ECAM window that starts at bus 2. */
static uint32_t read_window(void *context, uint64_t offset, unsigned width)
{
	(void)context;
	return fake_pci_read((uint16_t)(0x200 + (offset >> 12)), offset & 0xfff, width);
}

static void write_window(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	put((uint16_t)(0x200 + (offset >> 12)), offset & 0xfff, width, value);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_pci_start();
	ports = (struct fake_region){.length = 8, .read = read_ports, .write = write_ports};
	fake_pci_put_ports(0xcf8, &ports);
	window = (struct fake_region){.length = 2 << 20, .read = read_window, .write = write_window};
	fake_pci_put_memory(WINDOW, &window);
	selected = 0;
	fake = fake_pci_add(DEVICE, 0x1af4, 0x1041);
	for (unsigned i = 0x40; i < 256; i++)
		fake->config[i] = (uint8_t)i;
	return 0;
}

static void check_way(const struct virtio_pci_access *access)
{
	struct virtio_pci_function function = {.access = *access, .address = DEVICE};
	assert_int_equal(virtio_pci_read(&function, PCI_VENDOR, 2), 0x1af4);
	assert_int_equal(virtio_pci_read(&function, PCI_DEVICE, 2), 0x1041);
	for (uint16_t offset = 0x40; offset < 0x48; offset++)
		assert_int_equal(virtio_pci_read(&function, offset, 1), offset);
	assert_int_equal(virtio_pci_read(&function, 0x42, 2), 0x4342);
	assert_int_equal(virtio_pci_read(&function, 0xfc, 4), 0xfffefdfc);
	virtio_pci_write(&function, PCI_COMMAND, 2, 0x0406);
	assert_int_equal(fake_region_load(&fake->config[PCI_COMMAND], 4), 0x00000406);
	virtio_pci_write(&function, PCI_COMMAND, 1, 0x02);
	assert_int_equal(fake_region_load(&fake->config[PCI_COMMAND], 4), 0x00000402);
	fake_pci_set_bar(fake, 2, FAKE_PCI_MEMORY32, 0, 0x1000, NULL);
	virtio_pci_write(&function, PCI_BAR0 + 8, 4, 0xfebd1000);
	assert_int_equal(fake_region_load(&fake->config[PCI_BAR0 + 8], 4), 0xfebd1000);
	function.address = DEVICE + 8;
	assert_int_equal(virtio_pci_read(&function, PCI_VENDOR, 4), 0xffffffff);
}

static void test_ports_reach_every_register_in_its_width(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ports();
	assert_int_equal(access.first_bus, 0);
	assert_int_equal(access.last_bus, 255);
	check_way(&access);
}

static void test_ports_do_not_reach_extended_space(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ports();
	struct virtio_pci_function function = {.access = access, .address = DEVICE};
	assert_int_equal(virtio_pci_read(&function, 0x100, 4), 0xffffffff);
	virtio_pci_write(&function, 0x104, 2, 0);
	assert_int_equal(ports.count, 0);
}

static void test_the_window_reaches_every_register_in_its_width(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ecam((void *)(uintptr_t)WINDOW, 2, 3);
	check_way(&access);
}

static void test_the_window_is_not_left(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ecam((void *)(uintptr_t)WINDOW, 2, 3);
	struct virtio_pci_function function = {.access = access};
	static const uint16_t outside[] = {0x0000, 0x01ff, 0x0400, 0xffff};
	for (unsigned i = 0; i < 4; i++) {
		function.address = outside[i];
		assert_int_equal(virtio_pci_read(&function, 0, 4), 0xffffffff);
		virtio_pci_write(&function, PCI_COMMAND, 2, 0);
	}
	function.address = DEVICE;
	assert_int_equal(virtio_pci_read(&function, 0x1000, 4), 0xffffffff);
	assert_int_equal(window.count, 0);
}

static void test_a_window_that_ends_before_it_begins_is_empty(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ecam((void *)(uintptr_t)WINDOW, 3, 2);
	struct virtio_pci_function function = {.access = access, .address = 0x300};
	assert_int_equal(virtio_pci_read(&function, PCI_VENDOR, 4), 0xffffffff);
	function = virtio_pci_first(&access);
	assert_false(virtio_pci_next(&function));
	assert_int_equal(window.count, 0);
}

static void test_a_search_through_the_window_starts_at_its_first_bus(void **state)
{
	(void)state;
	struct virtio_pci_access access = virtio_pci_access_ecam((void *)(uintptr_t)WINDOW, 2, 3);
	struct virtio_pci_function function = virtio_pci_first(&access);
	assert_true(virtio_pci_next(&function));
	assert_int_equal(function.address, DEVICE);
	assert_false(virtio_pci_next(&function));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ports_reach_every_register_in_its_width),
		TEST(test_ports_do_not_reach_extended_space),
		TEST(test_the_window_reaches_every_register_in_its_width),
		TEST(test_the_window_is_not_left),
		TEST(test_a_window_that_ends_before_it_begins_is_empty),
		TEST(test_a_search_through_the_window_starts_at_its_first_bus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
