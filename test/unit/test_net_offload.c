/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_offload.c: checksums and large frames, both ways (VIRTIO 5.1.6.2, 5.1.6.4.2). */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/net_user.h"
#include "fake/platform.h"

#define net fake_net.net
#define GUEST_TSO (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)
#define GUEST_ALL (VIRTIO_NET_F_GUEST_CSUM | GUEST_TSO | VIRTIO_NET_F_GUEST_ECN | VIRTIO_NET_F_GUEST_USO4)
#define HOST_TSO (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)
#define HOST_ALL (VIRTIO_NET_F_CSUM | HOST_TSO | VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_HOST_USO)
#define START 34 /* where TCP begins behind Ethernet and IPv4 */

static uint8_t bytes[FAKE_NET_LONGEST];

/* A device that offers OFFERED besides VERSION_1, with a runtime that wants everything. */
static void open_with(uint64_t offered)
{
	const struct virtio_net_options options = {.wanted = VIRTIO_NET_F_MRG_RXBUF | GUEST_ALL | HOST_ALL,
		.offload = &virtio_net_offload,
		.max_segments = 31};

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	bytes[START + 12] = 0x80; /* a TCP header of 32 bytes */
	fake_net_start(VIRTIO_F_VERSION_1 | offered);
	fake_net_attach(&options);
	assert_true((net.features & (GUEST_ALL | HOST_ALL)) == (offered & (GUEST_ALL | HOST_ALL)));
}

static struct virtio_net_hdr tcp_header(uint8_t gso_type)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM | 0xf8, /* and bits that nobody knows: NET-25 */
		.gso_type = gso_type,
		.csum_start = le16_from(START),
		.csum_offset = le16_from(16),
		.gso_size = le16_from(gso_type ? 1448 : 0),
		.hdr_len = le16_from(0xffff), /* a hint, and a wrong one: NET-27 */
	};
}

/* Deliver a frame; returns it, or NULL where it was dropped. */
static struct virtio_net_frame *deliver(const struct virtio_net_hdr *header, uint32_t length)
{
	struct virtio_net_frame *frames[2];
	uint64_t dropped = net.first.receive.dropped;

	fake_net_deliver_header(header, NULL, bytes, length);
	int got = virtio_net_receive(&net, frames, 2);
	assert_in_range(got, 0, 1);
	assert_int_equal(net.first.receive.dropped, dropped + (got == 0));
	return got ? frames[0] : NULL;
}

/* Whether a frame with HEADER is dropped; one that is not is given back. */
static bool dropped(struct virtio_net_hdr header, uint32_t length)
{
	struct virtio_net_frame *frame = deliver(&header, length);

	if (frame)
		release(frame);
	return !frame;
}

/* NET-26, NET-28 */
static void test_received_checksums_are_partial_checked_or_unknown(void **state)
{
	struct virtio_net_hdr header = tcp_header(0);
	struct virtio_net_frame *frame;

	(void)state;
	open_with(VIRTIO_NET_F_GUEST_CSUM);
	frame = deliver(&header, 100);
	assert_int_equal(frame->flags, VIRTIO_NET_NEEDS_CHECKSUM);
	assert_int_equal(frame->checksum_start, START);
	assert_int_equal(frame->checksum_offset, 16);
	assert_int_equal(frame->gso_type, VIRTIO_NET_GSO_NONE);
	release(frame);
	header.flags = VIRTIO_NET_HDR_F_DATA_VALID | 0xf8;
	frame = deliver(&header, 100);
	assert_int_equal(frame->flags, VIRTIO_NET_CHECKSUM_VALID);
	release(frame);
	header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_RSC_INFO;
	header.csum_start = header.csum_offset = le16_from(0xffff);
	frame = deliver(&header, 100);
	assert_int_equal(frame->flags, 0);
	release(frame);
	header.flags = 0;
	frame = deliver(&header, 100);
	assert_int_equal(frame->flags, 0);
	fake_net_detach();
}

/* HN-06 */
static void test_received_checksums_outside_of_the_frame_are_dropped(void **state)
{
	struct virtio_net_hdr header = tcp_header(0);

	(void)state;
	open_with(VIRTIO_NET_F_GUEST_CSUM);
	assert_false(dropped(header, START + 18));
	assert_true(dropped(header, START + 17));
	header.csum_start = le16_from(0xffff);
	header.csum_offset = le16_from(0xffff);
	assert_true(dropped(header, 1500));
	fake_net_detach();
}

