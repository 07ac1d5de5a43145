/* SPDX-License-Identifier: ISC */
/* Where the areas of a split virtqueue lie (VIRTIO 2.7, 2.7.2), against the formulas of the specification. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "virtqueue/split_layout.h"

#include <virtio/virtqueue.h>

#define PAGE 4096

/* RING-02: bytes of each area. */
static size_t descriptor_bytes(size_t size)
{
	return 16 * size;
}

static size_t driver_bytes(size_t size)
{
	return 6 + 2 * size;
}

static size_t device_bytes(size_t size)
{
	return 6 + 8 * size;
}

/* ERR-02: the macro of 2.7.2, with alignment - 1 where the specification's text has alignment. */
static size_t page_align(size_t value)
{
	return (value + (PAGE - 1)) & ~(size_t)(PAGE - 1);
}

static void test_areas_are_aligned_and_apart(void **state)
{
	(void)state;
	for (uint32_t size = 1; size <= 32768; size *= 2) {
		struct split_layout layout = virtqueue_split_layout((uint16_t)size, 0);

		/* RING-01 */
		assert_int_equal(layout.alignment % 16, 0);
		assert_int_equal(layout.driver % 2, 0);
		assert_int_equal(layout.device % 4, 0);
		assert_true(layout.driver >= descriptor_bytes(size));
		assert_true(layout.device >= layout.driver + driver_bytes(size));
		assert_true(layout.bytes >= layout.device + device_bytes(size));
		/* What the device writes shares no cache line with what we write. */
		assert_int_equal(layout.device % 64, 0);
		assert_int_equal(layout.alignment % 64, 0);
	}
}

static void test_the_page_layout_is_that_of_legacy_devices(void **state)
{
	(void)state;
	for (uint32_t size = 1; size <= 32768; size *= 2) {
		struct split_layout layout = virtqueue_split_layout((uint16_t)size, PAGE);
		size_t first = page_align(descriptor_bytes(size) + driver_bytes(size));

		assert_int_equal(layout.driver, descriptor_bytes(size));
		assert_int_equal(layout.device, first);
		assert_int_equal(layout.bytes, first + page_align(device_bytes(size)));
		assert_int_equal(layout.alignment, PAGE);
	}
}

static void test_event_words_are_behind_the_last_entry(void **state)
{
	(void)state;
	/* EVT-14 */
	assert_int_equal(split_used_event(256), 2 + 2 + 2 * 256);
	assert_int_equal(split_avail_event(256), 2 + 2 + 8 * 256);
	assert_int_equal(split_used_event(256) + 2, driver_bytes(256));
	assert_int_equal(split_avail_event(256) + 2, device_bytes(256));
}

static void test_a_virtqueue_lies_as_the_layout_says(void **state)
{
	static const uint32_t alignments[] = {0, 64, PAGE};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct virtqueue_config config = {.platform = fake_platform(),
			.ops = &virtqueue_split_ops,
			.alignment = alignments[i],
			.size = 128};
		struct split_layout layout = virtqueue_split_layout(128, alignments[i]);
		struct virtqueue vq;

		assert_int_equal(virtqueue_init(&vq, &config), 0);
		assert_int_equal(vq.addresses.descriptors % layout.alignment, 0);
		assert_int_equal(vq.addresses.driver, vq.addresses.descriptors + layout.driver);
		assert_int_equal(vq.addresses.device, vq.addresses.descriptors + layout.device);
		assert_true(fake_platform_is_dma(vq.addresses.descriptors, layout.bytes));
		assert_ptr_equal(vq.device, fake_platform_pointer(vq.addresses.device, device_bytes(128)));
		virtqueue_free(&vq);
	}
}

static void test_sizes_that_are_no_power_of_two_are_refused(void **state)
{
	static const uint16_t sizes[] = {0, 3, 5, 255, 257, 32767, 32769, 49152, 65535};

	(void)state;
	/* RING-03, HC-10 */
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct virtqueue_config config = {
			.platform = fake_platform(), .ops = &virtqueue_split_ops, .size = sizes[i]};
		struct virtqueue vq;

		assert_int_equal(virtqueue_init(&vq, &config), VIRTIO_ERR_INVALID);
	}
	for (uint32_t size = 1; size <= 32768; size *= 2) {
		struct virtqueue_config config = {
			.platform = fake_platform(), .ops = &virtqueue_split_ops, .size = (uint16_t)size};
		struct virtqueue vq;

		assert_int_equal(virtqueue_init(&vq, &config), 0);
		virtqueue_free(&vq);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_areas_are_aligned_and_apart),
		TEST(test_the_page_layout_is_that_of_legacy_devices),
		TEST(test_event_words_are_behind_the_last_entry),
		TEST(test_a_virtqueue_lies_as_the_layout_says),
		TEST(test_sizes_that_are_no_power_of_two_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
