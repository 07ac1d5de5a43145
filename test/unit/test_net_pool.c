/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/net_pool.c: frames in a pool, and copies sent through it. */
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

static struct virtio_net_pool pool;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_net_start(VIRTIO_F_VERSION_1);
	return 0;
}

static void make_pool(uint32_t count, uint32_t length)
{
	assert_int_equal(virtio_net_pool_init(&pool, fake_platform(), count, length), 0);
}

static void test_each_frame_is_handed_out_once(void **state)
{
	struct virtio_net_frame *frames[5];

	(void)state;
	make_pool(5, 1514);
	for (unsigned i = 0; i < 5; i++) {
		frames[i] = virtio_net_pool_get(&pool);
		assert_non_null(frames[i]);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(frames[i], frames[j]);
	}
	assert_null(virtio_net_pool_get(&pool));
	virtio_net_pool_put(&pool, frames[3]);
	assert_ptr_equal(virtio_net_pool_get(&pool), frames[3]);
	virtio_net_pool_free(&pool);
}

/* All of each frame's memory can be used, and the device finds it where the frame says. */
static void test_frames_have_room_and_the_right_address(void **state)
{
	struct virtio_net_frame *frame;

	(void)state;
	make_pool(4, 100);
	while ((frame = virtio_net_pool_get(&pool))) {
		assert_true(frame->capacity >= VIRTIO_NET_HEADROOM + 100);
		assert_ptr_equal(fake_platform_pointer(frame->device_address, frame->capacity), frame->buffer);
		for (uint32_t i = 0; i < frame->capacity; i++)
			frame->buffer[i] = 0x55;
	}
	virtio_net_pool_free(&pool);
}

static void test_a_frame_comes_back_as_new(void **state)
{
	struct virtio_net_frame *frame;

	(void)state;
	make_pool(1, 100);
	frame = virtio_net_pool_get(&pool);
	frame->offset = 77;
	frame->length = 9;
	frame->segments = 3;
	frame->flags = 4;
	virtio_net_pool_put(&pool, frame);
	frame = virtio_net_pool_get(&pool);
	assert_int_equal(frame->offset, VIRTIO_NET_HEADROOM);
	assert_int_equal(frame->length, 0);
	assert_int_equal(frame->segments, 1);
	assert_int_equal(frame->flags, 0);
	assert_null(frame->next);
	virtio_net_pool_free(&pool);
}

static void test_absurd_numbers_are_refused(void **state)
{
	static const uint32_t cases[][2] = {{0, 1}, {1, 0}, {65537, 1}, {1, 65793}, {UINT32_MAX, UINT32_MAX}};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(
			virtio_net_pool_init(&pool, fake_platform(), cases[i][0], cases[i][1]), VIRTIO_ERR_INVALID);
		assert_null(virtio_net_pool_get(&pool));
		virtio_net_pool_free(&pool);
	}
}

static void test_failing_allocations_are_survived(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 2; nth++) {
		fake_platform_fail_allocation(nth);
		assert_int_equal(virtio_net_pool_init(&pool, fake_platform(), 4, 100), VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
		virtio_net_pool_free(&pool);
	}
}

static int send_copy(uint8_t seed, uint32_t length)
{
	static uint8_t data[2000];

	for (uint32_t i = 0; i < length; i++)
		data[i] = (uint8_t)(seed + i + (i >> 8)); /* what fake_net_made_of expects */
	return virtio_net_send_copy(&fake_net.net, &pool, data, length);
}

static void test_copies_are_sent_and_their_frames_used_again(void **state)
{
	(void)state;
	fake_net_attach(NULL);
	make_pool(2, 1514);
	for (uint8_t i = 0; i < 200; i++) {
		assert_int_equal(send_copy(i, 60u + i), 0);
		assert_int_equal(fake_net_send(), 60 + i);
		assert_true(fake_net_made_of(fake_net.wire, i, 60u + i));
	}
	fake_net_detach();
	virtio_net_pool_free(&pool);
}

static void test_without_a_frame_or_room_it_is_to_be_tried_again(void **state)
{
	const struct virtio_net_options options = {.ring_size = 4, .own_receive_frames = true};

	(void)state;
	fake_net_attach(&options);
	make_pool(2, 1514);
	assert_int_equal(send_copy(1, 60), 0);
	assert_int_equal(send_copy(2, 60), 0);
	assert_int_equal(send_copy(3, 60), VIRTIO_ERR_AGAIN);
	assert_int_equal(fake_net_send(), 60);
	assert_int_equal(send_copy(3, 60), 0);
	fake_net_detach();
	virtio_net_pool_free(&pool);

	fake_net_attach(&options);
	make_pool(8, 1514);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(send_copy(1, 60), 0);
	assert_int_equal(send_copy(1, 60), VIRTIO_ERR_AGAIN);
	for (unsigned i = 0; i < 4; i++)
		assert_non_null(virtio_net_pool_get(&pool)); /* none was lost */
	assert_null(virtio_net_pool_get(&pool));
	fake_net_detach();
	virtio_net_pool_free(&pool);
}

static void test_wrong_lengths_and_broken_rings_are_told(void **state)
{
	(void)state;
	fake_net_attach(NULL);
	make_pool(1, 1800);
	assert_int_equal(send_copy(1, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(send_copy(1, 1515), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(send_copy(1, 1900), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(send_copy(1, 1514), 0); /* the frame was not lost */
	fake_device_break(fake_net_transmitq());
	assert_int_equal(send_copy(1, 60), VIRTIO_ERR_PROTOCOL);
	fake_net_detach();
	virtio_net_pool_free(&pool);
}

static void test_a_frame_is_filled_to_its_end_and_not_past_it(void **state)
{
	(void)state;
	fake_net_attach(NULL);
	make_pool(1, 1000);
	uint32_t room = pool.frame_size - VIRTIO_NET_HEADROOM;
	assert_in_range(room, 1000, 1513);
	assert_int_equal(send_copy(1, room + 1), VIRTIO_ERR_TOO_LARGE);
	assert_int_equal(send_copy(1, room), 0);
	assert_int_equal(fake_net_send(), room);
	fake_net_detach();
	virtio_net_pool_free(&pool);
}

/* More than the helper takes back at once. */
static void test_all_frames_that_were_sent_are_used_again(void **state)
{
	const uint8_t bytes[60] = {1};

	(void)state;
	fake_net_attach(NULL);
	make_pool(40, 100);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 40; i++)
			assert_int_equal(virtio_net_send_copy(&fake_net.net, &pool, bytes, sizeof bytes), 0);
		while (fake_net_send() > 0)
			;
	}
	fake_net_detach();
	virtio_net_pool_free(&pool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_frame_is_handed_out_once),
		TEST(test_frames_have_room_and_the_right_address),
		TEST(test_a_frame_comes_back_as_new),
		TEST(test_absurd_numbers_are_refused),
		TEST(test_failing_allocations_are_survived),
		TEST(test_copies_are_sent_and_their_frames_used_again),
		TEST(test_without_a_frame_or_room_it_is_to_be_tried_again),
		TEST(test_wrong_lengths_and_broken_rings_are_told),
		TEST(test_a_frame_is_filled_to_its_end_and_not_past_it),
		TEST(test_all_frames_that_were_sent_are_used_again),
	};
	return fake_transport_run_over_rings(tests);
}
