/* SPDX-License-Identifier: ISC */
/* Patterns in the tables' code: in every form that firmware writes, cut off anywhere, and made to mislead. */
#include <string.h>

#include "acpi.h"
#include "fake/cmocka.h"

#define HEADER "0123456789abcdef0123456789abcdef0123"

static struct boot_acpi_code code;

/* Parse HEADER and these bytes. */
static void parse_bytes(const void *bytes, size_t size)
{
	static uint8_t data[4096];
	struct boot_acpi_table table = {.data = data, .length = (uint32_t)(BOOT_ACPI_HEADER + size)};

	memcpy(data, HEADER, BOOT_ACPI_HEADER);
	memcpy(data + BOOT_ACPI_HEADER, bytes, size);
	memset(data + BOOT_ACPI_HEADER + size, 0, sizeof data - BOOT_ACPI_HEADER - size);
	boot_acpi_parse_code(&table, &code);
}

#define PARSE(text) parse_bytes(text, sizeof(text) - 1)

static int nothing_known(void **state)
{
	(void)state;
	memset(&code, 0, sizeof code);
	return 0;
}

static void assert_off(uint8_t a, uint8_t b)
{
	assert_true(code.has_off);
	assert_int_equal(code.off[0], a);
	assert_int_equal(code.off[1], b);
}

static void test_off_in_its_usual_forms(void **state)
{
	PARSE("\x08_S5_\x12\x06\x04\x00\x00\x00\x00"); /* QEMU's pc */
	assert_off(0, 0);
	nothing_known(state);
	PARSE("\x08_S5_\x12\x07\x04\x0a\x05\x00\x00\x00"); /* QEMU's microvm */
	assert_off(5, 0);
	nothing_known(state);
	PARSE("xx\x08\\_S5_\x12\x08\x04\x0a\x05\x0a\x06\x00\x00"); /* bhyve and others name it from the root */
	assert_off(5, 6);
	nothing_known(state);
	PARSE("\x08_S5_\x12\x05\x01\x0b\x07\x00"); /* Cloud Hypervisor has one number */
	assert_off(7, 7);
	nothing_known(state);
	PARSE("\x08_S5_\x12\x40\x00\x02\x01\x0c\x03\x00\x00\x00");
	assert_false(code.has_off); /* a length of 0 */
	PARSE("\x08_S5_\x12\x49\x00\x02\x01\x0c\x03\x00\x00\x00");
	assert_off(1, 3);
}

static void test_other_uses_of_the_name_are_not_taken(void **state)
{
	(void)state;
	PARSE("_S5_\x12\x06\x04\x01\x00\x00\x00 \x14_S5_\x12\x06\x04\x02\x00\x00\x00");
	assert_false(code.has_off);
	PARSE("_S5_\x12\x06\x04\x01\x00\x00\x00\x08_S5_\x12\x07\x04\x0a\x03\x00\x00\x00");
	assert_off(3, 0);
}

static void test_values_that_do_not_fit_are_not_taken(void **state)
{
	(void)state;
	PARSE("\x08_S5_\x12\x07\x04\x0a\x08\x00\x00\x00");
	PARSE("\x08_S5_\x12\x06\x04\xff\x00\x00\x00");
	PARSE("\x08_S5_\x12\x0f\x04\x0e\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00");
	PARSE("\x08_S5_\x12\x06\x04\x70\x00\x00\x00");
	PARSE("\x08_S5_\x0a\x06\x04\x00\x00\x00\x00");
	assert_false(code.has_off);
}

static void test_a_package_stays_in_its_bounds(void **state)
{
	(void)state;
	PARSE("\x08_S5_\x12\x03\x04\x0a\x05\x00"); /* the number would lie behind it */
	assert_false(code.has_off);
	PARSE("\x08_S5_\x12\x3f\x04\x00\x00"); /* longer than the table */
	assert_false(code.has_off);
	PARSE("\x08_S5_\x12\xff\xff\xff\xff\x00\x00");
	assert_false(code.has_off);
}

static void test_cut_off_anywhere_it_is_nothing(void **state)
{
	static const char off[] = "\x08_S5_\x12\x07\x04\x0a\x05\x00\x00\x00";

	(void)state;
	for (size_t size = 0; size < sizeof off - 1; size++) {
		parse_bytes(off, size);
		assert_false(code.has_off);
	}
}

