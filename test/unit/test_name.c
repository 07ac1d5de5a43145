/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <virtio/name.h>

#include "fake/cmocka.h"

static struct virtio_name parse(const char *text)
{
	struct virtio_name name = {.by = VIRTIO_NAME_NONE};

	assert_int_equal(virtio_name_parse(&name, text, strlen(text)), 0);
	return name;
}

/* TEXT is read, and written as WRITTEN, which is read as the same name. */
static void reads_as(const char *text, enum virtio_name_by by, uint64_t number, const char *written)
{
	struct virtio_name name = parse(text);
	char again[VIRTIO_NAME_TEXT];

	assert_int_equal(name.by, by);
	assert_true(name.number == number);
	assert_int_equal(virtio_name_text(&name, again), strlen(written));
	assert_string_equal(again, written);
	struct virtio_name second = parse(again);
	assert_true(virtio_name_equal(&name, &second));
}

static void refused(const char *text)
{
	struct virtio_name name = {.by = VIRTIO_NAME_MAC, .number = 7, .bytes = {7}};
	struct virtio_name before = name;

	if (virtio_name_parse(&name, text, strlen(text)) != VIRTIO_ERR_INVALID)
		fail_msg("\"%s\" was taken for a name", text);
	assert_true(virtio_name_equal(&name, &before));
}

static void test_an_order_is_a_number(void **state)
{
	(void)state;
	reads_as("0", VIRTIO_NAME_ORDER, 0, "order:0");
	reads_as("12", VIRTIO_NAME_ORDER, 12, "order:12");
	reads_as("order:4294967295", VIRTIO_NAME_ORDER, UINT32_MAX, "order:4294967295");
	refused("order:4294967296");
	refused("order:");
	refused("order:1x");
	refused("order:-1");
	refused("0x1");
	refused("");
}

static void test_a_pci_address_may_have_a_domain(void **state)
{
	(void)state;
	reads_as("pci:00:04.0", VIRTIO_NAME_PCI, 0x20, "pci:00:04.0");
	reads_as("pci:0:4.7", VIRTIO_NAME_PCI, 0x27, "pci:00:04.7");
	reads_as("pci:FF:1f.7", VIRTIO_NAME_PCI, 0xffff, "pci:ff:1f.7");
	reads_as("pci:0000:02:00.0", VIRTIO_NAME_PCI, 0x200, "pci:02:00.0");
	reads_as("pci:1:02:03.4", VIRTIO_NAME_PCI, 0x1021c, "pci:0001:02:03.4");
	reads_as("pci:ffff:ff:1f.7", VIRTIO_NAME_PCI, UINT32_MAX, "pci:ffff:ff:1f.7");
	refused("pci:");
	refused("pci:04.0");
	refused("pci:00:04");
	refused("pci:00:20.0");
	refused("pci:00:04.8");
	refused("pci:100:04.0");
	refused("pci:10000:00:04.0");
	refused("pci:0:100:04.0");
	refused("pci:00:04.0 ");
	refused("pci:00:04.0.0");
	refused("pci:00:00:00:04.0");
	refused("00:04.0");
}

static void test_an_mmio_address_is_hexadecimal(void **state)
{
	(void)state;
	reads_as("mmio:0xfeb00e00", VIRTIO_NAME_MMIO, 0xfeb00e00, "mmio:0xfeb00e00");
	reads_as("mmio:0Xffffffffffffffff", VIRTIO_NAME_MMIO, UINT64_MAX, "mmio:0xffffffffffffffff");
	refused("mmio:feb00e00");
	refused("mmio:1234");
	refused("mmio:1x1234");
	refused("mmio:0x");
	refused("mmio:0x10000000000000000");
	refused("mmio:0x1:2");
}

static void test_a_mac_address_has_six_bytes(void **state)
{
	(void)state;
	reads_as("mac:52:54:00:aB:cD:eF", VIRTIO_NAME_MAC, 0, "mac:52:54:00:ab:cd:ef");
	struct virtio_name name = parse("mac:52:54:00:ab:cd:ef");
	assert_memory_equal(name.bytes, "\x52\x54\x00\xab\xcd\xef\0\0", 8);
	refused("mac:52:54:00:ab:cd");
	refused("mac:52:54:00:ab:cd:ef:01");
	refused("mac:52:54:0:ab:cd:ef");
	refused("mac:52-54-00-ab-cd-ef");
	refused("mac:52:54:00:ab:cd:eg");
	refused("mac:52:54:00:ab:cd:e");
	refused("52:54:00:ab:cd:ef");
}

static void test_a_serial_number_may_hold_any_byte(void **state)
{
	(void)state;
	reads_as("serial:DISK1", VIRTIO_NAME_SERIAL, 0, "serial:DISK1");
	reads_as("serial:a=b:c,d", VIRTIO_NAME_SERIAL, 0, "serial:a=b:c,d");
	reads_as("serial:12345678901234567890", VIRTIO_NAME_SERIAL, 0, "serial:12345678901234567890");
	reads_as("serial:my%20disk%25%1B%41", VIRTIO_NAME_SERIAL, 0, "serial:my%20disk%25%1bA");
	struct virtio_name name = parse("serial:my%20disk");
	assert_string_equal((const char *)name.bytes, "my disk");
	refused("serial:");
	refused("serial:123456789012345678901");
	refused("serial:my disk");
	refused("serial:a%");
	refused("serial:a%1");
	refused("serial:a%g0");
	refused("serial:a%00b");
}

