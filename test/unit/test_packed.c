/* SPDX-License-Identifier: ISC */
/*
 * The packed virtqueue (VIRTIO 2.8): wrap counters, lists, and what the device can see when. What all kinds of ring
 * have in common is in test_virtqueue.c, events in test_packed_events.c, what a lying device can do in
 * test_packed_hostile.c.
 */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include "virtqueue/packed_slots.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void open_packed(struct ring_pair *pair, uint16_t size, uint64_t features)
{
	ring_pair_open(pair, &fake_device_packed, size, size < 3 ? size : 3, features);
}

static unsigned flags_of(const struct ring_pair *pair, uint16_t slot)
{
	return le16_to(packed_slot(&pair->vq, slot)->flags);
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

static void test_areas_are_aligned_and_cleared(void **state)
{
	static const uint16_t sizes[] = {1, 3, 7, 100, 256, 32768};

	(void)state;
	/* PKD-01, PKD-02, PKD-03: alignment and zeroes are what the fake device checks. */
	for (unsigned i = 0; i < COUNT(sizes); i++) {
		struct ring_pair pair;

		open_packed(&pair, sizes[i], 0);
		assert_int_equal(pair.vq.addresses.descriptors % 64, 0);
		assert_true(pair.vq.addresses.driver >= pair.vq.addresses.descriptors + 16u * sizes[i]);
		assert_true(pair.vq.addresses.driver / 64 < pair.vq.addresses.device / 64);
		assert_true(pair.vq.ring_bytes >= pair.vq.addresses.device + 4 - pair.vq.addresses.descriptors);
		assert_int_equal(pair.vq.published, 0x8000);
		ring_pair_close(&pair);
	}
}

static void test_sizes_above_32768_are_refused(void **state)
{
	const struct virtqueue_config config = {
		.platform = fake_platform(), .ops = &virtqueue_packed_ops, .size = 32769};
	struct virtqueue vq;

	(void)state;
	assert_int_equal(virtqueue_init(&vq, &config), VIRTIO_ERR_INVALID);
}

static void test_flags_tell_the_lap(void **state)
{
	static const unsigned laps[] = {0x80, 0x8000};
	struct ring_pair pair;

	(void)state;
	/* PKD-03, PKD-04, PKD-08 */
	open_packed(&pair, 3, 0);
	for (unsigned lap = 0; lap < 6; lap++) {
		for (uint16_t slot = 0; slot < 3; slot++) {
			assert_true(ring_pair_send(&pair, &pair));
			assert_int_equal(flags_of(&pair, slot), laps[lap % 2] | PVIRTQ_DESC_F_WRITE);
			drain(&pair);
		}
	}
	ring_pair_close(&pair);
}

static void test_a_list_across_the_end_has_flags_of_both_laps(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* PKD-08, PKD-09: slots 6, 0 and 1 of 7 */
	open_packed(&pair, 7, 0);
	for (unsigned i = 0; i < 6; i++)
		(void)!ring_pair_send(&pair, &pair);
	drain(&pair);
	assert_int_equal(ring_pair_add(&pair, &pair, 2, 1), 1);
	assert_true(virtqueue_publish(&pair.vq));
	assert_int_equal(flags_of(&pair, 6), PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_NEXT);
	assert_int_equal(flags_of(&pair, 0), PVIRTQ_DESC_F_USED | PVIRTQ_DESC_F_NEXT);
	assert_int_equal(flags_of(&pair, 1), PVIRTQ_DESC_F_USED | PVIRTQ_DESC_F_WRITE);
	assert_int_equal(le16_to(packed_slot(&pair.vq, 6)->id), le16_to(packed_slot(&pair.vq, 1)->id));
	drain(&pair);
	assert_int_equal(pair.vq.free_count, 7);
	ring_pair_close(&pair);
}

static void test_nothing_of_a_batch_is_seen_before_it_is_published(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* PKD-06, PKD-07, RING-12: over several laps, batches of a single buffer, of a list, and of both. */
	open_packed(&pair, 7, 0);
	for (unsigned round = 0; round < 100; round++) {
		unsigned batch = 1 + round % 3;

		for (unsigned i = 0; i < batch; i++)
			assert_int_equal(ring_pair_add(&pair, &pair, 1, (uint16_t)((i + round / 3) % 2)), 1);
		assert_int_equal(fake_device_available(&pair.device), 0);
		assert_true(virtqueue_publish(&pair.vq));
		assert_int_equal(fake_device_available(&pair.device), batch);
		drain(&pair);
	}
	ring_pair_close(&pair);
}

static void test_a_list_that_does_not_fit_leaves_the_ring_untouched(void **state)
{
	struct ring_pair pair;

	(void)state;
	/* PKD-10, PKD-11 */
	open_packed(&pair, 7, 0);
	for (unsigned i = 0; i < 5; i++)
		(void)!ring_pair_send(&pair, &pair);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 0);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 3), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(flags_of(&pair, 5), 0);
	assert_int_equal(flags_of(&pair, 6), 0);
	assert_false(virtqueue_publish(&pair.vq));
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 1), 1);
	assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 0);
	drain(&pair);
	ring_pair_close(&pair);
}

static void test_a_wrong_list_leaves_no_flags_behind(void **state)
{
	struct ring_pair pair;
	struct virtio_segment segments[3];
	struct virtqueue_buffer wrong = {segments, &pair, 1, 2};

	(void)state;
	open_packed(&pair, 7, 0);
	for (uint32_t i = 0; i < 3; i++)
		segments[i] = ring_pair_segment(&pair, 0, i == 2 ? 0 : 16);
	assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
	assert_int_equal(virtqueue_add(&pair.vq, &wrong, 1), VIRTIO_ERR_INVALID);
	assert_true(virtqueue_publish(&pair.vq));
	assert_int_equal(fake_device_available(&pair.device), 1);
	ring_pair_close(&pair);
}

