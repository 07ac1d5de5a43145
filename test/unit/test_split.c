/* SPDX-License-Identifier: ISC */
/*
 * The split virtqueue (VIRTIO 2.7): how each side says what it wants to be told of. What all kinds of ring have in
 * common is in test_virtqueue.c and test_virtqueue_events.c, what a lying device can do in test_split_hostile.c.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"
#include "virtqueue/internal.h"

#include <virtio/spec/split.h>

static void open_split(struct ring_pair *pair, uint16_t size, uint64_t features)
{
	ring_pair_open(pair, &fake_device_split, size, 3, features);
}

static struct le16 *device_words(const struct ring_pair *pair)
{
	return fake_platform_pointer(pair->vq.addresses.device, 6 + 8u * pair->vq.size);
}

/* Whether going from OLD to NOW one by one uses entry EVENT: the rule that the formula abbreviates. */
static bool passes_by_brute_force(uint16_t event, uint16_t now, uint16_t old)
{
	for (uint16_t i = old; i != now; i++)
		if (i == event)
			return true;
	return false;
}

static void test_event_arithmetic_agrees_with_brute_force(void **state)
{
	static const uint16_t edges[] = {0, 1, 2, 3, 255, 256, 32766, 32767, 32768, 32769, 65533, 65534, 65535};
	unsigned count = sizeof edges / sizeof edges[0];

	(void)state;
	/* EVT-07 */
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < count; j++)
			for (unsigned k = 0; k < count; k++)
				assert_int_equal(virtqueue_event_passed(edges[i], edges[j], edges[k]),
					passes_by_brute_force(edges[i], edges[j], edges[k]));
}

/* Let the device use all that is available, and the driver take it back. */
static void drain(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;

	while (fake_device_take(&pair->device, &buffer))
		fake_device_return(&pair->device, &buffer, 0);
	for (struct virtqueue_used used; virtqueue_get(&pair->vq, &used, 1) == 1;)
		;
}

static void test_notifications_with_event_idx_agree_with_brute_force(void **state)
{
	struct ring_pair pair;
	uint32_t seed = 7;
	uint16_t event = 0; /* avail_event as the device set it */
	uint16_t looked = 0;
	uint16_t added = 0;

	(void)state;
	open_split(&pair, 64, VIRTIO_F_EVENT_IDX);
	fake_device_notify_after(&pair.device, 1);
	/* EVT-07, EVT-08: what counts is all since the last look, over more than 65536 buffers. */
	for (unsigned round = 0; round < 20000; round++) {
		unsigned burst = (seed = seed * 1664525 + 1013904223) >> 29;
		unsigned ahead = seed >> 16 & 15;

		for (unsigned i = 0; i < burst; i++, added++)
			assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
		assert_int_equal(virtqueue_publish(&pair.vq), passes_by_brute_force(event, added, looked));
		assert_false(virtqueue_publish(&pair.vq)); /* nothing new: not again */
		looked = added;
		if (ahead < 12 && pair.vq.free_count >= 8)
			continue;
		drain(&pair);
		fake_device_notify_after(&pair.device, (uint16_t)(1 + ahead));
		event = (uint16_t)(added + ahead);
	}
	ring_pair_close(&pair);
}

static void test_flags_decide_on_notifications_without_event_idx(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* EVT-05; EVT-04: avail_event is rubbish here */
	open_split(&pair, 8, 0);
	fake_device_stop_watching(&pair.device);
	for (uint16_t event = 0; event < 4; event++) {
		device_words(&pair)[2 + 4 * 8] = le16_from((uint16_t)(0xffff + event));
		fake_device_want_notifications(&pair.device, true);
		assert_true(ring_pair_send(&pair, &pair));
		fake_device_want_notifications(&pair.device, false);
		assert_false(ring_pair_send(&pair, &pair));
	}
	ring_pair_close(&pair);
}

static void test_flags_mean_nothing_with_event_idx(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* EVT-06 */
	open_split(&pair, 8, VIRTIO_F_EVENT_IDX);
	fake_device_stop_watching(&pair.device);
	device_words(&pair)[0] = le16_from(VIRTQ_USED_F_NO_NOTIFY);
	assert_true(ring_pair_send(&pair, &pair));
	device_words(&pair)[0] = le16_from(0);
	assert_false(ring_pair_send(&pair, &pair)); /* the event has passed */
	ring_pair_close(&pair);
}

static void test_indirect_is_used_for_several_segments_only(void **state)
{
	static struct fake_device_buffer buffer;
	struct ring_pair pair;

	(void)state;
	/* IND-01 is held by the fake device, which refuses what was not negotiated. */
	open_split(&pair, 8, VIRTIO_F_INDIRECT_DESC);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 1), 1);
	assert_true(virtqueue_publish(&pair.vq));
	assert_true(fake_device_take(&pair.device, &buffer));
	assert_false(buffer.indirect);
	assert_true(fake_device_take(&pair.device, &buffer));
	assert_true(buffer.indirect);
	assert_int_equal(buffer.descriptors, 1);
	ring_pair_close(&pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_event_arithmetic_agrees_with_brute_force),
		TEST(test_notifications_with_event_idx_agree_with_brute_force),
		TEST(test_flags_decide_on_notifications_without_event_idx),
		TEST(test_flags_mean_nothing_with_event_idx),
		TEST(test_indirect_is_used_for_several_segments_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
