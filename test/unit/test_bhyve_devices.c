/* SPDX-License-Identifier: ISC */
/* As test_bhyve_rules.c: the rules of bhyve's block, net and entropy devices. */
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/bhyve_rogue.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

static void test_the_first_descriptor_is_the_header_and_nothing_else(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {8, 15, 17, 528};
	for (unsigned i = 0; i < 4; i++) {
		bhyve_rogue_disk();
		bhyve_rogue.parts[0] = fake_platform_buffer(lengths[i]);
		bhyve_rogue_send(1, 2);
		bhyve_rogue_assert_killed("first descriptor");
	}
	bhyve_rogue_disk();
	bhyve_rogue_send(0, 3);
	bhyve_rogue_assert_killed("first descriptor");
}

static void test_the_last_descriptor_is_one_byte_that_the_device_writes(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue.parts[2] = fake_platform_buffer(2);
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("last descriptor");
	bhyve_rogue_disk();
	bhyve_rogue_send(1, 1);
	bhyve_rogue_assert_killed("last descriptor");
	bhyve_rogue_disk();
	bhyve_rogue_send(3, 0);
	bhyve_rogue_assert_killed("last descriptor");
	bhyve_rogue_disk();
	bhyve_rogue_send(1, 0);
	bhyve_rogue_assert_killed("at most seg_max");
}

static void test_a_disk_takes_seg_max_segments(void **state)
{
	(void)state;
	for (uint16_t count = 33; count <= 34; count++) {
		bhyve_rogue_disk();
		for (unsigned i = 1; i <= count; i++)
			bhyve_rogue.parts[i] = fake_platform_buffer(512);
		bhyve_rogue.parts[count + 1] = fake_platform_buffer(1);
		bhyve_rogue_send(1, (uint16_t)(count + 1));
		if (count == 33)
			bhyve_assert_alive();
	}
	bhyve_rogue_assert_killed("at most seg_max");
}

static void test_data_goes_one_way_within_the_disk_in_whole_sectors(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue_send(2, 1);
	bhyve_rogue_assert_killed("wrong direction");
	bhyve_rogue_disk();
	bhyve_rogue_request(VIRTIO_BLK_T_IN, BHYVE_SECTORS);
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("past the end");
	bhyve_rogue_disk();
	bhyve_rogue_request(VIRTIO_BLK_T_OUT, BHYVE_SECTORS);
	bhyve_rogue_send(2, 1);
	bhyve_rogue_assert_killed("past the end");
	bhyve_rogue_disk();
	bhyve_rogue.parts[1] = fake_platform_buffer(511);
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("whole sectors");
	bhyve_rogue_disk();
	bhyve_rogue_request(VIRTIO_BLK_T_FLUSH, 0);
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("flush");
}

/* Status 2, and nothing else happens. */
static void test_unknown_requests_are_answered_with_unsupported(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue_request(99, 0);
	bhyve_rogue_send(1, 2);
	bhyve_assert_alive();
	assert_int_equal(((const uint8_t *)bhyve_rogue.parts[2].data)[0], VIRTIO_BLK_S_UNSUPP);
}

static void test_a_disk_is_not_reset_while_it_works(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue.model->hold = true;
	bhyve_rogue_send(1, 2);
	bhyve_assert_alive();
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 0);
	bhyve_rogue_assert_killed("while the disk works");
}

static void live_transmit(enum bhyve_version version)
{
	bhyve_rogue_start(VIRTIO_ID_NET, version, 0, 1, false);
	for (unsigned i = 0; i < 64; i++)
		bhyve_rogue.parts[i] = fake_platform_buffer(i ? 60 : 10);
}

static void transmit(uint16_t readable, uint16_t writable)
{
	bhyve_rogue_send_to(1, readable, writable);
}

static void test_the_net_header_is_a_descriptor_of_its_own(void **state)
{
	(void)state;
	static const uint32_t lengths[] = {9, 11, 12, 70};
	for (unsigned i = 0; i < 4; i++) {
		live_transmit(BHYVE_OLD);
		bhyve_rogue.parts[0] = fake_platform_buffer(lengths[i]);
		transmit(2, 0);
		bhyve_rogue_assert_killed("descriptor of its own");
	}
	live_transmit(BHYVE_OLD);
	transmit(2, 0);
	bhyve_assert_alive();
	assert_int_equal(bhyve_rogue.model->sent_length, 60);
	live_transmit(BHYVE_OLD);
	transmit(1, 1);
	bhyve_rogue_assert_killed("for the device to write");
}

static void test_a_frame_has_32_segments_at_most(void **state)
{
	(void)state;
	live_transmit(BHYVE_OLD);
	transmit(32, 0);
	bhyve_assert_alive();
	live_transmit(BHYVE_OLD);
	transmit(33, 0);
	bhyve_rogue_assert_killed("more segments");
	live_transmit(BHYVE_NEW);
	transmit(33, 0);
	bhyve_assert_alive();
}

static void test_reception_starts_with_a_notification(void **state)
{
	(void)state;
	uint8_t frame[60] = {0};
	bhyve_rogue_live(VIRTIO_ID_NET, BHYVE_OLD, 0);
	bhyve_rogue.parts[0] = fake_platform_buffer(2000);
	assert_false(bhyve_deliver(bhyve_rogue.model, frame, sizeof frame));
	bhyve_rogue_send(0, 1);
	assert_true(bhyve_deliver(bhyve_rogue.model, frame, sizeof frame));
	assert_false(bhyve_deliver(bhyve_rogue.model, frame, sizeof frame));
	assert_true(bhyve_rogue.model->receiving);
}

static void test_receive_buffers_have_room_for_the_header_and_can_be_written(void **state)
{
	(void)state;
	uint8_t frame[60] = {0};
	static const uint32_t lengths[] = {9, 10, 100};
	for (unsigned i = 0; i < 3; i++) {
		bhyve_rogue_live(VIRTIO_ID_NET, BHYVE_OLD, 0);
		bhyve_rogue.parts[0] = fake_platform_buffer(lengths[i]);
		bhyve_rogue_send(i == 2, i != 2);
		assert_false(bhyve_deliver(bhyve_rogue.model, frame, sizeof frame));
		bhyve_rogue_assert_killed(i == 2 ? "may not write" : "header must fit");
	}
}

static void test_entropy_buffers_are_one_writable_descriptor(void **state)
{
	(void)state;
	bhyve_rogue_live(VIRTIO_ID_ENTROPY, BHYVE_OLD, 0);
	bhyve_rogue.parts[0] = fake_platform_buffer(16);
	bhyve_rogue_send(0, 1);
	bhyve_assert_alive();
	bhyve_rogue_send(1, 0);
	bhyve_rogue_assert_killed("entropy buffer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bhyve_rogue_setup, bhyve_rogue_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_descriptor_is_the_header_and_nothing_else),
		TEST(test_the_last_descriptor_is_one_byte_that_the_device_writes),
		TEST(test_a_disk_takes_seg_max_segments),
		TEST(test_data_goes_one_way_within_the_disk_in_whole_sectors),
		TEST(test_unknown_requests_are_answered_with_unsupported),
		TEST(test_a_disk_is_not_reset_while_it_works),
		TEST(test_the_net_header_is_a_descriptor_of_its_own),
		TEST(test_a_frame_has_32_segments_at_most),
		TEST(test_reception_starts_with_a_notification),
		TEST(test_receive_buffers_have_room_for_the_header_and_can_be_written),
		TEST(test_entropy_buffers_are_one_writable_descriptor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
