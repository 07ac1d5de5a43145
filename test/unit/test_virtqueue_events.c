/* SPDX-License-Identifier: ISC */
/*
 * Who wants to be told of what, and what happens between, for each kind of virtqueue (VIRTIO 2.7.7, 2.7.10, 2.8.10).
 * The device acts in the middle of a call, at its full fence. How each kind says it is in test_split.c and
 * test_packed_events.c.
 */
#include "fake/cmocka.h"
#include "fake/fence.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <virtio/spec/packed.h>
#include <virtio/spec/split.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A kind of ring, and what must stand in the driver's area when interrupts are asked for, or are not. */
struct ring {
	const struct fake_device_ops *kind;
	void (*check)(const struct ring_pair *pair, uint64_t features, bool asked);
	uint16_t size;
};

static void check_split(const struct ring_pair *pair, uint64_t features, bool asked)
{
	const struct virtq_avail *area =
		fake_platform_pointer(pair->vq.addresses.driver, sizeof(struct virtq_avail) + 2u * pair->vq.size + 2);

	/* EVT-01, EVT-02 */
	assert_int_equal(le16_to(area->flags), asked || features & VIRTIO_F_EVENT_IDX ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
}

static void check_packed(const struct ring_pair *pair, uint64_t features, bool asked)
{
	const struct pvirtq_event_suppress *area =
		fake_platform_pointer(pair->vq.addresses.driver, sizeof(struct pvirtq_event_suppress));
	uint16_t flags = le16_to(area->flags);

	/* EVT-11 */
	if (!asked)
		assert_int_equal(flags, PVIRTQ_EVENT_F_DISABLE);
	else
		assert_int_equal(flags, features & VIRTIO_F_EVENT_IDX ? PVIRTQ_EVENT_F_DESC : PVIRTQ_EVENT_F_ENABLE);
	/* EVT-13: the place stands before the flag that points to it. */
	if (flags == PVIRTQ_EVENT_F_DESC)
		assert_int_equal(le16_to(area->off_wrap), pair->vq.seen);
}

static const struct ring rings[] = {
	{&fake_device_split, check_split, 16}, {&fake_device_packed, check_packed, 17}, /* no power of two */
};

static const struct ring *ring; /* of the test that runs */
static uint64_t features;       /* likewise */

/* Run BODY on each kind of ring with FEATURES of the COUNT sets. */
static void over_rings(const uint64_t *sets, unsigned count, void (*body)(struct ring_pair *pair))
{
	for (unsigned i = 0; i < COUNT(rings); i++)
		for (unsigned k = 0; k < count; k++) {
			struct ring_pair pair;

			ring = &rings[i];
			features = sets[k];
			ring_pair_open(&pair, ring->kind, ring->size, 3, features);
			fake_fence_act(NULL, NULL);
			fake_fence_count = 0;
			body(&pair);
			ring_pair_close(&pair);
		}
}

static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC};
static const uint64_t event_idx[] = {VIRTIO_F_EVENT_IDX};

/* One buffer goes round. */
static void turn(struct ring_pair *pair)
{
	(void)!ring_pair_send(pair, pair);
	ring_pair_serve(pair, 0);
	ring_pair_get(pair, NULL);
}

/* Let the device use all that is available, and the driver take it back. */
static void drain(struct ring_pair *pair)
{
	while (fake_device_available(&pair->device))
		ring_pair_serve(pair, 0);
	for (struct virtqueue_used used; virtqueue_get(&pair->vq, &used, 1) == 1;)
		;
}

static void publish_a_burst(struct ring_pair *pair)
{
	for (unsigned i = 0; i < ring->size; i++)
		assert_int_equal(ring_pair_add(pair, pair, 0, 1), 1);
	assert_int_equal(fake_device_available(&pair->device), 0);
	assert_int_equal(fake_fence_count, 0);
	assert_true(virtqueue_publish(&pair->vq));
	assert_int_equal(fake_device_available(&pair->device), ring->size);
	assert_int_equal(fake_fence_count, 1);
}

static void test_a_burst_is_unseen_until_published_by_one_fence(void **state)
{
	(void)state;
	/* RING-12 */
	over_rings(sets, 2, publish_a_burst);
}

static void see_all_published(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;

	/* MB-01, MB-03, PKD-06, IND-10: whoever sees the index, or the first slot, sees the whole list. */
	assert_true(fake_device_take(&pair->device, &buffer));
	assert_int_equal(buffer.count, 3);
	fake_device_want_notifications(&pair->device, true);
}

static void publish_before_a_sleeper(struct ring_pair *pair)
{
	fake_device_want_notifications(&pair->device, false);
	assert_int_equal(ring_pair_add(pair, pair, 1, 2), 1);
	assert_int_equal(fake_device_available(&pair->device), 0);
	fake_fence_act(see_all_published, pair);
	/* With EVENT_IDX it has seen the buffer, and asks for the next. */
	assert_int_equal(virtqueue_publish(&pair->vq), features != VIRTIO_F_EVENT_IDX);
	assert_int_equal(fake_fence_count, 1);
}

static void test_publishing_looks_for_notifications_last_of_all(void **state)
{
	(void)state;
	/* MB-02, MB-04: the device goes to sleep after our publishing and before our look: it must be woken. */
	over_rings(sets, COUNT(sets), publish_before_a_sleeper);
}

static void ask_for_this_one(struct ring_pair *pair)
{
	fake_device_notify_after(&pair->device, 1);
}

static void publish_before_an_event(struct ring_pair *pair)
{
	fake_device_want_notifications(&pair->device, false);
	fake_fence_act(ask_for_this_one, pair);
	assert_true(ring_pair_send(pair, pair));
}

