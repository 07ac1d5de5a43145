/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/find.c: devices on PCI, in the command line, in windows that the runtime knows, and on microvm. */
#include <virtio/helper.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/pci.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"

static struct fake_virtio_mmio fakes[3];
static struct virtio_pci_access pci;
static struct virtio_mmio_window windows[3];
static struct virtio_find_sources sources;
static struct virtio_search search;
static struct virtio_device device;

/* Transports that fit everything on their bus. */
static int open_pci(struct virtio_device *dev)
{
	return dev->function.access.ops ? 0 : VIRTIO_ERR_NO_DEVICE;
}

static int open_mmio(struct virtio_device *dev)
{
	return dev->mmio_version ? 0 : VIRTIO_ERR_NO_DEVICE;
}

static const struct virtio_transport_ops on_pci = {.name = "PCI", .open = open_pci};
static const struct virtio_transport_ops on_mmio = {.name = "MMIO", .open = open_mmio};
static const struct virtio_transport_ops *const transports[] = {&on_pci, &on_mmio, NULL};
static const struct virtio_support support = {.transports = transports};

/* A machine with nothing in it but three windows of MMIO, the second of them empty. */
static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_pci_start();
	pci = fake_pci_access();
	fake_virtio_mmio_add(&fakes[0], 0xd0000000, 2, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	fake_virtio_mmio_add(&fakes[1], 0xd0001000, 2, 0, 0);
	fake_virtio_mmio_add(&fakes[2], 0xd0002000, 1, VIRTIO_ID_BLOCK, 0);
	for (unsigned i = 0; i < 3; i++)
		windows[i] = fakes[i].window;
	sources = (struct virtio_find_sources){.pci = &pci};
	return 0;
}

static void start(void)
{
	search = virtio_search_start(fake_platform(), &sources);
}

static void next_is_on_pci(uint16_t address, uint32_t type)
{
	assert_true(virtio_search_next(&search));
	assert_true(search.on_pci);
	assert_int_equal(search.function.address, address);
	assert_int_equal(search.type, type);
}

static void next_is_in_window(uint64_t address, uint32_t type)
{
	assert_true(virtio_search_next(&search));
	assert_false(search.on_pci);
	assert_true(search.window.address == address);
	assert_int_equal(search.type, type);
}

static void nothing_is_next(void)
{
	assert_false(virtio_search_next(&search));
	assert_false(virtio_search_next(&search)); /* and so it stays */
}

static void add_pci_devices(void)
{
	fake_pci_add(0x0000, 0x8086, 0x1237);
	fake_pci_add(0x0010, 0x1af4, 0x1041);
	fake_pci_add(0x0018, 0x1af4, 0x1042);
}

static void test_no_sources_have_no_devices(void **state)
{
	(void)state;
	sources = (struct virtio_find_sources){0};
	start();
	nothing_is_next();
	sources.pci = &pci;
	start();
	nothing_is_next();
	assert_true(fake_pci_accesses() <= 64);
}

static void test_pci_comes_first_and_then_the_command_line(void **state)
{
	(void)state;
	add_pci_devices();
	sources.command_line = "virtio_mmio.device=320@0xd0002000:7";
	start();
	next_is_on_pci(0x0010, VIRTIO_ID_NET);
	next_is_on_pci(0x0018, VIRTIO_ID_BLOCK);
	next_is_in_window(0xd0002000, VIRTIO_ID_BLOCK);
	assert_int_equal(search.window.interrupt, 7);
	nothing_is_next();
}

static void test_empty_and_senseless_arguments_are_passed_over(void **state)
{
	(void)state;
	sources.command_line = "virtio_mmio.device=320@0xd0001000:6 virtio_mmio.device=what "
			       "virtio_mmio.device=1@0xd0000000:5 virtio_mmio.device=320@0xd0002000:7";
	start();
	next_is_in_window(0xd0002000, VIRTIO_ID_BLOCK);
	nothing_is_next();
	assert_true(fake_platform_logged("virtio_mmio.device=what makes no sense"));
}

static void test_the_command_line_counts_where_there_are_no_windows(void **state)
{
	(void)state;
	sources.windows = windows;
	sources.window_count = 3;
	sources.command_line = "virtio_mmio.device=320@0xd0002000:7"; /* the same again */
	start();
	next_is_in_window(0xd0000000, VIRTIO_ID_NET);
	next_is_in_window(0xd0002000, VIRTIO_ID_BLOCK);
	nothing_is_next();
	sources.window_count = 0;
	start();
	next_is_in_window(0xd0002000, VIRTIO_ID_BLOCK);
	nothing_is_next();
}