/* HN-07: what was not agreed on means nothing. */
static void test_without_guest_csum_flags_mean_nothing(void **state)
{
	const struct virtio_net_options options = {
		.wanted = VIRTIO_NET_F_MRG_RXBUF, .offload = &virtio_net_offload, .receive_buffer = 512};
	static const uint32_t lengths[] = {100, 512 - VIRTIO_NET_HEADROOM}; /* full: its header is looked at */
	struct virtio_net_hdr header = tcp_header(VIRTIO_NET_HDR_GSO_TCPV4);

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MRG_RXBUF);
	fake_net_attach(&options);
	header.flags = 0xff;
	header.csum_start = le16_from(0xffff);
	for (unsigned i = 0; i < 2; i++) {
		struct virtio_net_frame *frame = deliver(&header, lengths[i]);
		assert_int_equal(frame->flags, 0);
		assert_int_equal(frame->gso_type, VIRTIO_NET_GSO_NONE);
	}
	fake_net_detach();
}

/* NET-22, with and without merging. */
static void test_large_frames_arrive(void **state)
{
	static const uint32_t lengths[] = {1519, 9000, 40000, 65549};

	(void)state;
	for (unsigned merge = 0; merge < 2; merge++) {
		open_with(GUEST_ALL | (merge ? VIRTIO_NET_F_MRG_RXBUF : 0));
		assert_int_equal(net.first.pool_frame_size >= 65589 + VIRTIO_NET_HEADROOM, !merge);
		for (unsigned i = 0; i < 4; i++) {
			struct virtio_net_hdr header = tcp_header(VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN);
			struct virtio_net_frame *frame = deliver(&header, lengths[i]), *part = frame;
			uint32_t done = 0;

			assert_int_equal(frame->gso_type, VIRTIO_NET_GSO_TCPV4 | VIRTIO_NET_GSO_ECN);
			assert_int_equal(frame->gso_size, 1448);
			assert_int_equal(frame->header_length, START + 32);
			assert_int_equal(frame->segments > 1, merge && lengths[i] > 2016);
			for (unsigned k = 0; k < frame->segments; k++, done += part->length, part = part->next)
				assert_memory_equal(virtio_net_frame_data(part), bytes + done, part->length);
			assert_int_equal(done, lengths[i]);
			release(frame);
			header.flags = 0; /* no checksum to fill in, so no telling where the headers end */
			assert_int_equal((frame = deliver(&header, lengths[i]))->header_length, 0);
			release(frame);
		}
		fake_net_detach();
	}
}

/* HN-08, HN-09, NET-29 */
static void test_large_frames_that_make_no_sense_are_dropped(void **state)
{
	const struct virtio_net_hdr good = tcp_header(VIRTIO_NET_HDR_GSO_TCPV4);
	struct virtio_net_hdr bad = good;

	(void)state;
	open_with(GUEST_ALL | VIRTIO_NET_F_MRG_RXBUF);
	assert_false(dropped(good, 5000));
	bad.gso_size = le16_from(0);
	assert_true(dropped(bad, 5000));
	assert_true(dropped(tcp_header(0), 1519));
	for (unsigned type = 1; type < 256; type++) {
		bool right = type == 1 || type == 4 || type == 5 || type == 0x81 || type == 0x84;

		bad = good;
		bad.gso_type = (uint8_t)type;
		assert_int_equal(dropped(bad, 5000), !right);
	}
	bytes[START + 12] = 0x40; /* a TCP header of 16 bytes */
	assert_true(dropped(good, 5000));
	bytes[START + 12] = 0xf0; /* one of 60 bytes, in a frame that ends before */
	assert_true(dropped(good, START + 59));
	assert_false(dropped(good, START + 60));
	bad = good;
	bad.csum_start = le16_from(4990); /* no room for a header, but for the checksum */
	bad.csum_offset = le16_from(6);
	assert_true(dropped(bad, 5000));
	fake_net_detach();
}

