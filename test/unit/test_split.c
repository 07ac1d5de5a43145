/* SPDX-License-Identifier: ISC */
/*
 * The split virtqueue (VIRTIO 2.7): who wants to be told of what, and what happens between. The full fence
 * is replaced by a hook, which is the one place where the device can act in the middle of a call. What all kinds of
 * ring have in common is in test_virtqueue.c, what a lying device can do in test_split_hostile.c.
 */
#include "base/barrier.h"

static void fence(void);
#define virtio_fence_full fence
#include "virtqueue/split.c"
#undef virtio_fence_full

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

/* What the device does at the next full fence, and how many fences there were. */
static void (*at_fence)(struct ring_pair *pair);
static struct ring_pair *fence_pair;
static unsigned fences;

static void fence(void)
{
	void (*act)(struct ring_pair * pair) = at_fence;

	fences++;
	at_fence = NULL;
	if (act)
		act(fence_pair);
}

static void open_split(struct ring_pair *pair, uint16_t size, uint64_t features)
{
	ring_pair_open(pair, &fake_device_split, size, 3, features);
	at_fence = NULL;
	fence_pair = pair;
	fences = 0;
}

static struct le16 *driver_words(const struct ring_pair *pair)
{
	return fake_platform_pointer(pair->vq.addresses.driver, 6 + 2u * pair->vq.size);
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

static void see_all_published(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;

	/* MB-01, IND-10: whoever sees the index sees the whole chain. */
	assert_true(fake_device_take(&pair->device, &buffer));
	assert_int_equal(buffer.count, 3);
	fake_device_want_notifications(&pair->device, true);
}

static void test_publishing_looks_for_notifications_last_of_all(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC};
	struct ring_pair pair;

	(void)state;
	/* MB-02: the device goes to sleep between our index and our look: we must see that it wants to be woken. */
	for (unsigned i = 0; i < 3; i++) {
		open_split(&pair, 8, sets[i]);
		fake_device_want_notifications(&pair.device, false);
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
		assert_int_equal(fake_device_available(&pair.device), 0);
		at_fence = see_all_published;
		/* With EVENT_IDX it has seen the buffer, and asks for the next. */
		assert_int_equal(virtqueue_publish(&pair.vq), sets[i] != VIRTIO_F_EVENT_IDX);
		assert_int_equal(fences, 1);
		ring_pair_close(&pair);
	}
}

static void ask_for_this_one(struct ring_pair *pair)
{
	fake_device_notify_after(&pair->device, 1);
}

static void test_an_event_asked_for_while_publishing_is_seen(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* MB-02 */
	open_split(&pair, 8, VIRTIO_F_EVENT_IDX);
	fake_device_want_notifications(&pair.device, false);
	at_fence = ask_for_this_one;
	assert_true(ring_pair_send(&pair, &pair));
	ring_pair_close(&pair);
}

static void test_interrupts_are_off_at_first_and_can_be_asked_for(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX};
	struct ring_pair pair;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_split(&pair, 8, sets[i]);
		for (unsigned round = 0; round < 3; round++) {
			(void)!ring_pair_send(&pair, &pair);
			(void)!ring_pair_send(&pair, &pair);
			assert_false(ring_pair_serve(&pair, 0));
			ring_pair_get(&pair, NULL);
			assert_false(virtqueue_enable_interrupts(&pair.vq, 1));
			assert_true(ring_pair_serve(&pair, 0));
			ring_pair_get(&pair, NULL);
			virtqueue_disable_interrupts(&pair.vq);
		}
		/* EVT-01, EVT-02 */
		assert_int_equal(le16_to(driver_words(&pair)[0]), sets[i] ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
		ring_pair_close(&pair);
	}
}

