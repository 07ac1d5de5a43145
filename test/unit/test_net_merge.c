/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_offload.c: received frames that fill several buffers (VIRTIO 5.1.6.4), true and false. */
#include <limits.h>
#include <string.h>

#include "fake/cmocka.h"
#include "fake/net_user.h"
#include "fake/platform.h"

#define net fake_net.net
#define MERGE VIRTIO_NET_F_MRG_RXBUF
#define READ (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_GUEST_CSUM) /* each header is read */
#define SMALL 256                                           /* bytes of the driver's buffers here, headroom included */
#define ROOM (SMALL - VIRTIO_NET_HEADROOM)
#define NET_SEGMENTS_MOST 34

static uint8_t bytes[FAKE_NET_LONGEST];
static const struct virtio_net_hdr plain;

static void open_with(uint64_t features, bool own_frames)
{
	const struct virtio_net_options options = {
		.wanted = MERGE | VIRTIO_NET_F_GUEST_CSUM,
		.offload = &virtio_net_offload,
		.receive_buffer = SMALL,
		.own_receive_frames = own_frames,
	};

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	fake_net_start(features | MERGE);
	fake_net_attach(&options);
	assert_true(net.features & MERGE);
	assert_int_equal(net.first.header_size, 12);
}

/* FRAME is LENGTH bytes of BYTES, in as many segments as that takes. */
static void assert_frame(const struct virtio_net_frame *frame, uint32_t length)
{
	const struct virtio_net_frame *part = frame;
	uint32_t done = 0;

	for (unsigned i = 0; i < frame->segments; i++, part = part->next) {
		assert_true(part->length > 0 && done + part->length <= length);
		assert_true(part->offset + part->length <= part->capacity);
		assert_memory_equal(part->buffer + part->offset, bytes + done, part->length);
		done += part->length;
	}
	assert_null(part);
	assert_int_equal(done, length);
}

/* NET-L1, NET-23, NET-30 */
static void test_frames_of_all_lengths_arrive_in_small_buffers(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		open_with(kind->features, false);
		assert_int_equal(net.first.pool_frame_size, SMALL);
		for (uint32_t length = 14; length <= 1518; length += length % 224 < 215 ? 9 : 1) {
			unsigned count = fake_net_deliver_header(&plain, NULL, bytes, length);
			struct virtio_net_frame *frame = receive_one();

			assert_int_equal(frame->segments, count);
			assert_frame(frame, length);
			release(frame);
			assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
		}
		assert_int_equal(net.first.receive.dropped, 0);
		fake_net_detach();
	}
}

/* A received frame of several segments is sent as it is, and its buffers are used again, past all indices. */
static void test_merged_frames_go_round(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {.wanted = MERGE,
			.offload = &virtio_net_offload,
			.receive_buffer = SMALL,
			.max_segments = 8,
			.ring_size = 64};

		fake_net_start(kind->features | MERGE);
		fake_net.transport.queues[0].size = fake_net.transport.queues[1].size = 64;
		fake_net_attach(&options);
		for (unsigned round = 0; round < 15000; round++) {
			uint32_t length = 60 + round % 1455;
			struct virtio_net_frame *frame, *sent[2];

			fake_net_deliver_header(&plain, NULL, bytes, length);
			frame = receive_one();
			assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
			assert_int_equal(fake_net_send(), length);
			assert_memory_equal(fake_net.wire, bytes, length);
			assert_int_equal(virtio_net_transmitted(&net, sent, 2), 1);
			assert_ptr_equal(sent[0], frame);
			release(frame);
		}
		assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
		fake_net_detach();
	}
}

/* A burst that ends in the middle of a frame holds its beginning until the next. */
static void test_a_frame_across_two_bursts_arrives_with_the_second(void **state)
{
	struct virtio_net_frame *frames[40];

	(void)state;
	open_with(VIRTIO_F_VERSION_1, false);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(fake_net_deliver_header(&plain, NULL, bytes, 3 * ROOM), 3);
	for (unsigned done = 0; done < 20; done += 5) {
		assert_int_equal(virtio_net_receive(&net, frames, 5), 5);
		for (unsigned i = 0; i < 5; i++)
			assert_frame(frames[i], 3 * ROOM);
		assert_int_equal(virtio_net_release(&net, frames, 5), 5);
	}
	assert_int_equal(virtio_net_receive(&net, frames, 40), 0);
	fake_net_detach();
}

static void put_first(uint16_t num_buffers, uint32_t length)
{
	uint8_t raw[SMALL] = {0};

	raw[10] = (uint8_t)num_buffers;
	raw[11] = (uint8_t)(num_buffers >> 8);
	memcpy(raw + 12, bytes, length);
	fake_net_put(raw, 12 + length, 12 + length);
}