static void test_the_first_definition_of_off_counts(void **state)
{
	(void)state;
	PARSE("\x08_S5_\x12\x06\x04\x01\x00\x00\x00");
	PARSE("\x08_S5_\x12\x06\x04\x00\x01\x00\x00");
	assert_off(1, 0);
}

#define HID            \
	"\x08_HID\x0d" \
	"LNRO0005\0"
#define CRS "\x08_CRS\x11"
#define MEMORY "\x86\x09\x00\x01\x00\x2e\xb0\xfe\x00\x02\x00\x00"
#define INTERRUPT "\x89\x06\x00\x01\x01\x2f\x00\x00\x00"
#define END "\x79\x00"

static void test_a_virtio_device_with_memory_and_interrupt(void **state)
{
	const struct boot_acpi_virtio_mmio *device = &code.virtio_mmio[0];

	(void)state;
	PARSE(HID "\x08_UID\x0a\x17\x08_CCA\x01" CRS "\x1a\x0a\x17" MEMORY INTERRUPT END);
	assert_int_equal(code.virtio_mmio_count, 1);
	assert_int_equal(device->base, 0xfeb02e00);
	assert_int_equal(device->length, 512);
	assert_true(device->has_line);
	assert_int_equal(device->line.gsi, 47);
	assert_true(device->line.level);
	assert_false(device->line.active_low);
}

static void test_the_interrupts_flags_are_read(void **state)
{
	(void)state;
	PARSE(HID CRS "\x1a\x0a\x17" MEMORY "\x89\x06\x00\x0f\x01\x05\x00\x00\x00" END);
	assert_int_equal(code.virtio_mmio[0].line.gsi, 5);
	assert_false(code.virtio_mmio[0].line.level);
	assert_true(code.virtio_mmio[0].line.active_low);
}

static void test_a_device_may_have_no_interrupt_and_a_range_to_choose_from(void **state)
{
	(void)state;
	PARSE(HID CRS
		"\x19\x0a\x16\x85\x11\x00\x01\x00\x10\xd0\xfe\xff\xff\xff\xff\x01\x00\x00\x00\x00\x10\x00\x00" END);
	assert_int_equal(code.virtio_mmio[0].base, 0xfed01000);
	assert_int_equal(code.virtio_mmio[0].length, 0x1000);
	assert_false(code.virtio_mmio[0].has_line);
}

static void test_devices_without_resources_or_of_another_kind_do_not_count(void **state)
{
	(void)state;
	PARSE(HID "\x08_HID\x0dLNRO0006\0" CRS "\x1a\x0a\x17" MEMORY INTERRUPT END);
	PARSE("\x08_HID\x0d"
	      "ACPI0007\0" CRS "\x1a\x0a\x17" MEMORY INTERRUPT END);
	PARSE(HID CRS "\x0e\x0a\x0b" INTERRUPT END);
	PARSE(HID CRS "\x11\x0a\x0e\x86\x09\x00\x01\x00\x2e\xb0\xfe\x00\x00\x00\x00" END);
	assert_int_equal(code.virtio_mmio_count, 0);
}

static void test_resources_of_the_next_device_are_not_taken(void **state)
{
	(void)state;
	PARSE(HID "\x08_UID\x01\x5b\x82\x20VR01" HID CRS "\x1a\x0a\x17" MEMORY INTERRUPT END);
	assert_int_equal(code.virtio_mmio_count, 1);
}

static void test_resources_far_away_are_not_taken(void **state)
{
	uint8_t bytes[512] = HID;

	(void)state;
	memcpy(bytes + 300, CRS "\x1a\x0a\x17" MEMORY INTERRUPT END, 33);
	parse_bytes(bytes, sizeof bytes);
	assert_int_equal(code.virtio_mmio_count, 0);
}

static void test_a_device_counts_once(void **state)
{
	(void)state;
	PARSE(HID CRS "\x1a\x0a\x17" MEMORY INTERRUPT END HID CRS "\x1a\x0a\x17" MEMORY INTERRUPT END);
	assert_int_equal(code.virtio_mmio_count, 1);
}

