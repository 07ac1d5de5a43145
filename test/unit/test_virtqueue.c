/* SPDX-License-Identifier: ISC */
/* What holds for every kind of virtqueue (VIRTIO 2.6): each test runs over each kind. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/ring_pair.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct virtqueue_config config_of(unsigned kind, uint16_t size, uint16_t max_segments)
{
	return (struct virtqueue_config){
		.platform = fake_platform(),
		.ops = fake_device_rings[kind]->driver_end,
		.features = VIRTIO_F_INDIRECT_DESC,
		.size = size,
		.max_segments = max_segments,
	};
}

static void fail_each_allocation(unsigned kind)
{
	const struct virtqueue_config config = config_of(kind, 16, 4);
	unsigned failures = 0;
	struct virtqueue vq;

	for (;;) {
		fake_platform_fail_allocation(failures + 1);
		if (virtqueue_init(&vq, &config) == 0)
			break;
		assert_int_equal(fake_platform_live(), 0);
		failures++;
	}
	fake_platform_fail_allocation(0);
	assert_int_equal(failures, 3); /* slots, ring, tables */
	virtqueue_free(&vq);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_each_failing_allocation_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		fail_each_allocation(kind);
}

static void run_out_of_memory(unsigned kind)
{
	const struct virtqueue_config config = config_of(kind, 16, 1);
	struct virtqueue vq;

	fake_platform_fail_allocation(1);
	assert_int_equal(virtqueue_init(&vq, &config), VIRTIO_ERR_NO_MEMORY);
}

static void test_out_of_memory_is_reported_as_such(void **state)
{
	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		run_out_of_memory(kind);
}

static void refuse_wrong_settings(unsigned kind)
{
	static const struct {
		uint32_t alignment;
		uint16_t size;
		uint16_t max_segments;
	} wrong[] = {
		{0, 0, 1},     /* no entry */
		{0, 16, 17},   /* longer than the ring (2.7.5.3.1) */
		{0, 1, 2},     /* likewise */
		{3, 16, 1},    /* not a power of two */
		{8192, 16, 1}, /* more than the hooks promise */
	};

	for (unsigned i = 0; i < COUNT(wrong); i++) {
		struct virtqueue_config config = config_of(kind, wrong[i].size, wrong[i].max_segments);
		struct virtqueue vq;

		config.alignment = wrong[i].alignment;
		assert_int_equal(virtqueue_init(&vq, &config), VIRTIO_ERR_INVALID);
		assert_int_equal(fake_platform_live(), 0);
		virtqueue_free(&vq); /* does nothing */
	}
}

static void test_wrong_settings_are_refused(void **state)
{
	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		refuse_wrong_settings(kind);
}

static void free_twice(unsigned kind)
{
	const struct virtqueue_config config = config_of(kind, 16, 2);
	struct virtqueue vq;

	assert_int_equal(virtqueue_init(&vq, &config), 0);
	virtqueue_free(&vq);
	virtqueue_free(&vq);
}

static void test_freeing_twice_does_nothing(void **state)
{
	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		free_twice(kind);
}

static void look_for_tables(unsigned kind)
{
	struct virtqueue_config config = config_of(kind, 16, 1);
	struct virtqueue vq;

	assert_int_equal(virtqueue_init(&vq, &config), 0);
	assert_null(vq.tables); /* one segment needs no table */
	virtqueue_free(&vq);
	config.max_segments = 4;
	config.features = 0;
	assert_int_equal(virtqueue_init(&vq, &config), 0);
	assert_null(vq.tables); /* not negotiated */
	virtqueue_free(&vq);
}

static void test_tables_exist_only_where_they_are_of_use(void **state)
{
	(void)state;
	for (unsigned kind = 0; fake_device_rings[kind]; kind++)
		look_for_tables(kind);
}