/* Only what was agreed on: a device with TSO for IPv4 and no ECN. */
static void test_large_frames_of_other_kinds_are_dropped(void **state)
{
	(void)state;
	open_with(VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4);
	assert_false(dropped(tcp_header(VIRTIO_NET_HDR_GSO_TCPV4), 5000));
	assert_true(dropped(tcp_header(VIRTIO_NET_HDR_GSO_TCPV4), 65554)); /* too long, and its buffer has room */
	assert_true(dropped(tcp_header(VIRTIO_NET_HDR_GSO_TCPV6), 5000));
	assert_true(dropped(tcp_header(VIRTIO_NET_HDR_GSO_UDP_L4), 5000));
	assert_true(dropped(tcp_header(VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN), 5000));
	fake_net_detach();
}

/* NET-12, NET-13: a header of 20 bytes, both ways. */
static void test_hashes_are_told(void **state)
{
	const struct virtio_net_options options = {
		.wanted = VIRTIO_NET_F_GUEST_CSUM, .offload = &virtio_net_offload, .own_receive_frames = true};
	const struct virtio_net_hdr_hash hash = {.hash_value = le32_from(0x12345678), .hash_report = le16_from(2)};
	struct virtio_net_hdr header = tcp_header(0);
	struct virtio_net_frame frame, *pointer = &frame;

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_GUEST_CSUM);
	fake_net_attach(&options);
	/* The control queue, without which nobody agrees on a hash, is not this file's matter. */
	fake_net.transport.accepted |= VIRTIO_NET_F_HASH_REPORT;
	net.features |= VIRTIO_NET_F_HASH_REPORT;
	net.first.header_size = 20;
	frame = fake_net_frame(1514);
	assert_int_equal(virtio_net_release(&net, &pointer, 1), 1);
	fake_net_deliver_header(&header, &hash, bytes, 100);
	assert_int_equal(virtio_net_receive(&net, &pointer, 1), 1);
	assert_int_equal(frame.length, 100);
	assert_memory_equal(virtio_net_frame_data(&frame), bytes, 100);
	assert_int_equal(frame.hash, 0x12345678);
	assert_int_equal(frame.hash_report, 2);
	frame.flags = 0;
	assert_int_equal(virtio_net_transmit(&net, &pointer, 1), 1);
	assert_int_equal(fake_net_send(), 100);
	fake_net_detach();
}

/* ---- transmit ---- */

static struct virtio_net_frame tcp_frame(uint8_t gso_type, uint32_t length)
{
	struct virtio_net_frame frame = fake_net_frame(length);

	memcpy(virtio_net_frame_data(&frame), bytes, length);
	frame.length = length;
	frame.flags = VIRTIO_NET_NEEDS_CHECKSUM | VIRTIO_NET_CHECKSUM_VALID;
	frame.checksum_start = START;
	frame.checksum_offset = 16;
	frame.gso_type = gso_type;
	frame.gso_size = gso_type ? 1448 : 0;
	frame.header_length = gso_type ? START + 32 : 0;
	return frame;
}

