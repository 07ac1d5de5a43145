/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_queues.c with a device that lies: about lengths, buffers, and what it wrote. */
#include "fake/cmocka.h"
#include "fake/net_user.h"
#include "fake/platform.h"

#define net fake_net.net

/* HN-01, HN-09: lengths around every limit, as the device tells them. */
static void test_frames_of_impossible_lengths_are_dropped_and_used_again(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const uint32_t header = kind->header;
		const struct {
			uint32_t said, length;
		} cases[] = {
			{0, 0},
			{1, 0},
			{header - 1, 0},
			{header, 0},
			{header + 13, 0},
			{header + 14, 14},
			{header + 1518, 1518},
			{header + 1519, 0},
			{UINT32_MAX, 0},
		};
		uint64_t dropped = 0;

		open_kind(kind, NULL);
		for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			struct virtio_net_frame *frame;

			fake_net_deliver_lie((uint8_t)i, 60, cases[i].said);
			if (cases[i].length > 0) {
				frame = receive_one();
				assert_int_equal(frame->length, cases[i].length);
				release(frame);
			} else {
				assert_int_equal(virtio_net_receive(&net, &frame, 1), 0);
				dropped++;
			}
			assert_int_equal(net.first.receive.dropped, dropped);
			assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
		}
		fake_net_detach();
	}
}

/* HR-05: what is looked at is bounded by what was asked for, also when nothing of it is good. */
static void test_bad_frames_do_not_keep_us(void **state)
{
	struct virtio_net_frame *frames[4];

	(void)state;
	open_modern();
	for (unsigned i = 0; i < 6; i++)
		fake_net_deliver_lie(0, 60, 3);
	fake_net_deliver(1, 60);
	assert_int_equal(virtio_net_receive(&net, frames, 4), 0);
	assert_int_equal(net.first.receive.dropped, 4);
	assert_true(virtio_net_enable_receive_interrupts(&net));
	assert_int_equal(virtio_net_receive(&net, frames, 4), 1);
	assert_int_equal(net.first.receive.dropped, 6);
	fake_net_detach();
}

static void test_good_frames_among_bad_ones_arrive(void **state)
{
	struct virtio_net_frame *frames[64];

	(void)state;
	open_modern();
	for (uint8_t i = 0; i < 64; i++)
		fake_net_deliver_lie(i, 60, i % 3 ? 72 : 2);
	assert_int_equal(virtio_net_receive(&net, frames, 64), 42);
	for (unsigned i = 0; i < 42; i++)
		assert_true(fake_net_made_of(virtio_net_frame_data(frames[i]), (uint8_t)(i / 2 * 3 + i % 2 + 1), 60));
	assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count - 42);
	fake_net_detach();
}

/* HR-01, HR-02: the receive ring breaks, the transmit ring goes on, and the log names the device, once. */
static void test_a_broken_receive_ring_is_told_and_stays_broken(void **state)
{
	static const uint32_t ids[] = {256, 0x8003, UINT32_MAX};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct virtio_net_frame frame, *pointer = &frame;
		unsigned lines;

		open_modern();
		fake_device_lie_used(fake_net_receiveq(), ids[i], 72);
		lines = fake_platform_log_count();
		assert_int_equal(virtio_net_receive(&net, &pointer, 1), VIRTIO_ERR_PROTOCOL);
		assert_int_equal(virtio_net_receive(&net, &pointer, 1), VIRTIO_ERR_PROTOCOL);
		assert_int_equal(fake_platform_log_count(), lines + 1);
		assert_true(fake_platform_logged("fake device"));
		frame = fake_net_frame(2000);
		assert_int_equal(virtio_net_release(&net, &pointer, 1), VIRTIO_ERR_PROTOCOL);
		fake_net_fill(&frame, 1, 100);
		assert_int_equal(transmit(&frame), 1);
		assert_int_equal(fake_net_send(), 100);
		assert_sent(&frame);
		assert_int_equal(virtio_net_poll_config(&net), VIRTIO_ERR_PROTOCOL);
		fake_net_detach();
	}
}

