/* SPDX-License-Identifier: ISC */
/*
 * The packed virtqueue (VIRTIO 2.8.10): how each side says what it wants to be told of. What all kinds of ring have in
 * common is in test_virtqueue_events.c.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <virtio/spec/packed.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void open_packed(struct ring_pair *pair, uint16_t size, uint64_t features)
{
	ring_pair_open(pair, &fake_device_packed, size, size < 3 ? size : 3, features);
}

static struct pvirtq_event_suppress *device_area(const struct ring_pair *pair)
{
	return fake_platform_pointer(pair->vq.addresses.device, sizeof(struct pvirtq_event_suppress));
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notifications_by_slot_agree_with_brute_force),
		TEST(test_flags_decide_on_notifications),
		TEST(test_lists_do_not_hide_the_slot_that_was_asked_for),
		TEST(test_lists_are_counted_by_their_slots),
		TEST(test_what_cannot_be_is_no_reason_to_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