/* NET-14, NET-18, NET-19, NET-20, NET-21: the fake device checks what it gets. */
static void test_frames_ask_for_checksums_and_cutting(void **state)
{
	static const uint8_t types[] = {0, 1, 4, 5, 0x81, 0x84};

	(void)state;
	open_with(HOST_ALL);
	for (unsigned i = 0; i < sizeof types; i++) {
		uint32_t length = types[i] ? 65549 : 1000;
		struct virtio_net_frame frame = tcp_frame(types[i], length);

		assert_int_equal(transmit(&frame), 1);
		assert_int_equal(fake_net_send(), length);
		assert_memory_equal(fake_net.wire, bytes, length);
		assert_int_equal(fake_net.sent.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		assert_int_equal(fake_net.sent.gso_type, types[i]);
		assert_int_equal(le16_to(fake_net.sent.csum_start), START);
		assert_int_equal(le16_to(fake_net.sent.csum_offset), 16);
		assert_int_equal(le16_to(fake_net.sent.gso_size), types[i] ? 1448 : 0);
		assert_int_equal(le16_to(fake_net.sent.hdr_len), types[i] ? START + 32 : 0);
	}
	fake_net_detach();
}

/* NET-16, NET-17: each kind needs its feature. */
static void test_what_the_device_cannot_cut_is_refused(void **state)
{
	static const struct {
		uint8_t type;
		uint64_t feature;
	} cases[] = {
		{VIRTIO_NET_GSO_TCPV4, VIRTIO_NET_F_HOST_TSO4},
		{VIRTIO_NET_GSO_TCPV6, VIRTIO_NET_F_HOST_TSO6},
		{VIRTIO_NET_GSO_UDP, VIRTIO_NET_F_HOST_USO},
		{VIRTIO_NET_GSO_TCPV4 | VIRTIO_NET_GSO_ECN, VIRTIO_NET_F_HOST_ECN},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct virtio_net_frame frame;

		open_with(HOST_ALL & ~cases[i].feature);
		frame = tcp_frame(cases[i].type, 5000);
		assert_int_equal(transmit(&frame), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(fake_net_send(), 0);
		fake_net_detach();
	}
}

static void spoil(struct virtio_net_frame *frame, unsigned how)
{
	switch (how) {
	case 0:
		frame->gso_size = 0;
		break;
	case 1:
		frame->header_length = (uint16_t)(frame->length + 1);
		break;
	case 2:
		frame->header_length = START;
		break;
	case 3:
		frame->flags = 0;
		break;
	case 4:
		frame->gso_type = 2;
		break;
	case 5:
		frame->checksum_offset = (uint16_t)(frame->length - START - 1);
		break;
	case 6:
		frame->gso_type = VIRTIO_NET_GSO_ECN;
		break;
	case 7:
		frame->gso_type = VIRTIO_NET_GSO_UDP | VIRTIO_NET_GSO_ECN;
		break;
	}
}

static void test_fields_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	for (unsigned how = 0; how < 8; how++) {
		struct virtio_net_frame good, bad, *frames[2] = {&good, &bad};

		open_with(HOST_ALL);
		good = tcp_frame(VIRTIO_NET_GSO_TCPV4, 5000);
		bad = tcp_frame(VIRTIO_NET_GSO_TCPV4, 5000);
		spoil(&bad, how);
		assert_int_equal(virtio_net_transmit(&net, frames, 2), 1);
		assert_true(transmit(&bad) == VIRTIO_ERR_INVALID || (how == 7 && transmit(&bad) < 0));
		assert_int_equal(fake_net_send(), 5000);
		assert_int_equal(fake_net_send(), 0);
		fake_net_detach();
	}
}

/* NET-07: only what the device cuts may be longer. */
static void test_long_frames_are_refused_unless_they_are_cut(void **state)
{
	struct virtio_net_frame frame;

	(void)state;
	open_with(HOST_ALL);
	frame = tcp_frame(VIRTIO_NET_GSO_NONE, FAKE_NET_MTU + 15);
	assert_int_equal(transmit(&frame), VIRTIO_ERR_TOO_LARGE);
	frame = tcp_frame(VIRTIO_NET_GSO_TCPV4, VIRTIO_NET_LONGEST + 1);
	assert_int_equal(transmit(&frame), VIRTIO_ERR_TOO_LARGE);
	fake_net_detach();
}

/* NET-15: without CSUM the flags stay 0, and the checksum is whole. */
static void test_checksums_are_completed_where_the_device_does_not(void **state)
{
	struct virtio_net_frame frame;
	uint16_t pseudo;

	(void)state;
	open_with(0);
	frame = tcp_frame(VIRTIO_NET_GSO_NONE, 999);
	assert_int_equal(transmit(&frame), 1);
	assert_int_equal(fake_net_send(), 999);
	assert_int_equal(fake_net.sent.flags, 0);
	memcpy(&pseudo, bytes + START + 16, sizeof pseudo);
	assert_int_equal(virtio_net_checksum(fake_net.wire + START, 999 - START, pseudo), 0xffff);
	fake_net_detach();
}

/* Without the code for offloads such frames are refused, not sent as something else. */
static void test_plain_transmission_refuses_what_it_does_not_know(void **state)
{
	struct virtio_net_frame frame;

	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1 | HOST_ALL);
	fake_net_attach(NULL);
	frame = tcp_frame(VIRTIO_NET_GSO_NONE, 100);
	assert_int_equal(transmit(&frame), VIRTIO_ERR_UNSUPPORTED);
	frame.flags = VIRTIO_NET_CHECKSUM_VALID;
	assert_int_equal(transmit(&frame), 1);
	assert_int_equal(fake_net_send(), 100);
	frame.gso_type = VIRTIO_NET_GSO_TCPV4;
	assert_int_equal(transmit(&frame), VIRTIO_ERR_UNSUPPORTED);
	fake_net_detach();
}

