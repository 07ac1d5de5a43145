/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_queues.c: frames through the driver, the real ring, and a device, honest and not. */
#include "fake/cmocka.h"
#include "fake/net_user.h"
#include "fake/platform.h"

#define net fake_net.net
#define queues fake_net.transport.queues

static void test_a_burst_arrives_whole_and_in_order(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame *frames[100];

		open_kind(kind, NULL);
		for (uint8_t i = 0; i < 100; i++)
			fake_net_deliver(i, 60u + i * 14u);
		assert_int_equal(virtio_net_receive(&net, frames, 100), 100);
		for (uint8_t i = 0; i < 100; i++) {
			assert_int_equal(frames[i]->length, 60 + i * 14);
			assert_int_equal(frames[i]->offset, VIRTIO_NET_HEADROOM);
			assert_int_equal(frames[i]->segments, 1);
			assert_null(frames[i]->next);
			assert_true(fake_net_made_of(virtio_net_frame_data(frames[i]), i, frames[i]->length));
		}
		assert_int_equal(virtio_net_receive(&net, frames, 100), 0);
		assert_int_equal(virtio_net_release(&net, frames, 0), 0);
		assert_int_equal(net.first.receive.frames, 100);
		assert_int_equal(net.first.receive.bytes, 100 * 60 + 14 * 4950);
		fake_net_detach();
	}
}

/* Received, transmitted as it is, taken back, used to receive again: more often than the indices of the ring go. */
static void test_frames_go_round_past_the_end_of_the_indices(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {.ring_size = 64};
		unsigned burst = 1;

		fake_net_start(kind->features);
		queues[0].size = queues[1].size = 64;
		fake_net_attach(&options);
		for (uint32_t done = 0; done < 66000; done += burst) {
			struct virtio_net_frame *frames[32];

			burst = done % 32 + 1;
			for (uint8_t i = 0; i < burst; i++)
				fake_net_deliver((uint8_t)(done + i), 60);
			assert_int_equal(virtio_net_receive(&net, frames, 32), burst);
			assert_int_equal(virtio_net_transmit(&net, frames, burst), burst);
			for (uint8_t i = 0; i < burst; i++) {
				assert_int_equal(fake_net_send(), 60);
				assert_true(fake_net_made_of(fake_net.wire, (uint8_t)(done + i), 60));
			}
			assert_int_equal(virtio_net_transmitted(&net, frames, 32), burst);
			assert_int_equal(virtio_net_release(&net, frames, burst), burst);
		}
		assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
		fake_net_detach();
	}
}

static void test_a_full_ring_takes_no_more_until_frames_were_sent(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {.ring_size = 16, .own_receive_frames = true};
		struct virtio_net_frame frames[40], *pointers[40];
		unsigned room;

		fake_net_start(kind->features);
		queues[0].size = queues[1].size = 16;
		fake_net_attach(&options);
		for (unsigned i = 0; i < 40; i++) {
			frames[i] = fake_net_frame(100);
			fake_net_fill(&frames[i], (uint8_t)i, 100);
			pointers[i] = &frames[i];
		}
		room = kind->apart && !(kind->features & VIRTIO_F_INDIRECT_DESC) ? 8 : 16;
		assert_int_equal(virtio_net_transmit(&net, pointers, 40), room);
		assert_int_equal(virtio_net_transmit(&net, pointers + room, 1), 0);
		assert_int_equal(net.first.transmit.frames, room);
		assert_int_equal(net.first.transmit.bytes, room * 100);
		assert_int_equal(fake_net_send(), 100);
		assert_sent(&frames[0]);
		assert_int_equal(virtio_net_transmit(&net, pointers + room, 40 - room), 1);
		fake_net_detach();
	}
}

static void test_frames_of_all_lengths_are_sent_as_they_are(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame frame;

		open_kind(kind, NULL);
		frame = fake_net_frame(1514);
		for (uint32_t length = 1; length <= 1514; length += length < 64 ? 1 : 29) {
			fake_net_fill(&frame, (uint8_t)length, length);
			assert_int_equal(transmit(&frame), 1);
			assert_int_equal(fake_net_send(), length);
			assert_true(fake_net_made_of(fake_net.wire, (uint8_t)length, length));
			assert_sent(&frame);
		}
		fake_net_detach();
	}
}