static void test_an_event_asked_for_while_publishing_is_seen(void **state)
{
	(void)state;
	/* MB-02, MB-04 */
	over_rings(event_idx, 1, publish_before_an_event);
}

static void ask_now_and_then(struct ring_pair *pair)
{
	for (unsigned round = 0; round < 2u * ring->size; round++) {
		(void)!ring_pair_send(pair, pair);
		(void)!ring_pair_send(pair, pair);
		assert_false(ring_pair_serve(pair, 0));
		ring_pair_get(pair, NULL);
		assert_false(virtqueue_enable_interrupts(&pair->vq, 1));
		ring->check(pair, features, true);
		assert_true(fake_device_interrupts_wanted(&pair->device));
		assert_true(ring_pair_serve(pair, 0));
		ring_pair_get(pair, NULL);
		virtqueue_disable_interrupts(&pair->vq);
		ring->check(pair, features, false);
	}
}

static void test_interrupts_are_off_at_first_and_can_be_asked_for(void **state)
{
	(void)state;
	over_rings(sets, 2, ask_now_and_then);
}

static void ask_for_the_fifth(struct ring_pair *pair)
{
	for (unsigned lap = 0; lap < 5; lap++) {
		for (unsigned i = 0; i < 16; i++)
			(void)!ring_pair_send(pair, pair);
		assert_false(virtqueue_enable_interrupts(&pair->vq, 5));
		for (unsigned i = 1; i <= 7; i++)
			assert_int_equal(ring_pair_serve(pair, 0), i == 5);
		assert_true(virtqueue_enable_interrupts(&pair->vq, 7));
		assert_false(virtqueue_enable_interrupts(&pair->vq, 8));
		/* More than the device holds, and none at all, would never come. */
		assert_false(virtqueue_enable_interrupts(&pair->vq, 1000));
		for (unsigned i = 8; i <= 16; i++)
			assert_int_equal(ring_pair_serve(pair, 0), i == 16);
		assert_true(virtqueue_enable_interrupts(&pair->vq, 0));
		drain(pair);
		/* The device holds nothing: there is nothing to look at, and the next buffer interrupts. */
		assert_false(virtqueue_enable_interrupts(&pair->vq, 1));
		(void)!ring_pair_send(pair, pair);
		assert_true(ring_pair_serve(pair, 0));
		drain(pair);
		virtqueue_disable_interrupts(&pair->vq);
	}
}

static void test_an_interrupt_comes_after_as_many_as_asked_for(void **state)
{
	(void)state;
	over_rings(event_idx, 1, ask_for_the_fifth);
}

static bool interrupted;

static void use_one(struct ring_pair *pair)
{
	interrupted = ring_pair_serve(pair, 0);
}

static void look_at_the_request(struct ring_pair *pair)
{
	ring->check(pair, features, true);
}

/* Used before, in between and after, at each place of the ring. */
static void use_around_the_request(struct ring_pair *pair)
{
	for (unsigned place = 0; place < 2u * ring->size; place++) {
		for (unsigned n = 0; n < 3; n++)
			(void)!ring_pair_send(pair, pair);
		assert_false(ring_pair_serve(pair, 0));
		assert_true(virtqueue_enable_interrupts(&pair->vq, 1));
		ring_pair_get(pair, NULL);
		virtqueue_disable_interrupts(&pair->vq);

		fake_fence_act(use_one, pair);
		fake_fence_count = 0;
		assert_true(virtqueue_enable_interrupts(&pair->vq, 1));
		assert_int_equal(fake_fence_count, 1);
		assert_true(interrupted); /* the request was out before the fence */
		ring_pair_get(pair, NULL);

		fake_fence_act(look_at_the_request, pair);
		assert_false(virtqueue_enable_interrupts(&pair->vq, 1));
		assert_true(ring_pair_serve(pair, 0));
		ring_pair_get(pair, NULL);
		virtqueue_disable_interrupts(&pair->vq);
		fake_fence_act(NULL, NULL);
		turn(pair);
		turn(pair);
	}
}

static void test_no_wakeup_is_lost_when_interrupts_are_asked_for(void **state)
{
	(void)state;
	/* EVT-09, MB-06, ERR-01 */
	over_rings(sets, 2, use_around_the_request);
}

static void never_ask(struct ring_pair *pair)
{
	for (unsigned i = 0; i < 1000; i++)
		turn(pair);
	assert_int_equal(pair->device.interrupts, 0);
}

static void test_declined_interrupts_stay_away(void **state)
{
	(void)state;
	over_rings(sets, 2, never_ask);
}

static void poll_a_poller(struct ring_pair *pair)
{
	fake_device_want_notifications(&pair->device, false);
	for (unsigned i = 0; i < 100; i++) {
		struct virtqueue_used used;

		(void)!ring_pair_send(pair, pair);
		assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 0);
		ring_pair_serve(pair, 0);
		assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 1);
	}
}

static void test_a_device_that_ignores_all_hints_is_served(void **state)
{
	(void)state;
	/* EVT-10: it polls, and never asks; EVT-03: it interrupts for nothing. */
	over_rings(sets, 2, poll_a_poller);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_burst_is_unseen_until_published_by_one_fence),
		TEST(test_publishing_looks_for_notifications_last_of_all),
		TEST(test_an_event_asked_for_while_publishing_is_seen),
		TEST(test_interrupts_are_off_at_first_and_can_be_asked_for),
		TEST(test_an_interrupt_comes_after_as_many_as_asked_for),
		TEST(test_no_wakeup_is_lost_when_interrupts_are_asked_for),
		TEST(test_declined_interrupts_stay_away),
		TEST(test_a_device_that_ignores_all_hints_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
