/* SPDX-License-Identifier: ISC */
/*
 * libvirtio/helper/name_find.c: two network devices and two disks, on PCI and behind MMIO, found by all of their names.
 * The disks swap places with the network devices' order in nothing but the tests' expectations: only the names are
 * right.
 */
#include <stdio.h>
#include <string.h>
#include <virtio/name.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "fake/cmocka.h"
#include "fake/disk.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"
#include "fake/virtio_pci.h"

#define DEVICES 4 /* net, disk, net, disk */
#define FEATURES VIRTIO_F_VERSION_1

static bool on_pci;
static struct fake_virtio_pci pci_fakes[DEVICES];
static struct fake_virtio_mmio mmio_fakes[DEVICES];
static struct fake_disk disks[2];
static struct virtio_pci_access pci;
static struct virtio_mmio_window windows[DEVICES];
static struct virtio_find_sources sources;

static struct virtio_device net0, net1, disk0, disk1;
static struct virtio_wanted wanted[4];

/* What the two buses have in common. */

static uint8_t *config_of(unsigned device)
{
	return on_pci ? pci_fakes[device].config : mmio_fakes[device].config;
}

static uint32_t status_of(unsigned device)
{
	return on_pci ? pci_fakes[device].status : mmio_fakes[device].status;
}

static uint64_t *offer_of(unsigned device)
{
	return on_pci ? &pci_fakes[device].offered : &mmio_fakes[device].offered;
}

static struct fake_device_ring *ring_of(unsigned device)
{
	return on_pci ? &pci_fakes[device].queues[0].ring : &mmio_fakes[device].queues[0].ring;
}

static void add_device(unsigned device, uint32_t type, uint64_t features)
{
	if (on_pci) {
		fake_virtio_pci_add_modern(&pci_fakes[device], (uint16_t)(0x10 + device * 8),
			FAKE_VIRTIO_PCI_BAR + device * FAKE_VIRTIO_PCI_BAR_SIZE, (uint16_t)type, FEATURES | features);
		pci_fakes[device].with_rings = true;
		return;
	}
	fake_virtio_mmio_add(&mmio_fakes[device], 0xd0000000u + device * 0x1000u, 2, type, FEATURES | features);
	windows[device] = mmio_fakes[device].window;
}

/* What each bus calls a device. */
static const char *place_of(unsigned device)
{
	static const char *const places[2][DEVICES] = {
		{"mmio:0xd0000000", "mmio:0xd0001000", "mmio:0xd0002000", "mmio:0xd0003000"},
		{"pci:00:02.0", "pci:00:03.0", "pci:00:04.0", "pci:00:05.0"},
	};

	return places[on_pci][device];
}

/* The devices. */

static void set_mac(unsigned device, uint8_t last)
{
	const uint8_t mac[6] = {0x52, 0x54, 0, 0, 1, last};

	memcpy(config_of(device) + VIRTIO_NET_CONFIG_MAC, mac, sizeof mac);
}

static void set_serial(unsigned which, const char *serial)
{
	for (unsigned i = 0; i < sizeof disks[which].serial; i++)
		disks[which].serial[i] = i <= strlen(serial) ? serial[i] : '\0';
}

static unsigned silent; /* disks that do not answer, one bit each */