static void test_a_broken_transmit_ring_is_told(void **state)
{
	struct virtio_net_frame frame, *pointer;

	(void)state;
	open_modern();
	frame = fake_net_frame(100);
	fake_net_fill(&frame, 1, 100);
	assert_int_equal(transmit(&frame), 1);
	fake_device_break(fake_net_transmitq());
	assert_int_equal(virtio_net_transmitted(&net, &pointer, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(transmit(&frame), VIRTIO_ERR_PROTOCOL);
	fake_net_detach();
}

/* HN-14: a frame that comes back twice would have two owners. */
static void test_a_frame_that_is_sent_twice_breaks_the_ring(void **state)
{
	struct virtio_net_frame frame, *pointer;

	(void)state;
	open_modern();
	frame = fake_net_frame(100);
	fake_net_fill(&frame, 1, 100);
	assert_int_equal(transmit(&frame), 1);
	assert_int_equal(fake_net_send(), 100);
	assert_sent(&frame);
	fake_device_lie_used(fake_net_transmitq(), fake_net.buffer.id, 0);
	assert_int_equal(virtio_net_transmitted(&net, &pointer, 1), VIRTIO_ERR_PROTOCOL);
	fake_net_detach();
}

static void count_reclaimed(void *context, struct virtio_net_frame *frame)
{
	assert_non_null(frame);
	++*(unsigned *)context;
}

/* A bad frame and a lie in one burst: the frame cannot go back into the broken ring, and must not be lost. */
static void test_frames_dropped_while_the_ring_breaks_are_not_lost(void **state)
{
	const struct virtio_net_options options = {.own_receive_frames = true};
	struct virtio_net_frame frames[3], *pointers[3];
	unsigned reclaimed = 0;

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_attach(&options);
	for (unsigned i = 0; i < 3; i++) {
		frames[i] = fake_net_frame(2000);
		pointers[i] = &frames[i];
	}
	assert_int_equal(virtio_net_release(&net, pointers, 3), 3);
	fake_net_deliver_lie(0, 60, 3);
	fake_device_lie_used(fake_net_receiveq(), 999, 0);
	assert_int_equal(virtio_net_receive(&net, pointers, 3), 0);
	assert_int_equal(virtio_net_receive(&net, pointers, 3), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, &reclaimed), 0);
	assert_int_equal(reclaimed, 3);
}

/* HN-15: what was received stays out of the ring, however much the device wants to write into it. */
static void test_a_received_frame_is_not_the_devices_until_it_is_released(void **state)
{
	struct virtio_net_frame *frames[257];
	unsigned count, left;

	(void)state;
	open_modern();
	count = net.first.pool_count;
	for (unsigned i = 0; i < count; i++)
		fake_net_deliver((uint8_t)i, 60);
	left = (unsigned)virtio_net_receive(&net, frames, 257);
	assert_int_equal(left, count);
	assert_int_equal(virtio_net_receive(&net, frames + count, 1), 0);
	assert_int_equal(fake_device_available(fake_net_receiveq()), 0);
	for (; left > 0; left--) {
		assert_true(fake_net_made_of(virtio_net_frame_data(frames[left - 1]), (uint8_t)(left - 1), 60));
		release(frames[left - 1]);
		assert_int_equal(fake_device_available(fake_net_receiveq()), count - left + 1);
	}
	fake_net_detach();
}

/* HR-06, HR-07: whatever the device writes over what we gave it, we do not read it. */
static void test_scribbled_descriptors_do_not_matter(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame *frame;

		open_kind(kind, NULL);
		fake_net_deliver(1, 60);
		fake_device_scribble(fake_net_receiveq(), 0xff);
		frame = receive_one();
		assert_true(fake_net_made_of(virtio_net_frame_data(frame), 1, 60));
		assert_int_equal(transmit(frame), 1);
		fake_net_detach();
	}
}

/* However many come at once: the call after that tells. */
static void test_frames_that_came_before_the_ring_broke_arrive(void **state)
{
	struct virtio_net_frame *frames[128];

	(void)state;
	open_modern();
	for (uint8_t i = 0; i < 64; i++)
		fake_net_deliver(i, 60);
	fake_device_lie_used(fake_net_receiveq(), 999, 72);
	assert_int_equal(virtio_net_receive(&net, frames, 128), 64);
	for (uint8_t i = 0; i < 64; i++)
		assert_true(fake_net_made_of(virtio_net_frame_data(frames[i]), i, 60));
	assert_int_equal(virtio_net_receive(&net, frames, 128), VIRTIO_ERR_PROTOCOL);
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_of_impossible_lengths_are_dropped_and_used_again),
		TEST(test_bad_frames_do_not_keep_us),
		TEST(test_good_frames_among_bad_ones_arrive),
		TEST(test_a_broken_receive_ring_is_told_and_stays_broken),
		TEST(test_a_broken_transmit_ring_is_told),
		TEST(test_a_frame_that_is_sent_twice_breaks_the_ring),
		TEST(test_frames_dropped_while_the_ring_breaks_are_not_lost),
		TEST(test_a_received_frame_is_not_the_devices_until_it_is_released),
		TEST(test_scribbled_descriptors_do_not_matter),
		TEST(test_frames_that_came_before_the_ring_broke_arrive),
	};
	return fake_transport_run_over_rings(tests);
}