static void test_microvm_is_probed_only_where_nothing_else_is(void **state)
{
	(void)state;
	static struct fake_virtio_mmio slots[2];
	fake_virtio_mmio_add(&slots[0], 0xfeb00000, 2, 0, 0);
	fake_virtio_mmio_add(&slots[1], 0xfeb00200, 2, VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < 2; i++)
		slots[i].registers.length = 512;
	fake_platform_window(0xfeb00000, (void *)(uintptr_t)0xfeb00000, 512);
	fake_platform_window(0xfeb00200, (void *)(uintptr_t)0xfeb00200, 512);
	start();
	nothing_is_next(); /* nobody asked for it */
	sources.microvm = true;
	start();
	next_is_in_window(0xfeb00200, VIRTIO_ID_NET);
	nothing_is_next();
	unsigned looks = slots[0].registers.count;

	sources.command_line = "virtio_mmio.device=320@0xd0001000:6"; /* which is empty */
	start();
	nothing_is_next();
	sources.command_line = NULL;
	sources.windows = &windows[1]; /* likewise */
	sources.window_count = 1;
	start();
	nothing_is_next();
	sources.windows = NULL;
	sources.window_count = 0;
	fake_pci_add(0x0000, 0x8086, 0x1237); /* a machine with PCI: something else may be in that place */
	start();
	nothing_is_next();
	assert_int_equal(slots[0].registers.count, looks);
}

static void test_a_device_is_opened_where_it_was_found(void **state)
{
	(void)state;
	add_pci_devices();
	sources.windows = windows;
	sources.window_count = 3;
	start();
	next_is_on_pci(0x0010, VIRTIO_ID_NET);
	assert_int_equal(virtio_search_open(&search, &device, &support), 0);
	assert_ptr_equal(device.transport, &on_pci);
	assert_string_equal(device.name, "net at 00:02.0");
	next_is_on_pci(0x0018, VIRTIO_ID_BLOCK);
	next_is_in_window(0xd0000000, VIRTIO_ID_NET);
	assert_int_equal(virtio_search_open(&search, &device, &support), 0);
	assert_ptr_equal(device.transport, &on_mmio);
	assert_string_equal(device.name, "net at mmio 0xd0000000");
}

static void test_the_nth_of_a_type_is_counted_through_all_sources(void **state)
{
	(void)state;
	add_pci_devices();
	sources.windows = windows;
	sources.window_count = 3;
	assert_int_equal(virtio_find(&device, fake_platform(), &sources, VIRTIO_ID_BLOCK, 0, &support), 0);
	assert_string_equal(device.name, "block at 00:03.0");
	assert_int_equal(virtio_find(&device, fake_platform(), &sources, VIRTIO_ID_BLOCK, 1, &support), 0);
	assert_string_equal(device.name, "block at mmio 0xd0002000");
	assert_int_equal(
		virtio_find(&device, fake_platform(), &sources, VIRTIO_ID_BLOCK, 2, &support), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("no virtio device 2 of type 2 (block): found 2 such, 2 others"));
	assert_int_equal(virtio_find(&device, fake_platform(), &sources, VIRTIO_ID_NET, UINT32_MAX, &support),
		VIRTIO_ERR_NO_DEVICE);
}

static void test_sources_that_were_forgotten_are_told(void **state)
{
	static const struct virtio_find_sources forgotten;
	const struct virtio_find_sources bare[] = {
		{.pci = &pci}, {.windows = &windows[1], .window_count = 1}, {.command_line = ""}, {.microvm = true}};

	(void)state;
	assert_int_equal(
		virtio_find(&device, fake_platform(), &forgotten, VIRTIO_ID_NET, 0, &support), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("found 0 such, 0 others; the sources are empty, so nowhere was looked"));
	for (unsigned i = 0; i < sizeof bare / sizeof bare[0]; i++) {
		assert_int_equal(virtio_find(&device, fake_platform(), &bare[i], VIRTIO_ID_NET, 0, &support),
			VIRTIO_ERR_NO_DEVICE);
		assert_string_equal(
			fake_platform_log_last(), "no virtio device 0 of type 1 (net): found 0 such, 0 others");
	}
}

static void test_an_error_of_opening_is_handed_on(void **state)
{
	(void)state;
	struct virtio_support nothing = {.transports = &transports[2]};
	sources.windows = windows;
	sources.window_count = 3;
	assert_int_equal(
		virtio_find(&device, fake_platform(), &sources, VIRTIO_ID_NET, 0, &nothing), VIRTIO_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_sources_have_no_devices),
		TEST(test_pci_comes_first_and_then_the_command_line),
		TEST(test_empty_and_senseless_arguments_are_passed_over),
		TEST(test_the_command_line_counts_where_there_are_no_windows),
		TEST(test_microvm_is_probed_only_where_nothing_else_is),
		TEST(test_a_device_is_opened_where_it_was_found),
		TEST(test_the_nth_of_a_type_is_counted_through_all_sources),
		TEST(test_sources_that_were_forgotten_are_told),
		TEST(test_an_error_of_opening_is_handed_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
