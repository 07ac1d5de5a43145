/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_checksum.c: sums against a slow and simple one, and completed frames. */
#include <string.h>

#include "fake/cmocka.h"

#include <virtio/net.h>

/* RFC 1071 as it is written: 16-bit words in network order. */
static uint16_t slow_sum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0u);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Sums compare as numbers of one's complement: 0 and 0xffff are the same. */
static void assert_sum(uint16_t stored, uint16_t wanted)
{
	uint8_t bytes[2];

	memcpy(bytes, &stored, 2);
	assert_int_equal((bytes[0] << 8 | bytes[1]) % 0xffff, wanted % 0xffff);
}

static void fill(uint8_t *bytes, size_t length, uint32_t seed)
{
	for (size_t i = 0; i < length; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
}

static void test_sums_of_all_lengths_and_alignments_are_right(void **state)
{
	static uint8_t bytes[1600];

	(void)state;
	fill(bytes, sizeof bytes, 1);
	for (size_t start = 0; start < 9; start++)
		for (size_t length = 0; length < 1514; length += length < 70 ? 1 : 13)
			assert_sum(virtio_net_checksum(bytes + start, length, 0), slow_sum(bytes + start, length));
}

static void test_sums_carry_round_however_often(void **state)
{
	static uint8_t bytes[65536];

	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	for (size_t length = 0; length < sizeof bytes; length += 977)
		assert_sum(virtio_net_checksum(bytes, length, 0xffff), slow_sum(bytes, length));
}

static void test_sums_go_on_where_they_ended(void **state)
{
	uint8_t bytes[101];

	(void)state;
	fill(bytes, sizeof bytes, 2);
	for (size_t cut = 0; cut < sizeof bytes; cut += 2)
		assert_sum(virtio_net_checksum(bytes + cut, sizeof bytes - cut, virtio_net_checksum(bytes, cut, 0)),
			slow_sum(bytes, sizeof bytes));
}

#define PARTS 4

/* A frame of PARTS segments that end at the CUTS, over BYTES. */
static void make_frame(struct virtio_net_frame *parts, uint8_t *bytes, const uint32_t *cuts)
{
	uint32_t start = 0;

	for (unsigned i = 0; i < PARTS; i++) {
		virtio_net_frame_init(&parts[i], bytes + start, 0, cuts[i] - start);
		parts[i].offset = 0;
		parts[i].length = cuts[i] - start;
		parts[i].next = i + 1 < PARTS ? &parts[i + 1] : NULL;
		start = cuts[i];
	}
	parts[0].segments = PARTS;
	parts[0].flags = VIRTIO_NET_NEEDS_CHECKSUM;
}

/* However the frame is cut: the sum over what the checksum covers, and over the pseudo-header, becomes 0xffff. */
static void test_partial_checksums_are_completed_across_segments(void **state)
{
	(void)state;
	for (uint32_t length = 60; length < 130; length++) {
		for (uint32_t cut = 1; cut < 25; cut++) {
			const uint32_t cuts[PARTS] = {cut, cut + 9, cut + 26, length};
			struct virtio_net_frame parts[PARTS];
			uint8_t bytes[130];
			uint32_t pseudo;

			fill(bytes, sizeof bytes, length * cut);
			make_frame(parts, bytes, cuts);
			parts[0].checksum_start = 20;
			parts[0].checksum_offset = 16;
			if (cuts[0] == 37 || cuts[1] == 37 || cuts[2] == 37)
				continue; /* the place is cut in two: refused, see below */
			pseudo = (uint32_t)(bytes[36] << 8 | bytes[37]);
			assert_int_equal(virtio_net_checksum_complete(&parts[0]), 0);
			assert_int_equal(parts[0].flags, 0);
			assert_int_equal((slow_sum(bytes + 20, length - 20) + pseudo) % 0xffff, 0);
			assert_int_equal(virtio_net_checksum_complete(&parts[0]), 0); /* does nothing */
		}
	}
}

static void test_a_place_outside_or_in_two_pieces_is_refused(void **state)
{
	static const uint32_t cuts[PARTS] = {10, 37, 50, 60};
	struct virtio_net_frame parts[PARTS];
	uint8_t bytes[60], before[60];

	(void)state;
	fill(bytes, sizeof bytes, 5);
	memcpy(before, bytes, sizeof bytes);
	make_frame(parts, bytes, cuts);
	parts[0].checksum_start = 20;
	parts[0].checksum_offset = 16; /* bytes 36 and 37 */
	assert_int_equal(virtio_net_checksum_complete(&parts[0]), VIRTIO_ERR_INVALID);
	parts[0].checksum_offset = 39; /* 59 and 60 */
	assert_int_equal(virtio_net_checksum_complete(&parts[0]), VIRTIO_ERR_INVALID);
	parts[0].checksum_start = 0xffff;
	parts[0].checksum_offset = 0xffff;
	assert_int_equal(virtio_net_checksum_complete(&parts[0]), VIRTIO_ERR_INVALID);
	assert_memory_equal(bytes, before, sizeof bytes);
	assert_int_equal(parts[0].flags, VIRTIO_NET_NEEDS_CHECKSUM);
	parts[0].checksum_start = 20;
	parts[0].checksum_offset = 38;
	assert_int_equal(virtio_net_checksum_complete(&parts[0]), 0);
}

/* In UDP 0 means that there is no checksum. */
static void test_a_checksum_is_never_zero(void **state)
{
	struct virtio_net_frame frame;
	uint8_t bytes[8] = {0xff, 0xff};

	(void)state;
	virtio_net_frame_init(&frame, bytes, 0, sizeof bytes);
	frame.offset = 0;
	frame.length = sizeof bytes;
	frame.flags = VIRTIO_NET_NEEDS_CHECKSUM | VIRTIO_NET_CHECKSUM_VALID;
	frame.checksum_start = 0;
	frame.checksum_offset = 6;
	assert_int_equal(virtio_net_checksum_complete(&frame), 0);
	assert_int_equal(bytes[6] << 8 | bytes[7], 0xffff);
	assert_int_equal(frame.flags, VIRTIO_NET_CHECKSUM_VALID);
}

/* Whoever made it counts wrong: nothing behind the last segment is read. */
static void test_a_chain_that_ends_before_its_count_is_summed_as_far_as_it_goes(void **state)
{
	uint8_t bytes[VIRTIO_NET_HEADROOM + 20] = {0};
	struct virtio_net_frame frame = {.next = NULL};

	(void)state;
	virtio_net_frame_init(&frame, bytes, 0, sizeof bytes);
	frame.offset = VIRTIO_NET_HEADROOM;
	frame.length = 20;
	frame.segments = 2;
	frame.flags = VIRTIO_NET_NEEDS_CHECKSUM;
	frame.checksum_offset = 6;
	assert_int_equal(virtio_net_checksum_complete(&frame), 0);
	frame.flags = VIRTIO_NET_NEEDS_CHECKSUM;
	frame.checksum_offset = 20;
	assert_int_equal(virtio_net_checksum_complete(&frame), VIRTIO_ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_of_all_lengths_and_alignments_are_right),
		cmocka_unit_test(test_sums_carry_round_however_often),
		cmocka_unit_test(test_sums_go_on_where_they_ended),
		cmocka_unit_test(test_partial_checksums_are_completed_across_segments),
		cmocka_unit_test(test_a_place_outside_or_in_two_pieces_is_refused),
		cmocka_unit_test(test_a_checksum_is_never_zero),
		cmocka_unit_test(test_a_chain_that_ends_before_its_count_is_summed_as_far_as_it_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