/* Data may begin anywhere behind the headroom, also at odd addresses. */
static void test_data_may_begin_anywhere_behind_the_headroom(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame frame;

		open_kind(kind, NULL);
		frame = fake_net_frame(200);
		for (uint32_t offset = VIRTIO_NET_HEADROOM; offset < VIRTIO_NET_HEADROOM + 20; offset++) {
			frame.offset = offset;
			fake_net_fill(&frame, 9, 100);
			assert_int_equal(transmit(&frame), 1);
			assert_int_equal(fake_net_send(), 100);
			assert_true(fake_net_made_of(fake_net.wire, 9, 100));
			assert_sent(&frame);
		}
		fake_net_detach();
	}
}

/* Three segments, sent as one frame. */
static void test_segments_are_joined_on_the_wire(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame parts[3];

		open_kind(kind, NULL);
		for (unsigned i = 0; i < 3; i++) {
			parts[i] = fake_net_frame(100);
			fake_net_fill(&parts[i], 50, 100);
			parts[i].next = i < 2 ? &parts[i + 1] : NULL;
		}
		parts[0].segments = 3;
		parts[1].offset = 0; /* only the first needs headroom */
		fake_net_fill(&parts[1], 51, 100);
		assert_int_equal(transmit(&parts[0]), 1);
		assert_int_equal(fake_net_send(), 300);
		assert_true(fake_net_made_of(fake_net.wire, 50, 100));
		assert_true(fake_net_made_of(fake_net.wire + 100, 51, 100));
		assert_true(fake_net_made_of(fake_net.wire + 200, 50, 100));
		assert_int_equal(net.first.transmit.bytes, 300);
		assert_sent(&parts[0]);
		fake_net_detach();
	}
}

/* More segments than are described at a time: the burst is cut, and nobody notices. */
static void test_long_bursts_of_long_frames_are_sent_whole(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {.max_segments = VIRTIO_NET_MAX_SEGMENTS};
		static struct virtio_net_frame parts[6][VIRTIO_NET_MAX_SEGMENTS];
		struct virtio_net_frame *frames[6], *sent[6];

		fake_net_start(kind->features);
		fake_net_attach(&options);
		for (unsigned f = 0; f < 6; f++) {
			for (unsigned i = 0; i < VIRTIO_NET_MAX_SEGMENTS; i++) {
				parts[f][i] = fake_net_frame(10);
				fake_net_fill(&parts[f][i], (uint8_t)(f * 40 + i), 10);
				parts[f][i].next = &parts[f][i + 1 < VIRTIO_NET_MAX_SEGMENTS ? i + 1 : i];
			}
			parts[f][0].segments = (uint16_t)(VIRTIO_NET_MAX_SEGMENTS - f);
			frames[f] = parts[f];
		}
		assert_int_equal(virtio_net_transmit(&net, frames, 6), 6);
		for (unsigned f = 0; f < 6; f++) {
			assert_int_equal(fake_net_send(), 10 * (VIRTIO_NET_MAX_SEGMENTS - f));
			for (unsigned i = 0; i < VIRTIO_NET_MAX_SEGMENTS - f; i++)
				assert_true(fake_net_made_of(fake_net.wire + 10 * i, (uint8_t)(f * 40 + i), 10));
		}
		assert_int_equal(virtio_net_transmitted(&net, sent, 6), 6);
		fake_net_detach();
	}
}

static void spoil(struct virtio_net_frame *frame, unsigned how)
{
	static struct virtio_net_frame rest;

	rest = *frame;
	switch (how) {
	case 0:
		frame->length = 0;
		break;
	case 1:
		frame->offset = VIRTIO_NET_HEADROOM - 1;
		break;
	case 2:
		frame->offset = UINT32_MAX;
		break;
	case 3:
		frame->offset = frame->capacity - 99;
		break;
	case 4:
		frame->segments = 0;
		break;
	case 5:
		frame->segments = 2;
		break;
	case 6:
		frame->segments = 2;
		frame->next = &rest;
		rest.length = 0;
		break;
	case 7:
		frame->segments = 2;
		frame->next = &rest;
		rest.offset = UINT32_MAX;
		break;
	case 8:
		frame->length = FAKE_NET_MTU + 15;
		break;
	case 9:
		frame->length = UINT32_MAX;
		frame->capacity = UINT32_MAX;
		break;
	case 10:
		frame->segments = 5;
		break;
	case 11:
		frame->segments = 2;
		frame->next = &rest;
		rest.length = FAKE_NET_MTU + 15 - 100;
		break;
	}
}