/* The longest text that there can be: a hostile disk's. */
static void test_every_serial_number_fits_as_text(void **state)
{
	(void)state;
	struct virtio_name name = {.by = VIRTIO_NAME_SERIAL};
	char text[VIRTIO_NAME_TEXT];

	memset(name.bytes, 0xff, sizeof name.bytes);
	assert_int_equal(virtio_name_text(&name, text), 7 + 3 * sizeof name.bytes);
	struct virtio_name again = parse(text);
	assert_true(virtio_name_equal(&name, &again));
	for (unsigned byte = 1; byte < 256; byte++) {
		memset(name.bytes, (int)byte, sizeof name.bytes);
		virtio_name_text(&name, text);
		for (const char *letter = text; *letter; letter++)
			assert_true(*letter > ' ' && *letter <= '~');
		again = parse(text);
		assert_true(virtio_name_equal(&name, &again));
	}
}

static void test_what_is_no_name_is_refused(void **state)
{
	(void)state;
	refused("eth0");
	refused("pci");
	refused("PCI:00:04.0");
	refused("mac:52:54:00:12:34:56\t");
	refused("serial:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	struct virtio_name name;
	assert_int_equal(virtio_name_parse(&name, "1\0002", 3), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_name_parse(&name, "12", 1), 0);
	assert_true(name.number == 1);
}

/* However long the text is, the parser's own copy of it is not written past. */
static void test_the_longest_text_fits_and_a_longer_one_is_refused(void **state)
{
	(void)state;
	char text[VIRTIO_NAME_TEXT + 1];
	struct virtio_name name;
	memset(text, '0', sizeof text);
	memcpy(text, "order:", 6);
	assert_int_equal(virtio_name_parse(&name, text, VIRTIO_NAME_TEXT - 1), 0);
	assert_int_equal(virtio_name_parse(&name, text, VIRTIO_NAME_TEXT), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_name_parse(&name, text, VIRTIO_NAME_TEXT + 1), VIRTIO_ERR_INVALID);
}

static void test_no_name_is_an_empty_text(void **state)
{
	(void)state;
	struct virtio_name none = {.by = VIRTIO_NAME_NONE};
	char text[VIRTIO_NAME_TEXT] = "x";
	assert_int_equal(virtio_name_text(&none, text), 0);
	assert_string_equal(text, "");
}

static void test_names_differ_in_any_field(void **state)
{
	static const char *const texts[] = {"order:5", "order:6", "mmio:0x5", "pci:00:00.5", "mac:00:00:00:00:00:05",
		"mac:05:00:00:00:00:00", "serial:%05", "serial:5", "serial:55"};

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (unsigned j = 0; j < sizeof texts / sizeof texts[0]; j++) {
			struct virtio_name a = parse(texts[i]), b = parse(texts[j]);
			assert_int_equal(virtio_name_equal(&a, &b), i == j);
		}
}

static void test_a_window_may_be_written_with_a_large_x(void **state)
{
	(void)state;
	reads_as("mmio:0XFEB00000", VIRTIO_NAME_MMIO, 0xfeb00000, "mmio:0xfeb00000");
}

static void test_a_kind_of_name_that_nobody_knows_is_an_empty_text(void **state)
{
	const struct virtio_name name = {.by = (enum virtio_name_by)77};
	char text[VIRTIO_NAME_TEXT] = "before";

	(void)state;
	assert_int_equal(virtio_name_text(&name, text), 0);
	assert_string_equal(text, "");
}

static void test_a_window_that_is_not_hexadecimal_is_refused(void **state)
{
	(void)state;
	refused("mmio:0z1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_order_is_a_number),
		cmocka_unit_test(test_a_pci_address_may_have_a_domain),
		cmocka_unit_test(test_an_mmio_address_is_hexadecimal),
		cmocka_unit_test(test_a_mac_address_has_six_bytes),
		cmocka_unit_test(test_a_serial_number_may_hold_any_byte),
		cmocka_unit_test(test_every_serial_number_fits_as_text),
		cmocka_unit_test(test_what_is_no_name_is_refused),
		cmocka_unit_test(test_the_longest_text_fits_and_a_longer_one_is_refused),
		cmocka_unit_test(test_no_name_is_an_empty_text),
		cmocka_unit_test(test_names_differ_in_any_field),
		cmocka_unit_test(test_a_window_may_be_written_with_a_large_x),
		cmocka_unit_test(test_a_kind_of_name_that_nobody_knows_is_an_empty_text),
		cmocka_unit_test(test_a_window_that_is_not_hexadecimal_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
