/* SPDX-License-Identifier: ISC */
/*
 * A split virtqueue with a device that lies. Whatever it writes, memory stays safe, each buffer comes back at most
 * once, a number that cannot be right breaks the virtqueue, and a restart cures it.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <virtio/spec/split.h>

#include <string.h>

#define SIZE 8

/* A virtqueue with HELD buffers of 2 descriptors each, tokens 1 to HELD, published. */
static void open_hostile(struct ring_pair *pair, unsigned held, uint64_t features)
{
	ring_pair_open(pair, &fake_device_split, SIZE, 2, features);
	for (unsigned i = 0; i < held; i++)
		assert_int_equal(ring_pair_add(pair, ring_pair_token(i + 1), 1, 1), 1);
	(void)!virtqueue_publish(&pair->vq);
}

/* The virtqueue is broken and says so to every call, until it is restarted after a reset. */
static void assert_broken(struct ring_pair *pair)
{
	struct virtqueue_used used;
	unsigned back = 0;

	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_non_null(pair->vq.fault);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), VIRTIO_ERR_PROTOCOL);
	assert_false(virtqueue_publish(&pair->vq));
	assert_true(virtqueue_enable_interrupts(&pair->vq, 1)); /* do not sleep on it */
	virtqueue_disable_interrupts(&pair->vq);
	fake_device_detach(&pair->device);
	while (virtqueue_take_back(&pair->vq))
		back++;
	assert_true(back <= SIZE);
	virtqueue_restart(&pair->vq);
	fake_device_attach(&pair->device, pair->kind, &pair->vq.addresses, SIZE, 0);
	assert_null(pair->vq.fault);
	for (unsigned i = 0; i < 3 * SIZE; i++) {
		(void)!ring_pair_send(pair, pair);
		ring_pair_serve(pair, 0);
		assert_ptr_equal(ring_pair_get(pair, NULL), pair);
	}
	ring_pair_close(pair);
}

static void test_an_id_out_of_range_breaks_the_ring(void **state)
{
	static const uint32_t ids[] = {SIZE, SIZE + 1, 0x8000, 0xffff, 0x10000, 0x10002, 0x80000000, 0xffffffff};

	(void)state;
	/* HR-01: 0x10000 is no 0 */
	for (unsigned i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct ring_pair pair;

		open_hostile(&pair, 2, 0);
		fake_device_lie_used(&pair.device, ids[i], 0);
		assert_broken(&pair);
	}
}

static void test_an_id_of_no_buffer_breaks_the_ring(void **state)
{
	(void)state;
	/* HR-02: with 2 buffers of 2 descriptors, 0 and 2 begin a buffer, 1 and 3 do not, the rest is free. */
	for (uint32_t id = 0; id < SIZE; id++) {
		struct ring_pair pair;

		open_hostile(&pair, 2, 0);
		fake_device_lie_used(&pair.device, id, 0);
		if (id == 0 || id == 2) {
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(id / 2 + 1));
			fake_device_lie_used(&pair.device, id, 0); /* and a second time */
		}
		assert_broken(&pair);
	}
}

static void test_a_used_index_that_jumps_breaks_the_ring(void **state)
{
	static const int steps[] = {3, 4, SIZE, 100, 32767, 32768, 65535, -1, -2, -100};

	(void)state;
	/* HR-04 */
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct ring_pair pair;

		open_hostile(&pair, 2, 0);
		fake_device_lie_index(&pair.device, steps[i]);
		assert_broken(&pair);
	}
}

static void test_buffers_used_before_any_was_published_break_the_ring(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* HR-10 */
	open_hostile(&pair, 0, 0);
	assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
	fake_device_lie_used(&pair.device, 0, 0);
	assert_broken(&pair);
}

static void test_a_fault_stays_when_the_device_mends_its_numbers(void **state)
{
	struct virtqueue_used used;
	struct ring_pair pair;

	(void)state;
	open_hostile(&pair, 3, 0);
	fake_device_lie_used(&pair.device, SIZE, 0);
	assert_int_equal(virtqueue_get(&pair.vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	fake_device_lie_index(&pair.device, -1);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
	fake_device_lie_used(&pair.device, 0, 0); /* in its place, and right */
	assert_broken(&pair);
}

static void test_good_entries_before_a_bad_one_come_back_first(void **state)
{
	static struct fake_device_buffer buffer;
	struct virtqueue_used used[SIZE];
	struct ring_pair pair;

	(void)state;
	open_hostile(&pair, 4, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fake_device_take(&pair.device, &buffer));
		fake_device_return(&pair.device, &buffer, 0);
	}
	fake_device_lie_used(&pair.device, 0, 0);
	assert_int_equal(virtqueue_get(&pair.vq, used, SIZE), 2);
	assert_ptr_equal(used[1].token, ring_pair_token(2));
	assert_broken(&pair);
}

static void test_a_length_is_never_more_than_there_was(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_INDIRECT_DESC};
	static const uint32_t lengths[] = {0, 1, 15, 16, 17, 32, 33, 0x80000000, 0xffffffff};

	(void)state;
	/* HR-03, RING-14: 16 bytes to read, 16 to write, then none to write. */
	for (unsigned i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
		struct ring_pair pair;
		uint32_t said = lengths[i / 2];
		uint32_t length;

		open_hostile(&pair, 1, sets[i % 2]);
		ring_pair_serve(&pair, said);
		ring_pair_get(&pair, &length);
		assert_int_equal(length, said < 16 ? said : 16);
		assert_int_equal(ring_pair_add(&pair, &pair, 2, 0), 1);
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
		(void)!virtqueue_publish(&pair.vq);
		ring_pair_serve(&pair, said);
		ring_pair_get(&pair, &length);
		assert_int_equal(length, 0);
		ring_pair_serve(&pair, said);
		ring_pair_get(&pair, &length);
		assert_int_equal(length, 0);
		ring_pair_close(&pair);
	}
}