/* Bytes go both ways, through whatever segments. */
static void echo_through(struct ring_pair *pair)
{
	static const char request[] = "what the driver says, in two pieces";
	static const char answer[] = "and what the device answers to it";
	struct virtio_segment segments[] = {
		ring_pair_segment(pair, 0, 7),
		ring_pair_segment(pair, 100, sizeof request - 7),
		ring_pair_segment(pair, 200, 5),
		ring_pair_segment(pair, 300, 60),
	};
	struct virtqueue_buffer buffer = {segments, pair, 2, 2};
	struct fake_device_buffer taken;
	char copy[sizeof request];
	uint32_t length;

	memcpy(segments[0].data, request, 7);
	memcpy(segments[1].data, request + 7, sizeof request - 7);
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), 1);
	assert_true(virtqueue_publish(&pair->vq));
	assert_true(fake_device_take(&pair->device, &taken));
	assert_int_equal(taken.readable_bytes, sizeof request);
	assert_int_equal(taken.writable_bytes, 65);
	fake_device_read(&taken, 0, copy, sizeof copy);
	assert_memory_equal(copy, request, sizeof request);
	fake_device_write(&taken, 0, answer, sizeof answer);
	fake_device_return(&pair->device, &taken, sizeof answer);
	assert_ptr_equal(ring_pair_get(pair, &length), pair);
	assert_int_equal(length, sizeof answer);
	assert_memory_equal(segments[2].data, answer, 5);
	assert_memory_equal(segments[3].data, answer + 5, sizeof answer - 5);
}

static void test_bytes_go_both_ways(void **state)
{
	(void)state;
	ring_pair_over_all(8, 4, echo_through);
}

static void fill_and_overfill(struct ring_pair *pair)
{
	uint16_t size = pair->vq.size;

	for (unsigned i = 0; i < size; i++)
		assert_int_equal(ring_pair_add(pair, ring_pair_token(i + 1), 0, 1), 1);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), 0);
	assert_true(virtqueue_publish(&pair->vq));
	assert_int_equal(fake_device_available(&pair->device), size);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), 0);
	assert_false(virtqueue_publish(&pair->vq));
	ring_pair_serve(pair, 1);
	assert_ptr_equal(ring_pair_get(pair, NULL), ring_pair_token(1));
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), 1);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), 0);
}

static void test_full_ring_refuses_the_next_buffer(void **state)
{
	(void)state;
	/* RING-13 */
	for (uint16_t size = 1; size <= 64; size++)
		ring_pair_over_all(size, 1, fill_and_overfill);
}

static void chains_until_full(struct ring_pair *pair)
{
	bool indirect = (pair->device.features & VIRTIO_F_INDIRECT_DESC) != 0;
	int room = indirect ? 8 : 2; /* in a ring of 8, buffers of 3 segments */
	int added = 0;

	while (ring_pair_add(pair, ring_pair_token((uintptr_t)added + 1), 1, 2) == 1)
		added++;
	assert_int_equal(added, room);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), indirect ? 0 : 1);
	assert_int_equal(virtqueue_publish(&pair->vq), true);
	for (int i = 0; i < added; i++) {
		ring_pair_serve(pair, 32);
		assert_ptr_equal(ring_pair_get(pair, NULL), ring_pair_token((uintptr_t)i + 1));
	}
	assert_int_equal(ring_pair_add(pair, pair, 2, 1), 1);
}

static void test_chains_share_the_ring_and_tables_save_room(void **state)
{
	(void)state;
	/* RING-06: no more descriptors than segments. IND-02, IND-03, IND-07, IND-08: what the fake device checks. */
	ring_pair_over_all(8, 3, chains_until_full);
}

static void burst_with_a_wrong_one(struct ring_pair *pair)
{
	struct virtio_segment good = ring_pair_segment(pair, 0, 16);
	struct virtio_segment empty = ring_pair_segment(pair, 0, 0);
	struct virtqueue_buffer buffers[] = {{&good, pair, 0, 1}, {&good, pair, 1, 0}, {&good, pair, 0, 1},
		{&empty, pair, 0, 1}, {&good, pair, 0, 1}};

	assert_int_equal(virtqueue_add(&pair->vq, buffers, 5), 3);
	assert_int_equal(virtqueue_add(&pair->vq, buffers + 3, 2), VIRTIO_ERR_INVALID);
	assert_int_equal(virtqueue_add(&pair->vq, buffers + 4, 1), 1);
	assert_int_equal(virtqueue_add(&pair->vq, buffers, 0), 0);
	assert_true(virtqueue_publish(&pair->vq));
	for (unsigned i = 0; i < 4; i++)
		ring_pair_serve(pair, 0);
}

static void test_a_wrong_buffer_ends_the_burst_before_it(void **state)
{
	(void)state;
	ring_pair_over_all(8, 2, burst_with_a_wrong_one);
}