/* More segments than are described at a time, and headers that differ. */
static void test_bursts_of_large_frames_are_sent_whole(void **state)
{
	static struct virtio_net_frame parts[8][31];
	struct virtio_net_frame *frames[8];

	(void)state;
	open_with(HOST_ALL);
	for (unsigned f = 0; f < 8; f++) {
		for (unsigned i = 0; i < 31; i++) {
			parts[f][i] = tcp_frame(VIRTIO_NET_GSO_NONE, 100 + f);
			parts[f][i].next = &parts[f][i + 1 < 31 ? i + 1 : i];
		}
		parts[f][0].segments = (uint16_t)(31 - 3 * f);
		parts[f][0].gso_type = f % 2 ? VIRTIO_NET_GSO_TCPV6 : VIRTIO_NET_GSO_TCPV4;
		parts[f][0].gso_size = (uint16_t)(1000 + f);
		parts[f][0].header_length = START + 20;
		frames[f] = parts[f];
	}
	assert_int_equal(virtio_net_transmit(&net, frames, 8), 8);
	for (unsigned f = 0; f < 8; f++) {
		assert_int_equal(fake_net_send(), (31 - 3 * f) * (100 + f));
		assert_int_equal(le16_to(fake_net.sent.gso_size), 1000 + f);
	}
	assert_int_equal(virtio_net_transmitted(&net, frames, 8), 8);
	fake_net_detach();
}

/* However many come at once: the call after that tells. */
static void test_frames_that_came_before_the_ring_broke_arrive(void **state)
{
	static const struct virtio_net_hdr plain;
	struct virtio_net_frame *frames[128];

	(void)state;
	open_with(VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM);
	for (unsigned i = 0; i < 64; i++)
		fake_net_deliver_header(&plain, NULL, bytes, 60);
	fake_device_lie_used(fake_net_receiveq(), 999, 72);
	assert_int_equal(virtio_net_receive(&net, frames, 128), 64);
	assert_int_equal(virtio_net_receive(&net, frames, 128), VIRTIO_ERR_PROTOCOL);
	fake_net_detach();
}

/* A field of 16 bits could not tell how long they are. */
static void test_headers_that_end_past_64_kib_are_dropped(void **state)
{
	struct virtio_net_hdr header = tcp_header(VIRTIO_NET_HDR_GSO_TCPV4);

	(void)state;
	open_with(VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4);
	bytes[65530 + 12] = 0x50;
	header.csum_start = le16_from(65530);
	assert_true(dropped(header, 65553));
	fake_net_detach();
}

static void test_a_checksum_in_two_pieces_cannot_be_completed(void **state)
{
	struct virtio_net_frame first, second;

	(void)state;
	open_with(0);
	first = fake_net_frame(START + 17);
	second = fake_net_frame(100);
	fake_net_fill(&first, 1, START + 17);
	fake_net_fill(&second, 2, 100);
	first.flags = VIRTIO_NET_NEEDS_CHECKSUM;
	first.checksum_start = START;
	first.checksum_offset = 16;
	first.segments = 2;
	first.next = &second;
	assert_int_equal(transmit(&first), VIRTIO_ERR_INVALID);
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_received_checksums_are_partial_checked_or_unknown),
		TEST(test_received_checksums_outside_of_the_frame_are_dropped),
		TEST(test_without_guest_csum_flags_mean_nothing),
		TEST(test_large_frames_arrive),
		TEST(test_large_frames_that_make_no_sense_are_dropped),
		TEST(test_large_frames_of_other_kinds_are_dropped),
		TEST(test_hashes_are_told),
		TEST(test_frames_ask_for_checksums_and_cutting),
		TEST(test_what_the_device_cannot_cut_is_refused),
		TEST(test_fields_that_make_no_sense_are_refused),
		TEST(test_long_frames_are_refused_unless_they_are_cut),
		TEST(test_checksums_are_completed_where_the_device_does_not),
		TEST(test_plain_transmission_refuses_what_it_does_not_know),
		TEST(test_bursts_of_large_frames_are_sent_whole),
		TEST(test_frames_that_came_before_the_ring_broke_arrive),
		TEST(test_headers_that_end_past_64_kib_are_dropped),
		TEST(test_a_checksum_in_two_pieces_cannot_be_completed),
	};
	return fake_transport_run_over_rings(tests);
}