/* HN-03: the rest comes later, in pieces, or never. */
static void test_the_rest_of_a_frame_may_come_late(void **state)
{
	struct virtio_net_frame *frames[4];

	(void)state;
	open_with(READ, false);
	put_first(3, 100);
	fake_device_publish(fake_net_receiveq());
	assert_int_equal(virtio_net_receive(&net, frames, 4), 0);
	assert_false(virtio_net_enable_receive_interrupts(&net));
	fake_net_put(bytes + 100, 50, 50);
	fake_device_publish(fake_net_receiveq());
	assert_int_equal(virtio_net_receive(&net, frames, 4), 0);
	fake_net_put(bytes + 150, 1, 1);
	fake_device_publish(fake_net_receiveq());
	assert_frame(receive_one(), 151);
	put_first(3, 100);
	fake_device_publish(fake_net_receiveq());
	assert_int_equal(virtio_net_receive(&net, frames, 4), 0);
	fake_net_detach(); /* nothing leaks */
}

/* HN-02, HN-04, HN-05, HN-01: whatever is wrong, the frame goes, and its buffers are used again. */
static void test_merged_frames_that_break_the_rules_are_dropped(void **state)
{
	static const struct {
		uint16_t num_buffers; /* as the header says */
		uint32_t first;       /* bytes of data in the first buffer */
		unsigned more;        /* buffers behind it */
		uint32_t rest;        /* bytes in each of those */
	} cases[] = {
		{0, 60, 0, 0},       /* no buffer at all */
		{257, 60, 0, 0},     /* more than the ring has */
		{0xffff, 60, 0, 0},  /* likewise */
		{2, 60, 1, 0},       /* an empty one */
		{2, 13, 1, 100},     /* not even an Ethernet header in the first */
		{1, 13, 0, 0},       /* likewise */
		{8, 212, 7, ROOM},   /* longer than any frame */
		{200, 212, 199, 10}, /* likewise */
		{256, 1, 255, 1},    /* as many as there are */
	};
	struct virtio_net_frame *frame;

	(void)state;
	open_with(READ, false);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_first(cases[i].num_buffers, cases[i].first);
		for (unsigned k = 0; k < cases[i].more; k++)
			fake_net_put(bytes, cases[i].rest, cases[i].rest);
		fake_device_publish(fake_net_receiveq());
		assert_int_equal(virtio_net_receive(&net, &frame, 1), 0);
		assert_int_equal(net.first.receive.dropped, i + 1);
		assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
	}
	assert_int_equal(net.first.receive.frames, 0);
	fake_net_deliver_header(&plain, NULL, bytes, 1000);
	assert_frame(receive_one(), 1000);
	fake_net_detach();
}

/* HR-03, RING-14: more than the buffer holds, or less than a header. */
static void test_merged_buffers_of_impossible_lengths_do_no_harm(void **state)
{
	struct virtio_net_frame *frame;

	(void)state;
	open_with(READ, false);
	put_first(2, 100);
	fake_net_put(bytes + 100, 20, UINT32_MAX);
	fake_device_publish(fake_net_receiveq());
	frame = receive_one();
	assert_int_equal(frame->next->length, ROOM + 12); /* all there is */
	release(frame);
	for (uint32_t said = 0; said < 12; said++) {
		fake_net_put(bytes, 60, said);
		fake_device_publish(fake_net_receiveq());
		assert_int_equal(virtio_net_receive(&net, &frame, 1), 0);
	}
	assert_int_equal(net.first.receive.dropped, 12);
	fake_net_detach();
}

static unsigned reclaimed;

static void count_reclaimed(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	assert_int_equal(frame->segments, 1);
	assert_null(frame->next);
	reclaimed++;
}

/* Half a frame, a whole one, a dropped one that the broken ring does not take: each buffer comes back, once. */
static void test_detach_hands_back_every_buffer(void **state)
{
	static struct virtio_net_frame frames[16];
	struct virtio_net_frame *pointers[16];

	(void)state;
	for (unsigned broken = 0; broken < 2; broken++) {
		reclaimed = 0;
		open_with(READ, true);
		for (unsigned i = 0; i < 16; i++) {
			frames[i] = fake_net_frame(ROOM);
			pointers[i] = &frames[i];
		}
		assert_int_equal(virtio_net_release(&net, pointers, 16), 16);
		fake_net_deliver_header(&plain, NULL, bytes, 3 * ROOM); /* 3, which we keep */
		put_first(2, 60);
		fake_net_put(bytes, 0, 0);
		if (broken)
			fake_device_lie_used(fake_net_receiveq(), 999, 0);
		fake_device_publish(fake_net_receiveq());
		assert_int_equal(virtio_net_receive(&net, pointers, 4), 1);
		if (!broken) {
			put_first(5, 60);
			fake_net_put(bytes, 1, 1);
			fake_device_publish(fake_net_receiveq());
		}
		assert_int_equal(virtio_net_receive(&net, pointers + 1, 4), broken ? VIRTIO_ERR_PROTOCOL : 0);
		assert_int_equal(virtio_net_detach(&net, count_reclaimed, NULL), 0);
		assert_int_equal(reclaimed, 13);
	}
}

