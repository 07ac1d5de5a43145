/* SPDX-License-Identifier: ISC */
/*
 * A virtqueue of each kind with a device that lies. Whatever it writes, memory stays safe, each buffer comes back at
 * most once, a number that cannot be right breaks the virtqueue, and a restart cures it. Lies that one kind of ring
 * alone can tell are in test_split_hostile.c and test_packed_hostile.c.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <virtio/spec/packed.h>
#include <virtio/spec/split.h>

#include <string.h>

#define LARGEST 8 /* of the sizes below */
#define HELD 3    /* buffers that the device has, of two descriptors each */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A kind of ring, and how a device lies about its place in it. */
struct ring {
	const struct fake_device_ops *kind;
	void (*move)(struct fake_device_ring *ring, int steps);
	uint16_t size;
	uint16_t flags; /* of the device's events: where they stand in its area */
	uint16_t event; /* likewise */
};

static const struct ring rings[] = {
	{
		.kind = &fake_device_split,
		.move = fake_device_lie_index,
		.size = LARGEST,
		.flags = 0,
		.event = 4 + (uint16_t)sizeof(struct virtq_used_elem) * LARGEST,
	},
	{
		.kind = &fake_device_packed,
		.move = fake_device_lie_slots,
		.size = LARGEST - 1, /* no power of two */
		.flags = offsetof(struct pvirtq_event_suppress, flags),
		.event = offsetof(struct pvirtq_event_suppress, off_wrap),
	},
};

static void over_rings(void (*body)(const struct ring *ring))
{
	for (unsigned i = 0; i < COUNT(rings); i++)
		body(&rings[i]);
}

static void name_an_id_out_of_range(const struct ring *ring)
{
	const uint32_t ids[] = {ring->size, ring->size + 1u, 0x7fff, 0x8000, 0xffff};

	for (unsigned i = 0; i < COUNT(ids); i++) {
		struct ring_pair pair;

		ring_pair_open_held(&pair, ring->kind, ring->size, 2, 0);
		fake_device_lie_used(&pair.device, ids[i], 0);
		ring_pair_close_broken(&pair);
	}
}

static void test_an_id_out_of_range_breaks_the_ring(void **state)
{
	(void)state;
	/* HR-01, HP-01 */
	over_rings(name_an_id_out_of_range);
}

static void use_before_publishing(const struct ring *ring)
{
	struct ring_pair pair;
	void *token;

	for (unsigned tokens = 0; tokens < 2; tokens++) {
		ring_pair_open_held(&pair, ring->kind, ring->size, 0, 0);
		assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
		fake_device_lie_used(&pair.device, 0, 0);
		if (tokens)
			assert_int_equal(virtqueue_get_tokens(&pair.vq, &token, 1), VIRTIO_ERR_PROTOCOL);
		ring_pair_close_broken(&pair);
	}
}

static void test_buffers_used_before_any_was_published_break_the_ring(void **state)
{
	(void)state;
	/* HR-10, HP-02, HP-06 */
	over_rings(use_before_publishing);
}

static void mend_the_numbers(const struct ring *ring)
{
	struct virtqueue_used used;
	struct ring_pair pair;

	ring_pair_open_held(&pair, ring->kind, ring->size, HELD, 0);
	fake_device_lie_used(&pair.device, ring->size, 0);
	assert_int_equal(virtqueue_get(&pair.vq, &used, 1), VIRTIO_ERR_PROTOCOL);
	ring->move(&pair.device, -1);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
	fake_device_lie_used(&pair.device, 0, 0); /* in its place, and right */
	ring_pair_close_broken(&pair);
}

static void test_a_fault_stays_when_the_device_mends_its_numbers(void **state)
{
	(void)state;
	over_rings(mend_the_numbers);
}

static void return_good_ones_first(const struct ring *ring)
{
	static struct fake_device_buffer buffer;
	struct virtqueue_used used[LARGEST];
	struct ring_pair pair;

	ring_pair_open_held(&pair, ring->kind, ring->size, HELD, 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fake_device_take(&pair.device, &buffer));
		fake_device_return(&pair.device, &buffer, 0);
	}
	fake_device_lie_used(&pair.device, 0, 0);
	assert_int_equal(virtqueue_get(&pair.vq, used, ring->size), 2);
	assert_ptr_equal(used[1].token, ring_pair_token(2));
	ring_pair_close_broken(&pair);
}

static void test_good_entries_before_a_bad_one_come_back_first(void **state)
{
	(void)state;
	over_rings(return_good_ones_first);
}

/* 16 bytes to read, 16 to write, then none to write: the device SAYS how many it wrote. */
static void say_a_length(const struct ring *ring, uint64_t features, uint32_t said)
{
	struct ring_pair pair;
	uint32_t length;

	ring_pair_open_held(&pair, ring->kind, ring->size, 1, features);
	ring_pair_serve(&pair, said);
	ring_pair_get(&pair, &length);
	assert_int_equal(length, said < 16 ? said : 16);
	assert_int_equal(ring_pair_add(&pair, &pair, 2, 0), 1);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
	(void)!virtqueue_publish(&pair.vq);
	for (unsigned i = 0; i < 2; i++) {
		ring_pair_serve(&pair, said);
		ring_pair_get(&pair, &length);
		assert_int_equal(length, 0);
	}
	ring_pair_close(&pair);
}

static void say_lengths(const struct ring *ring)
{
	static const uint32_t lengths[] = {0, 1, 15, 16, 17, 32, 33, 0x80000000, 0xffffffff};

	for (unsigned i = 0; i < COUNT(lengths); i++) {
		say_a_length(ring, 0, lengths[i]);
		say_a_length(ring, VIRTIO_F_INDIRECT_DESC, lengths[i]);
	}
}