static void serve(void *context)
{
	(void)context;
	for (unsigned which = 0; which < 2; which++)
		if (ring_of(1 + 2 * which)->ops && !(silent >> which & 1))
			fake_disk_serve(&disks[which]);
	fake_platform_advance(1000000);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_pci_start();
	pci = fake_pci_access();
	for (unsigned device = 0; device < DEVICES; device += 2) {
		add_device(device, VIRTIO_ID_NET, VIRTIO_NET_F_MAC);
		add_device(device + 1, VIRTIO_ID_BLOCK, 0);
		set_mac(device, (uint8_t)device);
		fake_region_store(config_of(device + 1) + VIRTIO_BLK_CONFIG_CAPACITY, 4, FAKE_DISK_SECTORS);
		fake_disk_start(&disks[device / 2], ring_of(device + 1));
	}
	set_serial(0, "FIRST");
	set_serial(1, "SECOND");
	silent = 0;
	fake_platform_on_wait(serve, NULL);
	sources = (struct virtio_find_sources){.pci = &pci, .windows = windows, .window_count = on_pci ? 0 : DEVICES};
	wanted[0] = (struct virtio_wanted){.role = "net0", .kind = &virtio_kind_net, .device = &net0};
	wanted[1] = (struct virtio_wanted){.role = "net1", .kind = &virtio_kind_net, .device = &net1};
	wanted[2] = (struct virtio_wanted){.role = "disk0", .kind = &virtio_kind_blk, .device = &disk0};
	wanted[3] = (struct virtio_wanted){.role = "disk1", .kind = &virtio_kind_blk, .device = &disk1};
	return 0;
}

static int find(unsigned count, const char *command_line)
{
	int result = virtio_find_named(wanted, count, command_line, fake_platform(), &sources, &virtio_support_all);

	assert_int_equal(fake_platform_live(), 0);
	return result;
}

/* Find net0 by WORDS, which begin with its place. */
static int find_at(const char *role, unsigned place, const char *more)
{
	char words[200];

	snprintf(words, sizeof words, "%s=%s %s", role, place_of(place), more);
	return find(2, words);
}

/* DEVICE was opened for the one at PLACE. */
static void is_at(const struct virtio_device *device, unsigned place)
{
	if (on_pci)
		assert_int_equal(device->function.address, 0x10 + place * 8);
	else
		assert_true(device->window.address == windows[place].address);
}

