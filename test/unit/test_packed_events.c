/* SPDX-License-Identifier: ISC */
/*
 * The packed virtqueue (VIRTIO 2.8.10): who wants to be told of what. The full fence is replaced by a hook, which is
 * the one place where the device can act in the middle of a call.
 */
#include "base/barrier.h"

static void fence(void);
#define virtio_fence_full fence
#include "virtqueue/packed.c"
#undef virtio_fence_full

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

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

static void open_packed(struct ring_pair *pair, uint16_t size, uint64_t features)
{
	ring_pair_open(pair, &fake_device_packed, size, size < 3 ? size : 3, features);
	at_fence = NULL;
	fence_pair = pair;
	fences = 0;
}

static const struct pvirtq_event_suppress *driver_area(const struct ring_pair *pair)
{
	return fake_platform_pointer(pair->vq.addresses.driver, sizeof(struct pvirtq_event_suppress));
}

static struct pvirtq_event_suppress *device_area(const struct ring_pair *pair)
{
	return fake_platform_pointer(pair->vq.addresses.device, sizeof(struct pvirtq_event_suppress));
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

/* Whether going from slot OLD to slot NOW, counted without end, passes slot EVENT. */
static bool passes_by_brute_force(uint32_t event, uint32_t now, uint32_t old)
{
	for (uint32_t i = old; i != now; i++)
		if (i == event)
			return true;
	return false;
}

/* Slot N of all that ever were, as a place in the ring. */
static uint16_t place_of(uint32_t n, uint16_t size)
{
	return (uint16_t)(n % size | (n / size % 2 ? 0u : 0x8000u));
}

static void test_notifications_by_slot_agree_with_brute_force(void **state)
{
	static const uint16_t sizes[] = {1, 3, 7, 100, 256};

	(void)state;
	/* EVT-12, EVT-08 */
	for (unsigned i = 0; i < COUNT(sizes); i++) {
		uint16_t size = sizes[i];
		uint32_t seed = 5;
		uint32_t added = 2u * size; /* two laps are as good as none, and leave room for events before them */
		struct ring_pair pair;

		open_packed(&pair, size, VIRTIO_F_EVENT_IDX);
		fake_device_stop_watching(&pair.device);
		for (unsigned round = 0; round < 3000; round++) {
			uint32_t batch = 1 + (seed = seed * 1664525 + 1013904223) % size;
			uint32_t event = added - size + (seed >> 16) % (2u * size);

			device_area(&pair)->off_wrap = le16_from(place_of(event, size));
			device_area(&pair)->flags = le16_from(PVIRTQ_EVENT_F_DESC);
			for (uint32_t n = 0; n < batch; n++)
				assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
			assert_int_equal(
				virtqueue_publish(&pair.vq), passes_by_brute_force(event, added + batch, added));
			assert_false(virtqueue_publish(&pair.vq)); /* nothing new: not again */
			added += batch;
			/* NTF-04, PKD-19: what a notification with data says. */
			assert_int_equal(pair.vq.published, place_of(added, size));
			for (uint32_t n = 0; n < batch; n++)
				ring_pair_serve(&pair, 0);
			fake_device_notify_after(&pair.device, 1);
			for (uint32_t n = 0; n < batch; n++)
				ring_pair_get(&pair, NULL);
		}
		ring_pair_close(&pair);
	}
}

static void test_flags_decide_on_notifications(void **state)
{
	static const struct {
		uint64_t features;
		uint16_t flags;
		bool notify;
	} cases[] = {
		{0, PVIRTQ_EVENT_F_ENABLE, true},
		{0, PVIRTQ_EVENT_F_DISABLE, false},
		{0, PVIRTQ_EVENT_F_DESC, true}, /* reserved without EVENT_IDX */
		{0, 3, true},
		{VIRTIO_F_EVENT_IDX, PVIRTQ_EVENT_F_ENABLE, true},
		{VIRTIO_F_EVENT_IDX, PVIRTQ_EVENT_F_DISABLE, false},
		{VIRTIO_F_EVENT_IDX, PVIRTQ_EVENT_F_DESC, false}, /* off_wrap is far away */
		{VIRTIO_F_EVENT_IDX, 3, true},
	};

	(void)state;
	/* EVT-12, HP-07 */
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct ring_pair pair;

		open_packed(&pair, 8, cases[i].features);
		fake_device_stop_watching(&pair.device);
		device_area(&pair)->off_wrap = le16_from(0x8007);
		device_area(&pair)->flags = le16_from(cases[i].flags);
		assert_int_equal(ring_pair_send(&pair, &pair), cases[i].notify);
		ring_pair_close(&pair);
	}
}

static void see_all_published(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;

	/* MB-03, PKD-06: whoever sees the first slot sees the whole list. */
	assert_true(fake_device_take(&pair->device, &buffer));
	assert_int_equal(buffer.count, 3);
	fake_device_want_notifications(&pair->device, true);
}