static void test_a_length_is_never_more_than_there_was(void **state)
{
	(void)state;
	/* HR-03, HP-03, RING-14 */
	over_rings(say_lengths);
}

/* What the driver made available is as the specification wants it, which the device looks after. */
static void take_all(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;
	bool seen[LARGEST] = {false};
	unsigned taken = 0;

	for (; fake_device_take(&pair->device, &buffer); taken++) {
		assert_true(buffer.id < LARGEST && !seen[buffer.id]); /* each descriptor once */
		seen[buffer.id] = true;
	}
	assert_int_equal(taken, pair->vq.size);
}

static void scribble(const struct ring *ring, uint64_t features, uint8_t value)
{
	static struct fake_device_buffer buffers[HELD];
	struct ring_pair pair;

	ring_pair_open_held(&pair, ring->kind, ring->size, HELD, features);
	for (unsigned n = 0; n < HELD; n++)
		assert_true(fake_device_take(&pair.device, &buffers[n]));
	fake_device_scribble(&pair.device, value);
	for (unsigned n = HELD; n-- > 0;)
		fake_device_return(&pair.device, &buffers[n], 16);
	for (unsigned n = HELD; n-- > 0;)
		assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(n + 1));
	assert_int_equal(pair.vq.free_count, ring->size);
	/* The ring goes on where it was. */
	for (unsigned n = 0; n < ring->size; n++)
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
	(void)!virtqueue_publish(&pair.vq);
	assert_int_equal(fake_device_available(&pair.device), ring->size);
	take_all(&pair);
	ring_pair_close(&pair);
}

static void scribble_each_value(const struct ring *ring)
{
	for (unsigned value = 0; value < 256; value++) {
		scribble(ring, 0, (uint8_t)value);
		scribble(ring, VIRTIO_F_EVENT_IDX, (uint8_t)value);
		scribble(ring, VIRTIO_F_INDIRECT_DESC, (uint8_t)value);
	}
}

static void test_overwritten_descriptors_and_tables_do_no_harm(void **state)
{
	(void)state;
	/* HR-06, HR-07, HP-04, HI-01 */
	over_rings(scribble_each_value);
}

static void make_up_events(const struct ring *ring)
{
	static const uint16_t values[] = {0, 1, 2, 3, 0x7fff, 0x8000, 0xfffe, 0xffff};
	struct ring_pair pair;

	for (unsigned i = 0; i < 2 * COUNT(values); i++) {
		ring_pair_open(&pair, ring->kind, ring->size, 1, i % 2 ? VIRTIO_F_EVENT_IDX : 0);
		fake_device_stop_watching(&pair.device);
		for (unsigned n = 0; n < 3u * ring->size; n++) {
			uint8_t *area = fake_platform_pointer(pair.vq.addresses.device, 2u + ring->event);

			memcpy(area + ring->flags, &values[i / 2], 2);
			memcpy(area + ring->event, &values[(i / 2 + n) % COUNT(values)], 2);
			(void)!ring_pair_send(&pair, &pair);
			ring_pair_serve(&pair, 0);
			assert_ptr_equal(ring_pair_get(&pair, NULL), &pair);
		}
		ring_pair_close(&pair);
	}
}

static void test_any_flags_and_events_only_cost_notifications(void **state)
{
	(void)state;
	/* HR-08, HP-07 */
	over_rings(make_up_events);
}

/* Tokens are bytes: 1 is with the device, 2 came back. */
static void come_back(uint8_t *token)
{
	assert_int_equal(*token, 1);
	*token = 2;
}

/* Lie six times at most, by numbers that SEED makes; the last answer of the virtqueue. */
static int lie(const struct ring *ring, struct ring_pair *pair, uint32_t *seed)
{
	struct virtqueue_used used[LARGEST];
	int taken = 0;

	for (unsigned i = 0; i < 6 && taken >= 0; i++) {
		*seed = *seed * 1664525 + 1013904223;
		if (*seed >> 28 == 0)
			ring->move(&pair->device, (int)(*seed >> 20 & 7));
		else
			fake_device_lie_used(&pair->device, *seed >> 16 & (*seed >> 30 ? 7 : 0x1000f), *seed);
		taken = virtqueue_get(&pair->vq, used, 1 + (*seed >> 12 & 3));
		for (int n = 0; n < taken; n++) {
			assert_true(used[n].length <= 16);
			come_back(used[n].token);
		}
	}
	return taken;
}

static void lie_at_random(const struct ring *ring)
{
	uint32_t seed = 99;
	unsigned broken = 0;

	for (unsigned round = 0; round < 3000; round++) {
		uint8_t out[LARGEST] = {0};
		struct ring_pair pair;

		ring_pair_open(&pair, ring->kind, ring->size, 2, round % 2 ? VIRTIO_F_INDIRECT_DESC : 0);
		for (unsigned i = 0; i < ring->size && ring_pair_add(&pair, &out[i], 1, 1) == 1; i++)
			out[i] = 1;
		(void)!virtqueue_publish(&pair.vq);
		broken += lie(ring, &pair, &seed) == VIRTIO_ERR_PROTOCOL;
		fake_device_detach(&pair.device);
		for (uint8_t *token; (token = virtqueue_take_back(&pair.vq));)
			come_back(token);
		ring_pair_close(&pair);
	}
	assert_in_range(broken, 1000, 2999); /* the lies were of both kinds */
}

/* Each token at most once, at most what the memory holds, whatever numbers the device makes up. */
static void test_random_lies_do_no_harm(void **state)
{
	(void)state;
	over_rings(lie_at_random);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_id_out_of_range_breaks_the_ring),
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
