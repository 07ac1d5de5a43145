/* SPDX-License-Identifier: ISC */
/* libvirtio/device/config.c: reading what a device may change, or not have. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static unsigned changes_left;

static const uint8_t old_bytes[8] = {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
static const uint8_t new_bytes[8] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_BLOCK, VIRTIO_F_VERSION_1);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	fake_transport_set_config(&fake, 0, old_bytes, 8);
	return 0;
}

/* CFG-05 */
static void test_fields_are_little_endian(void **state)
{
	(void)state;
	uint8_t byte;
	uint16_t half;
	uint32_t word;
	uint64_t whole;
	fake_transport_set_config(&fake, 0, new_bytes, 8);
	assert_int_equal(virtio_device_config8(&fake.device, 1, &byte), 0);
	assert_int_equal(byte, 0x77);
	assert_int_equal(virtio_device_config16(&fake.device, 2, &half), 0);
	assert_int_equal(half, 0x5566);
	assert_int_equal(virtio_device_config32(&fake.device, 4, &word), 0);
	assert_int_equal(word, 0x11223344);
	assert_int_equal(virtio_device_config64(&fake.device, 0, &whole), 0);
	assert_int_equal(whole, 0x1122334455667788);
}

static void test_accesses_have_the_width_that_was_asked_for(void **state)
{
	(void)state;
	uint8_t bytes[8];
	for (uint32_t width = 1; width <= 4; width *= 2) {
		fake_region_forget(&fake.config_region);
		assert_int_equal(virtio_device_read_config(&fake.device, 0, bytes, 8, width), 0);
		assert_memory_equal(bytes, old_bytes, 8);
		for (unsigned i = 0; i < fake.config_region.count; i++)
			assert_int_equal(fake.config_region.trace[i].width, width);
	}
}

static void test_a_single_field_is_read_once(void **state)
{
	(void)state;
	uint32_t word;
	assert_int_equal(virtio_device_config32(&fake.device, 4, &word), 0);
	assert_int_equal(fake.config_region.count, 1);
}

/* The configuration changes behind the first half, as often as changes_left says. */
static void change(struct fake_transport *transport, uint32_t offset)
{
	if (offset != 4 || changes_left == 0)
		return;
	changes_left--;
	fake_transport_set_config(transport, 0, changes_left % 2 ? old_bytes : new_bytes, 8);
}

/* CFG-01, CFG-02 */
static void test_halves_of_different_times_are_never_joined(void **state)
{
	(void)state;
	uint64_t whole;
	for (unsigned changes = 1; changes < 6; changes++) {
		fake_transport_set_config(&fake, 0, old_bytes, 8);
		changes_left = changes;
		fake.on_config_read = change;
		assert_int_equal(virtio_device_config64(&fake.device, 0, &whole), 0);
		assert_true(whole == 0x1122334455667788 || whole == 0x1111111111111111);
		assert_memory_equal(&whole, fake.config, 8);
	}
}

/* PCIL-11, PCIL-12: no generation there */
static void test_on_legacy_devices_two_reads_must_agree(void **state)
{
	(void)state;
	fake_transport_make_legacy(&fake);
	test_halves_of_different_times_are_never_joined(NULL);
}

/* HC-13; the bytes are the same each time, the generation alone tells */
static void test_a_generation_that_never_stands_still_is_an_error(void **state)
{
	(void)state;
	uint8_t bytes[8];
	fake.generation_unstable = true;
	assert_int_equal(virtio_device_read_config(&fake.device, 0, bytes, 8, 4), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("fake device: its configuration never stands still"));
	assert_true(fake.config_region.count < 1000);
}

/* CFG-04, HC-07 */
static void test_a_configuration_that_is_too_short_is_not_read(void **state)
{
	(void)state;
	uint64_t whole = 1;
	uint8_t bytes[8];
	fake_transport_set_config_length(&fake, 7);
	assert_int_equal(virtio_device_config64(&fake.device, 0, &whole), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("fake device: its configuration has 7 bytes, too few for 8 at 0"));
	assert_int_equal(virtio_device_read_config(&fake.device, 1, bytes, 7, 1), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_device_read_config(&fake.device, 0xfffffffc, bytes, 4, 4), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.config_region.count, 0);
	assert_int_equal(whole, 1);
	assert_int_equal(virtio_device_read_config(&fake.device, 1, bytes, 6, 1), 0);
}

static unsigned writes;

static void count_write(void *context, uint64_t offset, unsigned width, uint32_t value)
{
	(void)context;
	assert_int_equal(offset, 4);
	assert_int_equal(width, 4);
	assert_int_equal(value, 0x12345678);
	writes++;
}

/* CFG-04, HC-07 */
static void test_a_configuration_that_is_too_short_is_not_written(void **state)
{
	(void)state;
	static const uint32_t outside[] = {8, 0x7ffffffc, 0xfffffffc};
	writes = 0;
	for (unsigned length = 0; length <= 8; length++) {
		fake_transport_set_config_length(&fake, length);
		fake.config_region.write = count_write;
		for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++)
			assert_int_equal(
				virtio_device_write_config32(&fake.device, outside[i], 1), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_device_write_config32(&fake.device, 4, 0x12345678),
			length == 8 ? 0 : VIRTIO_ERR_UNSUPPORTED);
	}
	assert_int_equal(writes, 1);
}

/* PCI-32 */
static void test_without_a_configuration_nothing_is_read(void **state)
{
	(void)state;
	uint8_t byte;
	fake_transport_set_config_length(&fake, 0);
	assert_int_equal(virtio_device_config8(&fake.device, 0, &byte), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("fake device"));
}

static void test_impossible_widths_are_a_bug_of_the_caller(void **state)
{
	(void)state;
	uint8_t bytes[16];
	assert_int_equal(virtio_device_read_config(&fake.device, 0, bytes, 8, 8), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_device_read_config(&fake.device, 0, bytes, 8, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_device_read_config(&fake.device, 0, bytes, 6, 4), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_device_read_config(&fake.device, 2, bytes, 4, 4), VIRTIO_ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fields_are_little_endian),
		TEST(test_accesses_have_the_width_that_was_asked_for),
		TEST(test_a_single_field_is_read_once),
		TEST(test_halves_of_different_times_are_never_joined),
		TEST(test_on_legacy_devices_two_reads_must_agree),
		TEST(test_a_generation_that_never_stands_still_is_an_error),
		TEST(test_a_configuration_that_is_too_short_is_not_read),
		TEST(test_a_configuration_that_is_too_short_is_not_written),
		TEST(test_without_a_configuration_nothing_is_read),
		TEST(test_impossible_widths_are_a_bug_of_the_caller),
	};
	/* Not over each ring: no virtqueue carries anything here. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