static void refuse_wrong_buffers(struct ring_pair *pair)
{
	struct virtio_segment segments[4];
	struct virtqueue_buffer buffer = {segments, pair, 1, 1};
	uint16_t free_count = pair->vq.free_count;

	for (uint32_t i = 0; i < 4; i++)
		segments[i] = ring_pair_segment(pair, 16 * i, 16);
	buffer.token = NULL;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_INVALID);
	buffer.writable = 0;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_INVALID);
	buffer.token = pair;
	buffer.readable = 0;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_INVALID); /* no segment */
	buffer.readable = 2;
	buffer.writable = 2;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_TOO_LARGE);
	buffer.readable = 0xffff;
	buffer.writable = 2; /* 1 modulo 65536 */
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_TOO_LARGE);
	buffer.readable = 1;
	segments[2].length = 0;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_INVALID);
	segments[1].length = UINT32_MAX; /* together 2^32 and more (2.7.5.2) */
	segments[2].length = 1;
	assert_int_equal(virtqueue_add(&pair->vq, &buffer, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(pair->vq.free_count, free_count);
	assert_false(virtqueue_publish(&pair->vq));
	assert_int_equal(ring_pair_add(pair, pair, 1, 2), 1); /* and it goes on */
}

static void test_wrong_buffers_are_refused_and_change_nothing(void **state)
{
	(void)state;
	/* RING-07, RING-08, RING-10, IND-04 */
	ring_pair_over_all(8, 3, refuse_wrong_buffers);
}

static void take_back_all(struct ring_pair *pair)
{
	uint64_t features = pair->device.features;
	uint8_t state_of[6] = {0};
	uint8_t *token;

	for (unsigned i = 0; i < COUNT(state_of); i++)
		assert_int_equal(ring_pair_add(pair, &state_of[i], 1, i % 2), 1);
	assert_true(virtqueue_publish(&pair->vq));
	ring_pair_serve(pair, 1);
	assert_ptr_equal(ring_pair_get(pair, NULL), &state_of[0]);
	assert_int_equal(ring_pair_add(pair, &state_of[0], 1, 0), 1); /* not published */
	fake_device_detach(&pair->device);
	while ((token = virtqueue_take_back(&pair->vq)))
		(*token)++;
	for (unsigned i = 0; i < COUNT(state_of); i++)
		assert_int_equal(state_of[i], 1);
	virtqueue_restart(&pair->vq);
	assert_null(virtqueue_take_back(&pair->vq));
	virtqueue_restart(&pair->vq);
	assert_false(virtqueue_publish(&pair->vq));
	fake_device_attach(&pair->device, pair->kind, &pair->vq.addresses, pair->vq.size, features);
	for (unsigned i = 0; i < 70; i++) {
		ring_pair_send(pair, pair);
		ring_pair_serve(pair, 1);
		assert_ptr_equal(ring_pair_get(pair, NULL), pair);
		assert_int_equal(fake_device_available(&pair->device), 0);
	}
	(void)!ring_pair_send(pair, pair);
	fake_device_detach(&pair->device);
	assert_ptr_equal(virtqueue_take_back(&pair->vq), pair);
	assert_null(virtqueue_take_back(&pair->vq));
}

static void test_buffers_are_taken_back_after_a_reset(void **state)
{
	(void)state;
	/* RST-04, RST-05 */
	ring_pair_over_all(16, 2, take_back_all);
}

static void get_nothing(struct ring_pair *pair)
{
	struct virtqueue_used used;

	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 0);
	assert_int_equal(ring_pair_add(pair, pair, 0, 1), 1);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 0);
	(void)!virtqueue_publish(&pair->vq);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 0);
	ring_pair_serve(pair, 16);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 0), 0);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 1);
	assert_int_equal(virtqueue_get(&pair->vq, &used, 1), 0);
}

static void test_an_interrupt_with_nothing_used_is_harmless(void **state)
{
	(void)state;
	ring_pair_over_all(4, 1, get_nothing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_failing_allocation_leaves_nothing_behind),
		TEST(test_out_of_memory_is_reported_as_such),
		TEST(test_wrong_settings_are_refused),
		TEST(test_freeing_twice_does_nothing),
		TEST(test_tables_exist_only_where_they_are_of_use),
		TEST(test_bytes_go_both_ways),
		TEST(test_full_ring_refuses_the_next_buffer),
		TEST(test_chains_share_the_ring_and_tables_save_room),
		TEST(test_a_wrong_buffer_ends_the_burst_before_it),
		TEST(test_wrong_buffers_are_refused_and_change_nothing),
		TEST(test_buffers_are_taken_back_after_a_reset),
		TEST(test_an_interrupt_with_nothing_used_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