static void test_overwritten_descriptors_and_tables_do_no_harm(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC};
	static struct fake_device_buffer buffers[4];

	(void)state;
	/* HR-06, HR-07, HI-01 */
	for (unsigned i = 0; i < 3 * 256; i++) {
		struct ring_pair pair;
		bool seen[SIZE] = {false};
		const uint8_t *area;
		uint16_t index;

		open_hostile(&pair, 4, sets[i / 256]);
		area = fake_platform_pointer(pair.vq.addresses.driver, 6 + 2 * SIZE);
		for (unsigned n = 0; n < 4; n++)
			assert_true(fake_device_take(&pair.device, &buffers[n]));
		fake_device_scribble(&pair.device, (uint8_t)i);
		for (unsigned n = 4; n-- > 0;)
			fake_device_return(&pair.device, &buffers[n], 16);
		for (unsigned n = 4; n-- > 0;)
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(n + 1));
		assert_int_equal(pair.vq.free_count, SIZE);
		/* The ring goes on where it was. */
		for (unsigned n = 0; n < SIZE; n++)
			assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
		(void)!virtqueue_publish(&pair.vq);
		memcpy(&index, area + 2, 2);
		assert_int_equal(index, 4 + SIZE);
		for (unsigned n = 0; n < SIZE; n++) {
			memcpy(&index, area + 4 + 2 * n, 2);
			assert_true(index < SIZE && !seen[index]); /* each descriptor once */
			seen[index] = true;
		}
		ring_pair_close(&pair);
	}
}

static void test_any_flags_and_events_only_cost_notifications(void **state)
{
	static const uint16_t values[] = {0, 1, 2, 3, 0x7fff, 0x8000, 0xfffe, 0xffff};
	struct ring_pair pair;

	(void)state;
	/* HR-08 */
	for (unsigned i = 0; i < 2 * 8; i++) {
		ring_pair_open(&pair, &fake_device_split, SIZE, 1, i % 2 ? VIRTIO_F_EVENT_IDX : 0);
		fake_device_stop_watching(&pair.device);
		for (unsigned n = 0; n < 3 * SIZE; n++) {
			uint8_t *area = fake_platform_pointer(pair.vq.addresses.device, 6 + 8 * SIZE);

			memcpy(area, &values[i / 2], 2);
			memcpy(area + 4 + 8 * SIZE, &values[(i / 2 + n) % 8], 2);
			(void)!ring_pair_send(&pair, &pair);
			ring_pair_serve(&pair, 0);
			assert_ptr_equal(ring_pair_get(&pair, NULL), &pair);
		}
		ring_pair_close(&pair);
	}
}

/* Each token at most once, at most what the memory holds, whatever numbers the device makes up. */
static void test_random_lies_do_no_harm(void **state)
{
	uint32_t seed = 99;
	unsigned broken = 0;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t out[SIZE] = {0};
		struct virtqueue_used used[SIZE];
		struct ring_pair pair;
		int taken = 0;

		ring_pair_open(&pair, &fake_device_split, SIZE, 2, round % 2 ? VIRTIO_F_INDIRECT_DESC : 0);
		for (unsigned i = 0; i < SIZE && ring_pair_add(&pair, &out[i], 1, 1) == 1; i++)
			out[i] = 1;
		(void)!virtqueue_publish(&pair.vq);
		for (unsigned i = 0; i < 6 && taken >= 0; i++) {
			seed = seed * 1664525 + 1013904223;
			if (seed >> 28 == 0)
				fake_device_lie_index(&pair.device, (int)(seed >> 20 & 7));
			else
				fake_device_lie_used(&pair.device, seed >> 16 & (seed >> 30 ? 7 : 0x1000f), seed);
			taken = virtqueue_get(&pair.vq, used, 1 + (seed >> 12 & 3));
			for (int n = 0; n < taken; n++) {
				assert_int_equal(*(uint8_t *)used[n].token, 1);
				assert_true(used[n].length <= 16);
				*(uint8_t *)used[n].token = 2;
			}
		}
		broken += taken == VIRTIO_ERR_PROTOCOL;
		fake_device_detach(&pair.device);
		for (uint8_t *token; (token = virtqueue_take_back(&pair.vq));) {
			assert_int_equal(*token, 1);
			*token = 2;
		}
		ring_pair_close(&pair);
	}
	assert_in_range(broken, 1000, 2999); /* the lies were of both kinds */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_id_out_of_range_breaks_the_ring),
		TEST(test_an_id_of_no_buffer_breaks_the_ring),
		TEST(test_a_used_index_that_jumps_breaks_the_ring),
		TEST(test_buffers_used_before_any_was_published_break_the_ring),
		TEST(test_a_fault_stays_when_the_device_mends_its_numbers),
		TEST(test_good_entries_before_a_bad_one_come_back_first),
		TEST(test_a_length_is_never_more_than_there_was),
		TEST(test_overwritten_descriptors_and_tables_do_no_harm),
		TEST(test_any_flags_and_events_only_cost_notifications),
		TEST(test_random_lies_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