static void test_frames_are_released_whole_or_not_at_all(void **state)
{
	static struct virtio_net_frame frames[8];
	struct virtio_net_frame *chain = &frames[0];

	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {
			.wanted = MERGE, .offload = &virtio_net_offload, .own_receive_frames = true, .ring_size = 8};
		bool wide = kind->apart && !(kind->features & VIRTIO_F_INDIRECT_DESC);

		fake_net_start(kind->features | MERGE);
		fake_net.transport.queues[0].size = fake_net.transport.queues[1].size = 8;
		fake_net_attach(&options);
		for (unsigned i = 0; i < 8; i++) {
			frames[i] = fake_net_frame(VIRTIO_NET_LEAST_BUFFER - VIRTIO_NET_HEADROOM);
			frames[i].next = &frames[i + 1];
		}
		frames[2].next = NULL;
		frames[0].segments = 3;
		assert_int_equal(virtio_net_release(&net, &chain, 1), 1);
		assert_int_equal(virtio_net_release(&net, &chain, 1), !wide);
		assert_int_equal(virtio_net_release(&net, &chain, 1), 0);
		assert_int_equal(fake_device_available(fake_net_receiveq()), wide ? 3 : 6);
		frames[2].capacity--;
		assert_int_equal(virtio_net_release(&net, &chain, 1), VIRTIO_ERR_INVALID);
		frames[2].capacity++;
		frames[0].segments = 4;
		assert_int_equal(virtio_net_release(&net, &chain, 1), VIRTIO_ERR_INVALID);
		frames[0].segments = 1;
		frames[0].capacity--;
		assert_int_equal(virtio_net_release(&net, &chain, 1), VIRTIO_ERR_INVALID);
		fake_net_detach();
	}
}

static void count_once(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	frame->hash++;
	reclaimed++;
}

/* A frame of COUNT segments, of which FIT can be mapped: not half the caller's and half the driver's. */
static void release_mapped_in_part(const struct fake_net_kind *kind, unsigned count, unsigned fit)
{
	static struct virtio_net_frame frames[NET_SEGMENTS_MOST];
	struct virtio_net_frame *chain = &frames[0];

	open_with(kind->features, true);
	bool mapped = fake_transport_mappings(&fake_net.transport) > 0;

	for (unsigned i = 0; i < count; i++) {
		frames[i] = fake_net_frame(VIRTIO_NET_LEAST_BUFFER - VIRTIO_NET_HEADROOM);
		frames[i].next = i + 1 < count ? &frames[i + 1] : NULL;
		frames[i].hash = 0;
	}
	frames[0].segments = (uint8_t)count;
	reclaimed = 0;
	fake_platform_map_at_most(fake_platform_mapped());
	if (mapped) {
		assert_true(virtio_net_release(&net, &chain, 1) <= 0);
		assert_int_equal(fake_device_available(fake_net_receiveq()), 0);
	}
	fake_platform_map_at_most(fake_platform_mapped() + fit);
	assert_int_equal(virtio_net_release(&net, &chain, 1), 1);
	assert_int_equal(fake_device_available(fake_net_receiveq()), mapped ? fit : count);
	fake_platform_map_at_most(UINT_MAX);
	assert_int_equal(virtio_net_detach(&net, count_once, NULL), 0);
	assert_int_equal(reclaimed, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(frames[i].hash, 1);
}

/* Within a burst of 32 segments, and at its end. */
static void test_a_frame_that_is_mapped_in_part_is_the_drivers_until_detach(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		release_mapped_in_part(kind, 3, 2);
		release_mapped_in_part(kind, NET_SEGMENTS_MOST, 32);
	}
}

/* Half a frame in buffers of the driver's own, and one that a broken ring does not take: nobody else hears of them. */
static void test_detach_keeps_the_drivers_own_buffers(void **state)
{
	struct virtio_net_frame *frames[4];

	(void)state;
	for (unsigned broken = 0; broken < 2; broken++) {
		reclaimed = 0;
		open_with(READ, false);
		put_first(broken ? 2 : 3, 100);
		fake_net_put(bytes, 0, 0);
		if (broken)
			fake_device_lie_used(fake_net_receiveq(), 999, 0);
		fake_device_publish(fake_net_receiveq());
		assert_int_equal(virtio_net_receive(&net, frames, 4), 0);
		assert_int_equal(virtio_net_detach(&net, count_reclaimed, NULL), 0);
		fake_net_forget();
		assert_int_equal(reclaimed, 0);
	}
}

