/* SPDX-License-Identifier: ISC */
/* Many buffers through every kind of virtqueue (VIRTIO 2.6): any shape, any order, any burst, past 65536. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A cheap generator of numbers that are the same in every run. */
static unsigned next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Buffers of random shape, held by the device and returned in random order, each exactly once. */
static void shuffle(struct ring_pair *pair)
{
	static struct fake_device_buffer held[16];
	uint8_t state_of[400] = {0}; /* 1: with the device, 2: back */
	unsigned holding = 0;
	unsigned sent = 0;
	unsigned back = 0;
	uint32_t seed = 1;

	while (back < COUNT(state_of)) {
		struct virtqueue_used used[5];
		int taken;

		while (sent < COUNT(state_of) && next_random(&seed) % 4) {
			uint16_t readable = (uint16_t)(next_random(&seed) % 3);
			uint16_t writable = (uint16_t)(1 + next_random(&seed) % 2);

			if (ring_pair_add(pair, &state_of[sent], readable, writable) != 1)
				break;
			state_of[sent++] = 1;
		}
		if (next_random(&seed) % 2)
			(void)!virtqueue_publish(&pair->vq);
		while (holding < COUNT(held) && fake_device_take(&pair->device, &held[holding]))
			holding++;
		while (holding && next_random(&seed) % 3) {
			unsigned pick = next_random(&seed) % holding;

			fake_device_return(&pair->device, &held[pick], 1);
			held[pick] = held[--holding];
		}
		taken = virtqueue_get(&pair->vq, used, 1 + next_random(&seed) % COUNT(used));
		assert_true(taken >= 0);
		for (int i = 0; i < taken; i++, back++) {
			assert_int_equal(*(uint8_t *)used[i].token, 1);
			*(uint8_t *)used[i].token = 2;
		}
	}
	assert_int_equal(sent, COUNT(state_of));
	assert_null(virtqueue_take_back(&pair->vq));
}

static void test_buffers_come_back_once_each_in_whatever_order(void **state)
{
	(void)state;
	/* RING-17 */
	ring_pair_over_all(16, 4, shuffle);
	ring_pair_over_all(4, 4, shuffle);
	/* PKD-13, PKD-18 */
	ring_pair_over_all(7, 4, shuffle);
	ring_pair_over_all(100, 4, shuffle);
}

static void more_than_65536(struct ring_pair *pair)
{
	static struct fake_device_buffer buffer;
	uint16_t burst = pair->vq.size < 3 ? pair->vq.size : 3; /* does not divide 65536 */
	uintptr_t sent = 0;
	uintptr_t back = 0;

	while (back < 66000) {
		struct virtqueue_used used[3];

		for (unsigned i = 0; i < burst; i++)
			assert_int_equal(ring_pair_add(pair, ring_pair_token(++sent), 0, 1), 1);
		assert_true(virtqueue_publish(&pair->vq));
		for (unsigned i = 0; i < burst; i++) {
			assert_true(fake_device_take(&pair->device, &buffer));
			fake_device_put(&pair->device, &buffer, 16);
		}
		fake_device_publish(&pair->device);
		assert_int_equal(virtqueue_get(&pair->vq, used, 3), burst);
		for (unsigned i = 0; i < burst; i++)
			assert_ptr_equal(used[i].token, ring_pair_token(++back));
	}
	assert_int_equal(pair->vq.free_count, pair->vq.size);
}

static void test_indices_wrap_at_65536(void **state)
{
	(void)state;
	/* RING-11 */
	ring_pair_over_all(1, 1, more_than_65536);
	ring_pair_over_all(2, 1, more_than_65536);
	ring_pair_over_all(256, 1, more_than_65536);
	/* PKD-02 */
	ring_pair_over_all(3, 1, more_than_65536);
	ring_pair_over_all(7, 1, more_than_65536);
	ring_pair_over_all(100, 1, more_than_65536);
}

/* A buffer of up to 3 + 3 segments anywhere in the pair's memory; most have one segment, as in life. */
static struct virtqueue_buffer random_buffer(
	const struct ring_pair *pair, struct virtio_segment *segments, uint32_t *seed)
{
	struct virtqueue_buffer buffer = {.segments = segments};
	unsigned shape = next_random(seed) % 8;

	buffer.readable = shape < 3 ? 1 : shape < 6 ? 0 : (uint16_t)(next_random(seed) % 4);
	buffer.writable = shape < 3 ? 0 : shape < 6 ? 1 : (uint16_t)(!buffer.readable + next_random(seed) % 3);
	for (unsigned i = 0; i < (unsigned)buffer.readable + buffer.writable; i++)
		segments[i] = ring_pair_segment(pair, next_random(seed) % 4096, 1 + next_random(seed) % 1000);
	return buffer;
}

/* What the device got is what the driver sent. */
static void assert_same_buffer(const struct fake_device_buffer *taken, const struct virtqueue_buffer *sent)
{
	assert_int_equal(taken->count, sent->readable + sent->writable);
	for (unsigned i = 0; i < taken->count; i++) {
		assert_int_equal(taken->elements[i].address, sent->segments[i].device_address);
		assert_int_equal(taken->elements[i].length, sent->segments[i].length);
		assert_int_equal(taken->elements[i].writable, i >= sent->readable);
	}
}

/* Bursts of random buffers and random lengths, so that they cross the ring's end anywhere, and end in a full ring. */
static void random_bursts(struct ring_pair *pair)
{
	static struct fake_device_buffer taken;
	struct virtio_segment segments[16][6];
	struct virtqueue_buffer buffers[16];
	struct virtqueue_used used[16];
	uint32_t seed = 3;

	for (unsigned round = 0; round < 3000; round++) {
		int count = 1 + (int)(next_random(&seed) % 16);
		int added;

		for (int i = 0; i < count; i++) {
			buffers[i] = random_buffer(pair, segments[i], &seed);
			buffers[i].token = &buffers[i];
		}
		added = virtqueue_add(&pair->vq, buffers, (unsigned)count);
		assert_in_range(added, 1, count);
		assert_true(virtqueue_publish(&pair->vq));
		for (int i = 0; i < added; i++) {
			assert_true(fake_device_take(&pair->device, &taken));
			assert_same_buffer(&taken, &buffers[i]);
			fake_device_put(&pair->device, &taken, UINT32_MAX);
		}
		assert_false(fake_device_take(&pair->device, &taken));
		fake_device_publish(&pair->device);
		assert_int_equal(virtqueue_get(&pair->vq, used, 16), added);
		for (int i = 0; i < added; i++) {
			uint32_t writable = 0;

			assert_ptr_equal(used[i].token, &buffers[i]);
			for (unsigned n = buffers[i].readable; n < (unsigned)buffers[i].readable + buffers[i].writable;
				n++)
				writable += segments[i][n].length;
			assert_int_equal(used[i].length, writable);
		}
		assert_int_equal(pair->vq.free_count, pair->vq.size);
	}
}

static void test_bursts_arrive_as_they_were_sent(void **state)
{
	(void)state;
	/* RING-05, RING-09, RING-11, RING-13, RING-15, RING-16 */
	ring_pair_over_all(8, 6, random_bursts);
	ring_pair_over_all(16, 6, random_bursts);
	/* PKD-08, PKD-12 */
	ring_pair_over_all(7, 6, random_bursts);
	ring_pair_over_all(100, 6, random_bursts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_buffers_come_back_once_each_in_whatever_order),
		TEST(test_indices_wrap_at_65536),
		TEST(test_bursts_arrive_as_they_were_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
