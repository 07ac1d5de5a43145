/* SPDX-License-Identifier: ISC */
/*
 * A split virtqueue with a device that lies as only a split ring lets it; test_virtqueue_hostile.c has the lies that
 * both kinds of ring have.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define SIZE 8

static void test_an_id_of_more_than_16_bits_breaks_the_ring(void **state)
{
	static const uint32_t ids[] = {0x10000, 0x10002, 0x80000000, 0xffffffff};

	(void)state;
	/* HR-01: 0x10000 is no 0 */
	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, &fake_device_split, SIZE, 2, 0);
		fake_device_lie_used(&pair.device, ids[i], 0);
		ring_pair_close_broken(&pair);
	}
}

static void test_an_id_of_no_buffer_breaks_the_ring(void **state)
{
	(void)state;
	/* HR-02: with 2 buffers of 2 descriptors, 0 and 2 begin a buffer, 1 and 3 do not, the rest is free. */
	for (uint32_t id = 0; id < SIZE; id++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, &fake_device_split, SIZE, 2, 0);
		fake_device_lie_used(&pair.device, id, 0);
		if (id == 0 || id == 2) {
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(id / 2 + 1));
			fake_device_lie_used(&pair.device, id, 0); /* and a second time */
		}
		ring_pair_close_broken(&pair);
	}
}

static void test_a_used_index_that_jumps_breaks_the_ring(void **state)
{
	static const int steps[] = {3, 4, SIZE, 100, 32767, 32768, 65535, -1, -2, -100};

	(void)state;
	/* HR-04 */
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, &fake_device_split, SIZE, 2, 0);
		fake_device_lie_index(&pair.device, steps[i]);
		ring_pair_close_broken(&pair);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_id_of_more_than_16_bits_breaks_the_ring),
		TEST(test_an_id_of_no_buffer_breaks_the_ring),
		TEST(test_a_used_index_that_jumps_breaks_the_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