/* Rings so short that they hold one buffer. */
static void test_one_buffer_takes_a_whole_frame(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		const struct virtio_net_options options = {
			.wanted = MERGE, .offload = &virtio_net_offload, .receive_buffer = SMALL};

		fake_net_start(kind->features | MERGE);
		fake_net.transport.queues[0].size = kind->apart ? 2 : 1;
		fake_net_attach(&options);
		assert_int_equal(net.first.pool_count, 1);
		for (unsigned i = 0; i < 3; i++) {
			fake_net_deliver_header(&plain, NULL, bytes, 1518);
			struct virtio_net_frame *frame = receive_one();
			assert_frame(frame, 1518);
			assert_int_equal(frame->segments, 1);
			release(frame);
		}
		fake_net_detach();
	}
}

/* The sum was of 32 bits and wrapped once the first buffer was too long: the frame seemed short, and was handed up. */
static void test_merged_lengths_past_4_gib_make_no_short_frame(void **state)
{
	static const uint32_t lengths[][2] = {
		{UINT32_C(1) << 31, (UINT32_C(1) << 31) + 100}, /* the first is too long already */
		{300, UINT32_MAX - 239},                        /* only the sum is */
	};
	const struct virtio_net_hdr header = {.num_buffers = {2}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct virtio_net_frame first, second, *frames[2] = {&first, &second};

		open_with(READ, true);
		if (net.features & VIRTIO_F_ACCESS_PLATFORM) { /* it would be copied */
			fake_net_detach();
			return;
		}
		first = fake_net_frame(100);
		second = fake_net_frame(100);
		first.capacity = second.capacity = UINT32_MAX; /* as far as anyone tells */
		assert_int_equal(virtio_net_release(&net, frames, 2), 2);
		memcpy(first.buffer + VIRTIO_NET_HEADROOM - sizeof header, &header, sizeof header);
		fake_device_lie_used(fake_net_receiveq(), 0, lengths[i][0] + sizeof header);
		fake_device_lie_used(fake_net_receiveq(), 1, lengths[i][1]);
		assert_int_equal(virtio_net_receive(&net, frames, 2), 0);
		assert_int_equal(net.first.receive.dropped, 1);
		fake_net_detach();
	}
}

/* NET-30: a first buffer with room left is all of its frame, whatever its header says: that is not even read. */
static void test_only_full_buffers_are_asked_for_more(void **state)
{
	(void)state;
	open_with(VIRTIO_F_VERSION_1, false);
	put_first(2, ROOM - 1);
	fake_device_publish(fake_net_receiveq());
	assert_frame(receive_one(), ROOM - 1);
	put_first(1, ROOM);
	fake_device_publish(fake_net_receiveq());
	assert_frame(receive_one(), ROOM);
	put_first(2, ROOM);
	fake_net_put(bytes + ROOM, 1, 1);
	fake_device_publish(fake_net_receiveq());
	assert_frame(receive_one(), ROOM + 1);
	fake_net_detach();
}

/* HF-03: whether a feature was agreed on does not hang on the code being there. */
static void test_without_merging_the_number_of_buffers_means_nothing(void **state)
{
	static const uint64_t others[] = {0, VIRTIO_NET_F_GUEST_CSUM}; /* the second has the header read */
	struct virtio_net_hdr header = {.num_buffers = {7}};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct virtio_net_options options = {.wanted = MERGE | others[i], .offload = &virtio_net_offload};

		fake_net_start(VIRTIO_F_VERSION_1 | others[i]);
		fake_net_attach(&options);
		assert_false(net.features & MERGE);
		fake_net_deliver_header(&header, NULL, bytes, 1000);
		assert_int_equal(receive_one()->segments, 1);
		fake_net_detach();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_of_all_lengths_arrive_in_small_buffers),
		TEST(test_merged_frames_go_round),
		TEST(test_a_frame_across_two_bursts_arrives_with_the_second),
		TEST(test_the_rest_of_a_frame_may_come_late),
		TEST(test_merged_frames_that_break_the_rules_are_dropped),
		TEST(test_merged_buffers_of_impossible_lengths_do_no_harm),
		TEST(test_detach_hands_back_every_buffer),
		TEST(test_a_frame_that_is_mapped_in_part_is_the_drivers_until_detach),
		TEST(test_detach_keeps_the_drivers_own_buffers),
		TEST(test_one_buffer_takes_a_whole_frame),
		TEST(test_frames_are_released_whole_or_not_at_all),
		TEST(test_merged_lengths_past_4_gib_make_no_short_frame),
		TEST(test_only_full_buffers_are_asked_for_more),
		TEST(test_without_merging_the_number_of_buffers_means_nothing),
	};
	return fake_transport_run_over_rings(tests);
}