static void test_publishing_looks_for_notifications_last_of_all(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC};
	struct ring_pair pair;

	(void)state;
	/* MB-04: the device goes to sleep between our flags and our look: we must see that it wants to be woken. */
	for (unsigned i = 0; i < COUNT(sets); i++) {
		open_packed(&pair, 8, sets[i]);
		fake_device_want_notifications(&pair.device, false);
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
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
	/* MB-04 */
	open_packed(&pair, 7, VIRTIO_F_EVENT_IDX);
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
	for (unsigned i = 0; i < COUNT(sets); i++) {
		open_packed(&pair, 5, sets[i]);
		for (unsigned round = 0; round < 20; round++) {
			(void)!ring_pair_send(&pair, &pair);
			(void)!ring_pair_send(&pair, &pair);
			assert_false(ring_pair_serve(&pair, 0));
			ring_pair_get(&pair, NULL);
			assert_false(virtqueue_enable_interrupts(&pair.vq, 1));
			/* EVT-11 */
			assert_int_equal(le16_to(driver_area(&pair)->flags),
				sets[i] ? PVIRTQ_EVENT_F_DESC : PVIRTQ_EVENT_F_ENABLE);
			assert_true(fake_device_interrupts_wanted(&pair.device));
			assert_true(ring_pair_serve(&pair, 0));
			ring_pair_get(&pair, NULL);
			virtqueue_disable_interrupts(&pair.vq);
			assert_int_equal(le16_to(driver_area(&pair)->flags), PVIRTQ_EVENT_F_DISABLE);
		}
		ring_pair_close(&pair);
	}
}

static void test_an_interrupt_comes_after_as_many_as_asked_for(void **state)
{
	struct ring_pair pair;

	(void)state;
	open_packed(&pair, 17, VIRTIO_F_EVENT_IDX);
	for (unsigned lap = 0; lap < 5; lap++) {
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
		drain(&pair);
		virtqueue_disable_interrupts(&pair.vq);
	}
	ring_pair_close(&pair);
}

static void test_lists_do_not_hide_the_slot_that_was_asked_for(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* EVT-09: one list of three takes the device past the slot of the second buffer: no interrupt will come. */
	open_packed(&pair, 7, VIRTIO_F_EVENT_IDX);
	for (unsigned lap = 0; lap < 14; lap++) {
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
		(void)!virtqueue_publish(&pair.vq);
		assert_false(ring_pair_serve(&pair, 0));
		assert_true(virtqueue_enable_interrupts(&pair.vq, 2));
		ring_pair_get(&pair, NULL);
		assert_false(virtqueue_enable_interrupts(&pair.vq, 2));
		assert_true(ring_pair_serve(&pair, 0));
		ring_pair_get(&pair, NULL);
		virtqueue_disable_interrupts(&pair.vq);
	}
	ring_pair_close(&pair);
}

static void test_lists_are_counted_by_their_slots(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* Two lists of three slots are behind us: that is past the slot of the sixth buffer, not of the seventh. */
	open_packed(&pair, 16, VIRTIO_F_EVENT_IDX);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
	(void)!virtqueue_publish(&pair.vq);
	ring_pair_serve(&pair, 0);
	ring_pair_serve(&pair, 0);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 4));
	assert_true(virtqueue_enable_interrupts(&pair.vq, 6));
	assert_false(virtqueue_enable_interrupts(&pair.vq, 7));
	ring_pair_close(&pair);
}

static void test_what_cannot_be_is_no_reason_to_sleep(void **state)
{
	struct ring_pair pair;

	(void)state;
	open_packed(&pair, 7, VIRTIO_F_EVENT_IDX);
	(void)!ring_pair_send(&pair, &pair);
	fake_device_break(&pair.device);
	assert_true(virtqueue_enable_interrupts(&pair.vq, 1));
	ring_pair_close(&pair);
}

static bool interrupted;

static void use_one(struct ring_pair *pair)
{
	interrupted = ring_pair_serve(pair, 0);
}

static void see_the_place_with_its_flags(struct ring_pair *pair)
{
	/* EVT-13 */
	assert_int_equal(le16_to(driver_area(pair)->flags), PVIRTQ_EVENT_F_DESC);
	assert_int_equal(le16_to(driver_area(pair)->off_wrap), pair->vq.seen);
}

static void test_no_wakeup_is_lost_when_interrupts_are_asked_for(void **state)
{
	static const uint64_t sets[] = {0, VIRTIO_F_EVENT_IDX};
	struct ring_pair pair;

	(void)state;
	/* EVT-09, MB-06: used before, in between and after. */
	for (unsigned i = 0; i < 2 * 10; i++) {
		open_packed(&pair, 7, sets[i % 2]);
		for (unsigned skip = 0; skip < i / 2; skip++)
			ring_pair_serve((ring_pair_send(&pair, &pair), &pair), 0), ring_pair_get(&pair, NULL);
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

		at_fence = sets[i % 2] ? see_the_place_with_its_flags : NULL;
		assert_false(virtqueue_enable_interrupts(&pair.vq, 1));
		assert_true(ring_pair_serve(&pair, 0));
		ring_pair_close(&pair);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notifications_by_slot_agree_with_brute_force),
		TEST(test_flags_decide_on_notifications),
		TEST(test_publishing_looks_for_notifications_last_of_all),
		TEST(test_an_event_asked_for_while_publishing_is_seen),
		TEST(test_interrupts_are_off_at_first_and_can_be_asked_for),
		TEST(test_an_interrupt_comes_after_as_many_as_asked_for),
		TEST(test_lists_do_not_hide_the_slot_that_was_asked_for),
		TEST(test_lists_are_counted_by_their_slots),
		TEST(test_what_cannot_be_is_no_reason_to_sleep),
		TEST(test_no_wakeup_is_lost_when_interrupts_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