static void test_resources_cut_off_anywhere_stay_in_bounds(void **state)
{
	static const char device[] = HID CRS "\x1a\x0a\x17" MEMORY INTERRUPT END;

	for (size_t size = 0; size < sizeof device - 1; size++) {
		nothing_known(state);
		parse_bytes(device, size);
		assert_int_equal(code.virtio_mmio_count, 0); /* the package's length is wrong by then */
	}
}

static void test_a_resource_longer_than_its_buffer_ends_the_reading(void **state)
{
	(void)state;
	PARSE(HID CRS "\x1a\x0a\x17\x86\x40\x00\x01\x00\x2e\xb0\xfe\x00\x02\x00\x00" INTERRUPT END);
	assert_int_equal(code.virtio_mmio_count, 0);
	PARSE(HID CRS "\x1a\x0a\x17\x86\x08\x00\x01\x00\x2e\xb0\xfe\x00\x02\x00\x00" INTERRUPT END);
	assert_int_equal(code.virtio_mmio_count, 0);
}

static void test_no_more_devices_than_there_is_room_for(void **state)
{
	char bytes[] = HID CRS "\x1a\x0a\x17" MEMORY INTERRUPT END;

	(void)state;
	for (int i = 0; i < BOOT_ACPI_VIRTIO_MMIO_MAX + 5; i++) {
		bytes[14 + 6 + 3 + 6] = (char)i;
		parse_bytes(bytes, sizeof bytes - 1);
	}
	assert_int_equal(code.virtio_mmio_count, BOOT_ACPI_VIRTIO_MMIO_MAX);
}

#define EVENT_HID      \
	"\x08_HID\x0d" \
	"ACPI0013\0"
#define EVENT_CRS CRS "\x0e\x0a\x0b\x89\x06\x00\x03\x01\x09\x00\x00\x00\x79\x00"

static void test_the_generic_event_device_of_qemu(void **state)
{
	(void)state;
	PARSE(EVENT_HID "\x08_UID\x0dGED\0" EVENT_CRS "\x5b\x80"
			"EREG\x00\x0c\x00\x00\xa0\xfe\x0a\x04");
	assert_int_equal(code.event_selector, 0xfea00000);
	assert_int_equal(code.event_line.gsi, 9);
	assert_false(code.event_line.level);
}

static void test_an_event_device_of_another_make_is_left_alone(void **state)
{
	(void)state;
	PARSE(EVENT_HID EVENT_CRS "\x5b\x80"
				  "EREG\x01\x0c\x00\x00\xa0\xfe\x0a\x04"); /* ports */
	PARSE(EVENT_HID EVENT_CRS "\x5b\x80"
				  "GDST\x00\x0c\x00\x00\xa0\xfe\x0a\x04");
	PARSE(EVENT_HID EVENT_CRS "\x5b\x80"
				  "EREG\x00\x0c\x02\x00\xa0\xfe\x0a\x04"); /* not aligned */
	PARSE(EVENT_HID "\x5b\x80"
			"EREG\x00\x0c\x00\x00\xa0\xfe\x0a\x04");
	assert_int_equal(code.event_selector, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, nothing_known)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_off_in_its_usual_forms),
		TEST(test_other_uses_of_the_name_are_not_taken),
		TEST(test_values_that_do_not_fit_are_not_taken),
		TEST(test_a_package_stays_in_its_bounds),
		TEST(test_cut_off_anywhere_it_is_nothing),
		TEST(test_the_first_definition_of_off_counts),
		TEST(test_a_virtio_device_with_memory_and_interrupt),
		TEST(test_the_interrupts_flags_are_read),
		TEST(test_a_device_may_have_no_interrupt_and_a_range_to_choose_from),
		TEST(test_devices_without_resources_or_of_another_kind_do_not_count),
		TEST(test_resources_of_the_next_device_are_not_taken),
		TEST(test_resources_far_away_are_not_taken),
		TEST(test_a_device_counts_once),
		TEST(test_resources_cut_off_anywhere_stay_in_bounds),
		TEST(test_a_resource_longer_than_its_buffer_ends_the_reading),
		TEST(test_no_more_devices_than_there_is_room_for),
		TEST(test_the_generic_event_device_of_qemu),
		TEST(test_an_event_device_of_another_make_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
