/* SPDX-License-Identifier: ISC */
/* libvirtio/base/region.c and region_memory.c: windows into windows, and memory behind them. */
#include <string.h>
#include <virtio/region.h>

#include "fake/cmocka.h"

static uint32_t memory[4];
static uint8_t *const bytes = (uint8_t *)memory;

static int setup(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < sizeof memory; i++)
		bytes[i] = i;
	return 0;
}

static void test_accesses_touch_their_own_bytes_only(void **state)
{
	(void)state;
	struct virtio_region region = virtio_region_memory(memory, sizeof memory);
	assert_int_equal(virtio_region_read8(&region, 5), 0x05);
	assert_int_equal(virtio_region_read16(&region, 6), 0x0706);
	assert_int_equal(virtio_region_read32(&region, 8), 0x0b0a0908);
	virtio_region_write8(&region, 1, 0xaa);
	virtio_region_write16(&region, 4, 0xbbcc);
	virtio_region_write32(&region, 8, 0x11223344);
	static const uint8_t expected[] = {0, 0xaa, 2, 3, 0xcc, 0xbb, 6, 7, 0x44, 0x33, 0x22, 0x11, 12, 13, 14, 15};
	assert_memory_equal(bytes, expected, sizeof expected);
}

static void test_a_part_counts_from_its_own_start(void **state)
{
	(void)state;
	struct virtio_region region = virtio_region_memory(memory, sizeof memory), part;
	assert_int_equal(virtio_region_part(&part, &region, 4, 8), 0);
	assert_int_equal(part.length, 8);
	assert_int_equal(virtio_region_read8(&part, 0), 4);
	assert_int_equal(virtio_region_part(&part, &part, 4, 4), 0); /* in place */
	assert_int_equal(virtio_region_read8(&part, 3), 11);
	assert_int_equal(virtio_region_part(&part, &region, 16, 0), 0); /* empty, at the very end */
}

static void test_a_part_that_does_not_lie_within_is_refused(void **state)
{
	(void)state;
	static const struct {
		uint64_t offset, length;
	} cases[] = {{0, 17}, {16, 1}, {17, 0}, {8, 9}, {UINT64_MAX, 1}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
	struct virtio_region region = virtio_region_memory(memory, sizeof memory), part = region;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(
			virtio_region_part(&part, &region, cases[i].offset, cases[i].length), VIRTIO_ERR_INVALID);
		assert_memory_equal(&part, &region, sizeof part); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_accesses_touch_their_own_bytes_only, setup),
		cmocka_unit_test_setup(test_a_part_counts_from_its_own_start, setup),
		cmocka_unit_test_setup(test_a_part_that_does_not_lie_within_is_refused, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
