/* SPDX-License-Identifier: ISC */
/*
 * A packed virtqueue with a device that lies as only a packed ring lets it; test_virtqueue_hostile.c has the lies that
 * both kinds of ring have.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define SIZE 7 /* no power of two */

static void test_an_id_of_no_buffer_breaks_the_ring(void **state)
{
	(void)state;
	/* HP-01: the two buffers have the ids 0 and 1, whichever slots they take. */
	for (uint32_t id = 0; id < SIZE; id++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, &fake_device_packed, SIZE, 2, 0);
		fake_device_lie_used(&pair.device, id, 0);
		if (id < 2) {
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(id + 1));
			fake_device_lie_slots(&pair.device, 1);    /* behind the slots of the list */
			fake_device_lie_used(&pair.device, id, 0); /* and a second time */
		}
		ring_pair_close_broken(&pair);
	}
}

/* HP-01: also where only a look is taken, which follows ids from slot to slot. */
static void test_nobody_sleeps_on_an_id_of_no_buffer(void **state)
{
	static const uint32_t ids[] = {2, SIZE - 1, SIZE, 0x8000, 0xffff};

	(void)state;
	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, &fake_device_packed, SIZE, 2, 0);
		fake_device_lie_used(&pair.device, ids[i], 0);
		assert_true(virtqueue_enable_interrupts(&pair.vq, 2));
		assert_null(pair.vq.fault);
		ring_pair_close_broken(&pair);
	}
}

static void test_more_used_than_there_was_breaks_the_ring(void **state)
{
	struct virtqueue_used used[SIZE];
	struct ring_pair pair;

	(void)state;
	/* HP-02: three used buffers where the device had two; the third has no id that could be right. */
	for (uint32_t id = 0; id < SIZE; id++) {
		ring_pair_open(&pair, &fake_device_packed, SIZE, 2, 0);
		(void)!ring_pair_send(&pair, &pair);
		(void)!ring_pair_send(&pair, &pair);
		fake_device_lie_used(&pair.device, 1, 0);
		fake_device_lie_used(&pair.device, 0, 0);
		fake_device_lie_used(&pair.device, id, 0);
		assert_int_equal(virtqueue_get(&pair.vq, used, SIZE), 2);
		ring_pair_close_broken(&pair);
	}
}

static void test_flags_that_flap_do_not_lead_out_of_the_ring(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* HP-06: every slot in every lap says that it is used, by a buffer that takes two. */
	for (unsigned start = 0; start < SIZE; start++) {
		struct virtqueue_used used;

		ring_pair_open(&pair, &fake_device_packed, SIZE, 2, 0);
		for (unsigned i = 0; i < start; i++) {
			(void)!ring_pair_send(&pair, &pair);
			ring_pair_serve(&pair, 0);
			ring_pair_get(&pair, NULL);
		}
		for (unsigned lap = 0; lap < 5 * SIZE && !pair.vq.fault; lap++) {
			while (ring_pair_add(&pair, &pair, 1, 1) == 1)
				;
			(void)!virtqueue_publish(&pair.vq);
			for (unsigned slot = 0; slot < SIZE; slot++)
				fake_device_lie_used(&pair.device, lap % SIZE / 2, 0xffffffff);
			while (virtqueue_get(&pair.vq, &used, 1) == 1)
				assert_ptr_equal(used.token, &pair);
			assert_true((pair.vq.seen & 0x7fff) < SIZE);
			assert_true(pair.vq.free_count <= SIZE);
		}
		ring_pair_close_broken(&pair);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_id_of_no_buffer_breaks_the_ring),
		TEST(test_nobody_sleeps_on_an_id_of_no_buffer),
		TEST(test_more_used_than_there_was_breaks_the_ring),
		TEST(test_flags_that_flap_do_not_lead_out_of_the_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