/* A network device works; DEVICE is the one that was found. */
static void net_works(struct virtio_device *device, uint8_t last)
{
	static struct virtio_net net;

	assert_int_equal(virtio_net_attach(&net, device, NULL), 0);
	assert_int_equal(net.mac[5], last);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

static void disk_works(struct virtio_device *device, const char *expected)
{
	struct virtio_blk blk;
	char serial[21];

	assert_int_equal(virtio_blk_attach(&blk, device, NULL), 0);
	assert_int_equal(virtio_blk_serial(&blk, serial, fake_platform_time() + VIRTIO_NAME_TIMEOUT), 0);
	assert_string_equal(serial, expected);
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

/* The same where nothing ends it. */
static void disk_works_for_ever(struct virtio_device *device)
{
	static struct virtio_blk blk;

	assert_int_equal(virtio_blk_attach(&blk, device, NULL), 0);
}

/* The log showed the device at PLACE with all its names. */
static void was_shown(const char *type, unsigned order, unsigned place, const char *own)
{
	char line[160];

	snprintf(line, sizeof line, "there is a %s device: order:%u %s %s\n", type, order, place_of(place), own);
	if (!fake_platform_logged(line))
		fail_msg("the log does not have the line: %s", line);
}

static void test_a_device_is_found_by_each_of_its_names(void **state)
{
	static const char *const names[] = {"order:1", "1", "mac:52:54:00:00:01:02", NULL};
	char words[80];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		snprintf(words, sizeof words, "net0=%s", names[i] ? names[i] : place_of(2));
		assert_int_equal(find(1, words), 0);
		is_at(&net0, 2);
		net_works(&net0, 2);
	}
}

static void test_several_are_found_at_once_whatever_their_order(void **state)
{
	(void)state;
	assert_int_equal(
		find(4, "disk0=serial:SECOND net0=mac:52:54:00:00:01:02 disk1=serial:FIRST net1=mac:52:54:00:00:01:00"),
		0);
	is_at(&net0, 2);
	is_at(&net1, 0);
	is_at(&disk0, 3);
	is_at(&disk1, 1);
	net_works(&net0, 2);
	net_works(&net1, 0);
	disk_works(&disk0, "SECOND");
	disk_works(&disk1, "FIRST");
	assert_int_equal(find_at("net1", 2, "net0=order:0"), 0);
	is_at(&net0, 0);
	is_at(&net1, 2);
}

/* The library asked them, and nothing of that is left. */
static void test_those_that_nobody_wants_are_as_they_were(void **state)
{
	(void)state;
	assert_int_equal(find(1, "net0=mac:52:54:00:00:01:02"), 0);
	assert_int_equal(status_of(0), 0);
	wanted[0] = wanted[2];
	assert_int_equal(find(1, "disk0=serial:SECOND"), 0);
	assert_int_equal(status_of(1), 0);
	assert_int_equal(virtio_find(&net1, fake_platform(), &sources, VIRTIO_ID_NET, 0, &virtio_support_all), 0);
	assert_int_equal(virtio_find(&disk1, fake_platform(), &sources, VIRTIO_ID_BLOCK, 0, &virtio_support_all), 0);
	net_works(&net1, 0);
	disk_works(&disk1, "FIRST");
}

/* Status 1 is what the fakes begin with. */
static void test_nobody_is_asked_for_what_nobody_needs(void **state)
{
	(void)state;
	char words[120];
	snprintf(words, sizeof words, "net0=1 net1=0 disk0=1 disk1=%s", place_of(1));
	assert_int_equal(find(4, words), 0);
	for (unsigned device = 0; device < DEVICES; device++)
		assert_int_equal(status_of(device), 1);
	assert_int_equal(find_at("net0", 2, "net1=mac:52:54:00:00:01:00"), 0);
	assert_int_equal(status_of(0), 0);
	assert_int_equal(status_of(1), 1);
}

/* Two resets: one before the question, one after it. */
static void test_each_is_asked_once_however_many_names_there_are(void **state)
{
	(void)state;
	assert_int_equal(find(2, "net0=mac:52:54:00:00:01:02 net1=mac:52:54:00:00:01:00"), 0);
	if (!on_pci)
		assert_int_equal(mmio_fakes[0].resets, 2);
	assert_int_equal(find(2, "net0=mac:52:54:00:00:01:03 net1=mac:52:54:00:00:01:04"), VIRTIO_ERR_NO_DEVICE);
	if (!on_pci)
		assert_int_equal(mmio_fakes[0].resets, 4);
}

static void test_names_may_come_from_the_runtime(void **state)
{
	(void)state;
	wanted[0].name = (struct virtio_name){.by = VIRTIO_NAME_ORDER, .number = 1};
	assert_int_equal(find(1, NULL), 0);
	is_at(&net0, 2);
	assert_int_equal(find(1, "net0=0"), 0);
	is_at(&net0, 0);
}

static void test_an_unknown_name_is_told_with_all_that_there_are(void **state)
{
	(void)state;
	assert_int_equal(find(4, "net0=mac:52:54:00:00:01:07 net1=1 disk0=0 disk1=serial:first"), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("net0=mac:52:54:00:00:01:07: there is no such net device"));
	assert_true(fake_platform_logged("disk1=serial:first: there is no such block device"));
	was_shown("net", 0, 0, "mac:52:54:00:00:01:00");
	was_shown("net", 1, 2, "mac:52:54:00:00:01:02");
	was_shown("block", 0, 1, "serial:FIRST");
	was_shown("block", 1, 3, "serial:SECOND");
	assert_int_equal(find(1, "net0=2"), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(find(1, "net0=pci:0001:00:02.0"), VIRTIO_ERR_NO_DEVICE);
}

static void test_a_place_with_another_type_is_told(void **state)
{
	char line[100];

	(void)state;
	assert_int_equal(find_at("net0", 1, "net1=0"), VIRTIO_ERR_NO_DEVICE);
	snprintf(line, sizeof line, "net0=%s: what is there is no net device", place_of(1));
	assert_true(fake_platform_logged(line));
	was_shown("net", 1, 2, ""); /* nobody was asked */
	assert_false(fake_platform_logged("there is a block device"));
}

static void test_a_name_that_two_devices_have_is_refused(void **state)
{
	(void)state;
	set_mac(2, 0);
	set_serial(1, "FIRST");
	wanted[1] = wanted[2];
	assert_int_equal(find(2, "net0=mac:52:54:00:00:01:00 disk0=serial:FIRST"), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("net0=mac:52:54:00:00:01:00: that is more than one net device"));
	assert_true(fake_platform_logged("disk0=serial:FIRST: that is more than one block device"));
	was_shown("net", 1, 2, "mac:52:54:00:00:01:00");
	was_shown("block", 1, 3, "serial:FIRST");
	assert_int_equal(find(2, "net0=0 disk0=1"), 0); /* other names help */
}

static void test_two_names_of_one_device_are_refused(void **state)
{
	char line[160];

	(void)state;
	assert_int_equal(find_at("net1", 2, "net0=mac:52:54:00:00:01:02"), VIRTIO_ERR_BUSY);
	snprintf(line, sizeof line, "net0=mac:52:54:00:00:01:02 and net1=%s are the same device", place_of(2));
	assert_true(fake_platform_logged(line));
	was_shown("net", 0, 0, "mac:52:54:00:00:01:00");
}

static void test_a_role_without_a_name_is_refused(void **state)
{
	(void)state;
	assert_int_equal(find(4, "net0=0 disk0=0 disk1=1"), VIRTIO_ERR_INVALID);
	assert_true(fake_platform_logged("net1=: no name was given for this net device"));
	was_shown("net", 1, 2, "mac:52:54:00:00:01:02");
}

static void test_a_word_that_makes_no_sense_ends_it_at_once(void **state)
{
	(void)state;
	assert_int_equal(find(4, "net0=0 net1=mac:what disk0=0 disk1=1"), VIRTIO_ERR_INVALID);
	assert_int_equal(status_of(0), 1);
}

static void test_without_any_device_the_log_says_so(void **state)
{
	(void)state;
	sources = (struct virtio_find_sources){0};
	assert_int_equal(find(1, "net0=0"), VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("there is no net device at all"));
	assert_int_equal(find(0, "net0=0"), 0);
}

static void test_a_card_without_an_address_has_its_other_names(void **state)
{
	(void)state;
	*offer_of(0) &= ~VIRTIO_NET_F_MAC;
	assert_int_equal(find(2, "net0=mac:52:54:00:00:01:02 net1=0"), 0);
	is_at(&net0, 2);
	assert_int_equal(find(1, "net0=mac:52:54:00:00:01:00"), VIRTIO_ERR_NO_DEVICE);
	was_shown("net", 0, 0, "without a name of its own: VIRTIO_ERR_UNSUPPORTED");
}

/* Whatever it says, the log is harmless, and what it shows can be typed. */
static void test_a_hostile_serial_number_is_shown_harmless(void **state)
{
	(void)state;
	set_serial(1, "\x1b[2J a\nb%c\xff-----------");
	wanted[0] = wanted[2];
	assert_int_equal(find(1, "disk0=serial:none"), VIRTIO_ERR_NO_DEVICE);
	was_shown("block", 1, 3, "serial:%1b[2J%20a%0ab%25c%ff---------");
	assert_int_equal(find(1, "disk0=serial:%1b[2J%20a%0ab%25c%ff---------"), 0);
	is_at(&disk0, 3);
}

static void test_a_disk_that_never_answers_is_waited_for_and_left(void **state)
{
	(void)state;
	silent = 1;
	wanted[0] = wanted[2];
	uint64_t before = fake_platform_time();
	assert_int_equal(find(1, "disk0=serial:SECOND"), 0);
	assert_true(fake_platform_time() - before < 2 * VIRTIO_NAME_TIMEOUT);
	is_at(&disk0, 3);
	assert_int_equal(find(1, "disk0=serial:FIRST"), VIRTIO_ERR_NO_DEVICE);
	was_shown("block", 0, 1, "without a name of its own: VIRTIO_ERR_TIMEOUT");
	silent = 0;
	assert_int_equal(find(1, "disk0=0"), 0);
	disk_works(&disk0, "FIRST");
}

/* Whoever asks it loses it, so the log says why, and its other names ask nothing. */
static void test_a_disk_that_cannot_be_reset_is_not_found_by_its_serial_number(void **state)
{
	(void)state;
	if (on_pci)
		return; /* the fake Firecracker is behind MMIO */
	mmio_fakes[1].firecracker = mmio_fakes[3].firecracker = true;
	wanted[0] = wanted[2];
	assert_int_equal(find(1, "disk0=order:7"), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(find(1, "disk0=order:1"), 0);
	disk_works_for_ever(&disk0);
	fake_platform_expect_leaks(fake_platform_live());
	assert_int_equal(
		virtio_find_named(wanted, 1, "disk0=serial:FIRST", fake_platform(), &sources, &virtio_support_all),
		VIRTIO_ERR_NO_DEVICE);
	assert_true(fake_platform_logged("the device does none"));
	was_shown("block", 0, 1, "without a name of its own: VIRTIO_ERR_TIMEOUT");
	fake_platform_expect_leaks(fake_platform_live());
	fake_device_detach(ring_of(1));
	fake_device_detach(ring_of(3));
}

static void test_a_type_without_names_of_its_own_has_the_others(void **state)
{
	static const struct virtio_device_kind disk = {.type = VIRTIO_ID_BLOCK};

	(void)state;
	wanted[0] = (struct virtio_wanted){.role = "disk0", .kind = &disk, .device = &disk0};
	assert_int_equal(find(1, "disk0=1"), 0);
	is_at(&disk0, 3);
	assert_int_equal(find(1, "disk0=serial:FIRST"), VIRTIO_ERR_NO_DEVICE);
	was_shown("block", 0, 1, "");
	assert_int_equal(status_of(1), 1);
}

static void test_errors_of_the_runtime_and_of_opening_are_handed_on(void **state)
{
	static const struct virtio_transport_ops *const none[] = {NULL};
	static const struct virtio_support nothing = {.transports = none};

	(void)state;
	for (unsigned nth = 1; nth <= DEVICES; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(find(1, "net0=0"), VIRTIO_ERR_NO_MEMORY);
	}
	fake_platform_fail_allocation(0);
	assert_int_equal(
		virtio_find_named(wanted, 1, "net0=0", fake_platform(), &sources, &nothing), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(
		virtio_find_named(wanted, 1, "net0=mac:52:54:00:00:01:00", fake_platform(), &sources, &nothing),
		VIRTIO_ERR_NO_DEVICE);
	was_shown("net", 0, 0, "without a name of its own: VIRTIO_ERR_UNSUPPORTED");
}

static int over_pci(void **state)
{
	(void)state;
	on_pci = true;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_is_found_by_each_of_its_names),
		TEST(test_several_are_found_at_once_whatever_their_order),
		TEST(test_those_that_nobody_wants_are_as_they_were),
		TEST(test_nobody_is_asked_for_what_nobody_needs),
		TEST(test_each_is_asked_once_however_many_names_there_are),
		TEST(test_names_may_come_from_the_runtime),
		TEST(test_an_unknown_name_is_told_with_all_that_there_are),
		TEST(test_a_place_with_another_type_is_told),
		TEST(test_a_name_that_two_devices_have_is_refused),
		TEST(test_two_names_of_one_device_are_refused),
		TEST(test_a_role_without_a_name_is_refused),
		TEST(test_a_word_that_makes_no_sense_ends_it_at_once),
		TEST(test_without_any_device_the_log_says_so),
		TEST(test_a_card_without_an_address_has_its_other_names),
		TEST(test_a_hostile_serial_number_is_shown_harmless),
		TEST(test_a_disk_that_never_answers_is_waited_for_and_left),
		TEST(test_a_disk_that_cannot_be_reset_is_not_found_by_its_serial_number),
		TEST(test_a_type_without_names_of_its_own_has_the_others),
		TEST(test_errors_of_the_runtime_and_of_opening_are_handed_on),
	};
	return cmocka_run_group_tests_name("behind MMIO", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("on PCI", tests, over_pci, NULL);
}