/* NET-07 and the contract: each way to be wrong, as the first frame and as a later one. */
static void test_wrong_frames_are_not_sent(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		for (unsigned how = 0; how < 12; how++) {
			struct virtio_net_frame good, bad, *frames[3] = {&good, &bad, &good};
			int error = how < 8 ? VIRTIO_ERR_INVALID : VIRTIO_ERR_TOO_LARGE;

			open_kind(kind, NULL);
			good = fake_net_frame(100);
			fake_net_fill(&good, 1, 100);
			bad = fake_net_frame(2000);
			fake_net_fill(&bad, 2, 100);
			spoil(&bad, how);
			assert_int_equal(virtio_net_transmit(&net, frames, 3), 1);
			assert_int_equal(virtio_net_transmit(&net, frames + 1, 2), error);
			assert_int_equal(fake_net_send(), 100);
			assert_int_equal(fake_net_send(), 0);
			assert_int_equal(net.first.transmit.frames, 1);
			fake_net_detach();
		}
	}
}

static void test_frames_to_receive_into_must_be_large_enough_and_of_one_piece(void **state)
{
	const struct virtio_net_options options = {.own_receive_frames = true};
	struct virtio_net_frame small, split, good, *frames[2] = {&good, &small};

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_attach(&options);
	small = fake_net_frame(FAKE_NET_MTU + 13);
	split = fake_net_frame(FAKE_NET_MTU + 14);
	good = split;
	split.segments = 2;
	assert_int_equal(virtio_net_release(&net, &frames[1], 1), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_release(&net, frames, 2), 1);
	frames[0] = &split;
	assert_int_equal(virtio_net_release(&net, frames, 1), VIRTIO_ERR_INVALID);
	fake_net_deliver(7, 1514);
	assert_ptr_equal(receive_one(), &good);
	assert_true(fake_net_made_of(virtio_net_frame_data(&good), 7, 1514));
	fake_net_detach();
}

static void test_a_full_receive_ring_takes_no_more(void **state)
{
	const struct virtio_net_options options = {.own_receive_frames = true, .ring_size = 4};
	struct virtio_net_frame frame, *frames[6] = {&frame, &frame, &frame, &frame, &frame, &frame};

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_attach(&options);
	frame = fake_net_frame(FAKE_NET_MTU + 14);
	assert_int_equal(virtio_net_release(&net, frames, 6), 4);
	assert_int_equal(virtio_net_release(&net, frames, 2), 0);
	fake_net_detach();
}

/* One publication and at most one notification, whatever the length of the burst. */
static void test_a_burst_makes_one_notification(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame *frames[100];

		open_kind(kind, NULL);
		for (uint8_t i = 0; i < 100; i++)
			fake_net_deliver(i, 60);
		assert_int_equal(virtio_net_receive(&net, frames, 100), 100);
		queues[0].notifications = 0;
		assert_int_equal(virtio_net_transmit(&net, frames, 100), 100);
		assert_int_equal(queues[1].notifications, 1);
		for (unsigned i = 0; i < 100; i++)
			assert_int_equal(fake_net_send(), 60);
		assert_int_equal(virtio_net_transmitted(&net, frames, 100), 100);
		assert_int_equal(virtio_net_release(&net, frames, 100), 100);
		assert_in_range(queues[0].notifications, 0, 1);
		fake_net_detach();
	}
}

static void test_a_device_that_wants_no_notification_gets_none(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		struct virtio_net_frame frame;

		open_kind(kind, NULL);
		fake_device_want_notifications(fake_net_transmitq(), false);
		frame = fake_net_frame(100);
		fake_net_fill(&frame, 1, 100);
		assert_int_equal(transmit(&frame), 1);
		assert_int_equal(queues[1].notifications, 0);
		assert_int_equal(fake_net_send(), 100);
		fake_net_detach();
	}
}

static void test_sent_frames_come_back_in_the_order_of_the_device(void **state)
{
	static struct fake_device_buffer buffers[3];
	struct virtio_net_frame frames[3], *pointers[3];

	(void)state;
	open_modern();
	for (unsigned i = 0; i < 3; i++) {
		frames[i] = fake_net_frame(100);
		fake_net_fill(&frames[i], 1, 100);
		pointers[i] = &frames[i];
	}
	assert_int_equal(virtio_net_transmit(&net, pointers, 3), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_true(fake_device_take(fake_net_transmitq(), &buffers[i]));
	fake_device_return(fake_net_transmitq(), &buffers[2], 0);
	assert_sent(&frames[2]);
	fake_device_return(fake_net_transmitq(), &buffers[0], 0);
	fake_device_return(fake_net_transmitq(), &buffers[1], 0);
	assert_int_equal(virtio_net_transmitted(&net, pointers, 1), 1);
	assert_ptr_equal(pointers[0], &frames[0]);
	assert_sent(&frames[1]);
	fake_net_detach();
}

static void test_interrupts_come_when_they_were_asked_for(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		open_kind(kind, NULL);
		fake_net_deliver(1, 60);
		assert_int_equal(fake_net_receiveq()->interrupts, 0);
		assert_true(virtio_net_enable_receive_interrupts(&net)); /* one is waiting already */
		release(receive_one());
		assert_false(virtio_net_enable_receive_interrupts(&net));
		fake_net_deliver(2, 60);
		assert_int_equal(fake_net_receiveq()->interrupts, 1);
		release(receive_one());
		virtio_net_disable_receive_interrupts(&net);
		fake_net_deliver(3, 60);
		assert_int_equal(fake_net_receiveq()->interrupts, 1);
		fake_net_detach();
	}
}