static void test_an_interrupt_comes_after_as_many_as_asked_for(void **state)
{
	struct ring_pair pair;

	(void)state;
	open_split(&pair, 16, VIRTIO_F_EVENT_IDX);
	for (unsigned i = 0; i < 16; i++)
		(void)!ring_pair_send(&pair, &pair);
	assert_false(virtqueue_enable_interrupts(&pair.vq, 5));
	for (unsigned i = 1; i <= 7; i++)
		assert_int_equal(ring_pair_serve(&pair, 0), i == 5);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 7));
	assert_false(virtqueue_enable_interrupts(&pair.vq, 8));
	/* More than the device holds, and none at all, would never come. */
	assert_false(virtqueue_enable_interrupts(&pair.vq, 1000));
	for (unsigned i = 8; i <= 16; i++)
		assert_int_equal(ring_pair_serve(&pair, 0), i == 16);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 0));
	drain(&pair);
	/* The device holds nothing: there is nothing to look at, and the next buffer interrupts. */
	assert_false(virtqueue_enable_interrupts(&pair.vq, 1));
	(void)!ring_pair_send(&pair, &pair);
	assert_true(ring_pair_serve(&pair, 0));
	ring_pair_close(&pair);
}

static bool interrupted;

static void use_one(struct ring_pair *pair)
{
	interrupted = ring_pair_serve(pair, 0);
}

static void test_no_wakeup_is_lost_when_interrupts_are_asked_for(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX};
	struct ring_pair pair;

	(void)state;
	/* EVT-09, MB-06, ERR-01: used before, in between and after. */
	for (unsigned i = 0; i < 2; i++) {
		open_split(&pair, 8, sets[i]);
		for (unsigned n = 0; n < 3; n++)
			(void)!ring_pair_send(&pair, &pair);
		assert_false(ring_pair_serve(&pair, 0));
		assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
		ring_pair_get(&pair, NULL);
		virtqueue_disable_interrupts(&pair.vq);

		at_fence = use_one;
		fences = 0;
		assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
		assert_int_equal(fences, 1);
		assert_true(interrupted); /* the request was out before the fence */
		ring_pair_get(&pair, NULL);

		assert_false(virtqueue_enable_interrupts(&pair.vq, 1));
		assert_true(ring_pair_serve(&pair, 0));
		ring_pair_close(&pair);
	}
}

static void test_declined_interrupts_stay_away(void **state)
{
	struct ring_pair pair;

	(void)state;
	open_split(&pair, 4, VIRTIO_F_EVENT_IDX);
	for (unsigned i = 0; i < 1000; i++) {
		(void)!ring_pair_send(&pair, &pair);
		ring_pair_serve(&pair, 0);
		ring_pair_get(&pair, NULL);
	}
	assert_int_equal(pair.device.interrupts, 0);
	ring_pair_close(&pair);
}

static void test_a_device_that_ignores_all_hints_is_served(void **state)
{
	struct ring_pair pair;
	uint16_t at = 0;

	(void)state;
	/* EVT-10: it polls, and never asks; EVT-03: it interrupts for nothing. */
	open_split(&pair, 4, VIRTIO_F_EVENT_IDX);
	fake_device_want_notifications(&pair.device, false);
	for (; at < 100; at++) {
		struct virtqueue_used used;

		(void)!ring_pair_send(&pair, &pair);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 0);
		ring_pair_serve(&pair, 0);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 1);
	}
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

static void test_unpublished_buffers_are_not_seen(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* RING-12 */
	open_split(&pair, 8, 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
	assert_int_equal(fake_device_available(&pair.device), 0);
	assert_int_equal(fences, 0);
	assert_true(virtqueue_publish(&pair.vq));
	assert_int_equal(fake_device_available(&pair.device), 8);
	assert_int_equal(fences, 1); /* one for the burst */
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
		TEST(test_publishing_looks_for_notifications_last_of_all),
		TEST(test_an_event_asked_for_while_publishing_is_seen),
		TEST(test_interrupts_are_off_at_first_and_can_be_asked_for),
		TEST(test_an_interrupt_comes_after_as_many_as_asked_for),
		TEST(test_no_wakeup_is_lost_when_interrupts_are_asked_for),
		TEST(test_declined_interrupts_stay_away),
		TEST(test_a_device_that_ignores_all_hints_is_served),
		TEST(test_indirect_is_used_for_several_segments_only),
		TEST(test_unpublished_buffers_are_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