static void test_a_used_slot_is_believed_in_its_lap_only(void **state)
{
	struct virtqueue_used used;
	struct ring_pair pair;

	(void)state;
	/* PKD-14: the used slots of the lap before are not used ones of this. */
	open_packed(&pair, 3, 0);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 1 + round % 3; i++)
			(void)!ring_pair_send(&pair, &pair);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 0);
		drain(&pair);
		assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 0);
	}
	ring_pair_close(&pair);
}

static void test_a_restart_forgets_what_was_under_way(void **state)
{
	struct virtqueue_used used;
	struct ring_pair pair;

	(void)state;
	open_packed(&pair, 7, 0);
	(void)!ring_pair_send(&pair, &pair);
	assert_int_equal(ring_pair_add(&pair, &pair, 0, 1), 1);
	virtqueue_restart(&pair.vq);
	assert_int_equal(pair.vq.held, 0);
	assert_int_equal(pair.vq.unpublished, 0);
	assert_false(virtqueue_publish(&pair.vq));
	assert_int_equal(virtqueue_get(&pair.vq, &used, 1), 0);
	assert_int_equal(pair.vq.free_count, 7);
	ring_pair_close(&pair);
}

static void test_the_largest_ring_goes_round(void **state)
{
	static struct fake_device_buffer buffer;
	struct ring_pair pair;

	(void)state;
	/* PKD-02: slot numbers up to 32767, three laps, in bursts that cross the end, the last with a full ring. */
	open_packed(&pair, 32768, VIRTIO_F_EVENT_IDX);
	for (unsigned burst = 1000; burst <= 32768; burst += 1000 + burst / 32 * 3) {
		if (burst > 30000)
			burst = 32768;
		for (unsigned i = 0; i < burst; i++)
			assert_int_equal(ring_pair_add(&pair, ring_pair_token(i + 1), 0, 1), 1);
		assert_true(virtqueue_publish(&pair.vq));
		for (unsigned i = 0; i < burst; i++) {
			assert_true(fake_device_take(&pair.device, &buffer));
			fake_device_put(&pair.device, &buffer, 16);
		}
		assert_false(fake_device_take(&pair.device, &buffer));
		fake_device_publish(&pair.device);
		for (unsigned i = 0; i < burst; i++)
			assert_ptr_equal(ring_pair_get(&pair, NULL), ring_pair_token(i + 1));
	}
	assert_int_equal(pair.vq.free_count, 32768);
	ring_pair_close(&pair);
}

static void test_garbage_in_used_slots_does_not_matter(void **state)
{
	static struct fake_device_buffer buffer;
	struct ring_pair pair;
	uint32_t length;

	(void)state;
	/* PKD-16, PKD-17: QEMU does not set WRITE, so a length counts wherever there was room for it. */
	open_packed(&pair, 7, 0);
	for (unsigned round = 0; round < 30; round++) {
		struct pvirtq_desc *slot = packed_slot(&pair.vq, pair.vq.seen);
		bool writable = round % 2;

		assert_int_equal(ring_pair_add(&pair, &pair, 1, writable ? 1 : 0), 1);
		(void)!virtqueue_publish(&pair.vq);
		assert_true(fake_device_take(&pair.device, &buffer));
		fake_device_return(&pair.device, &buffer, 5);
		slot->addr = le64_from(UINT64_MAX);
		slot->flags = le16_from((uint16_t)(le16_to(slot->flags) ^ PVIRTQ_DESC_F_WRITE ^ PVIRTQ_DESC_F_NEXT));
		assert_ptr_equal(ring_pair_get(&pair, &length), &pair);
		assert_int_equal(length, writable ? 5 : 0);
	}
	ring_pair_close(&pair);
}

static void test_tables_are_used_for_several_segments_only(void **state)
{
	static struct fake_device_buffer buffer;
	struct ring_pair pair;

	(void)state;
	/* IND-05, IND-06, IND-07 are what the fake device checks. */
	open_packed(&pair, 7, VIRTIO_F_INDIRECT_DESC);
	for (unsigned lap = 0; lap < 20; lap++) {
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 0), 1);
		assert_int_equal(ring_pair_add(&pair, &pair, 1, 2), 1);
		(void)!virtqueue_publish(&pair.vq);
		assert_true(fake_device_take(&pair.device, &buffer));
		assert_false(buffer.indirect);
		fake_device_return(&pair.device, &buffer, 0);
		assert_true(fake_device_take(&pair.device, &buffer));
		assert_true(buffer.indirect);
		assert_int_equal(buffer.descriptors, 1);
		fake_device_return(&pair.device, &buffer, 0);
		drain(&pair);
	}
	ring_pair_close(&pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_areas_are_aligned_and_cleared),
		TEST(test_sizes_above_32768_are_refused),
		TEST(test_flags_tell_the_lap),
		TEST(test_a_list_across_the_end_has_flags_of_both_laps),
		TEST(test_nothing_of_a_batch_is_seen_before_it_is_published),
		TEST(test_a_list_that_does_not_fit_leaves_the_ring_untouched),
		TEST(test_a_wrong_list_leaves_no_flags_behind),
		TEST(test_a_used_slot_is_believed_in_its_lap_only),
		TEST(test_a_restart_forgets_what_was_under_way),
		TEST(test_the_largest_ring_goes_round),
		TEST(test_garbage_in_used_slots_does_not_matter),
		TEST(test_tables_are_used_for_several_segments_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