static void test_transmit_interrupts_come_when_most_was_sent(void **state)
{
	struct virtio_net_frame frame, *frames[8];

	(void)state;
	open_modern();
	frame = fake_net_frame(100);
	fake_net_fill(&frame, 1, 100);
	for (unsigned i = 0; i < 8; i++)
		frames[i] = &frame;
	assert_int_equal(virtio_net_transmit(&net, frames, 8), 8);
	assert_false(virtio_net_enable_transmit_interrupts(&net));
	for (unsigned i = 1; i <= 8; i++) {
		assert_int_equal(fake_net_send(), 100);
		assert_int_equal(fake_net_transmitq()->interrupts, i >= 6);
	}
	assert_int_equal(virtio_net_transmitted(&net, frames, 8), 8);
	assert_int_equal(virtio_net_transmit(&net, frames, 4), 4); /* only these count now */
	assert_false(virtio_net_enable_transmit_interrupts(&net));
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(fake_net_send(), 100);
		assert_int_equal(fake_net_transmitq()->interrupts, i >= 3 ? 2 : 1);
	}
	assert_int_equal(virtio_net_transmitted(&net, frames, 8), 4);
	assert_false(virtio_net_enable_transmit_interrupts(&net)); /* none is under way: the next one tells */
	assert_int_equal(virtio_net_transmit(&net, frames, 1), 1);
	assert_int_equal(fake_net_send(), 100);
	assert_int_equal(fake_net_transmitq()->interrupts, 3);
	virtio_net_disable_transmit_interrupts(&net);
	fake_net_detach();
}

static void test_frames_of_one_segment_and_of_several_go_in_one_burst(void **state)
{
	(void)state;
	struct virtio_net_frame one = fake_net_frame(60), two = fake_net_frame(70), rest = fake_net_frame(80);
	struct virtio_net_frame *frames[] = {&one, &two}, *back[] = {&two, &one};
	open_modern();
	fake_net_fill(&one, 1, 60);
	fake_net_fill(&two, 2, 70);
	fake_net_fill(&rest, 3, 80);
	two.segments = 2;
	two.next = &rest;
	for (unsigned i = 0; i < 2; i++) {
		struct virtio_net_frame *sent[2];
		assert_int_equal(virtio_net_transmit(&net, i ? back : frames, 2), 2);
		assert_int_equal(fake_net_send(), i ? 150 : 60);
		assert_int_equal(fake_net_send(), i ? 60 : 150);
		assert_int_equal(virtio_net_transmitted(&net, sent, 2), 2);
	}
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_burst_arrives_whole_and_in_order),
		TEST(test_frames_go_round_past_the_end_of_the_indices),
		TEST(test_a_full_ring_takes_no_more_until_frames_were_sent),
		TEST(test_frames_of_all_lengths_are_sent_as_they_are),
		TEST(test_data_may_begin_anywhere_behind_the_headroom),
		TEST(test_segments_are_joined_on_the_wire),
		TEST(test_long_bursts_of_long_frames_are_sent_whole),
		TEST(test_wrong_frames_are_not_sent),
		TEST(test_frames_to_receive_into_must_be_large_enough_and_of_one_piece),
		TEST(test_a_full_receive_ring_takes_no_more),
		TEST(test_a_burst_makes_one_notification),
		TEST(test_a_device_that_wants_no_notification_gets_none),
		TEST(test_sent_frames_come_back_in_the_order_of_the_device),
		TEST(test_interrupts_come_when_they_were_asked_for),
		TEST(test_transmit_interrupts_come_when_most_was_sent),
		TEST(test_frames_of_one_segment_and_of_several_go_in_one_burst),
	};
	return fake_transport_run_over_rings(tests);
}
