/* SPDX-License-Identifier: ISC */
/*
 * The drivers on devices as Google's cloud, Apple's Virtualization framework, VirtualBox, kvmtool, OpenBSD's vmd and
 * QEMU have them: what docs/hypervisors.md says of each, on the fake device.
 */
#include <string.h>
#include <virtio/spec/features.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define GOOGLE_ENTRIES 4096
#define FRAME 200

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	return 0;
}

/* ---- Google ---- */

/* No event indices: what is not wanted is said with flags. No indirect descriptors either. */
static void start_google_net(void)
{
	static const struct virtio_net_options whole_ring = {.ring_size = GOOGLE_ENTRIES};

	fake_net_start(VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < 2; i++)
		fake_net.transport.queues[i].size = GOOGLE_ENTRIES;
	fake_net_attach(&whole_ring);
}

static void test_googles_rings_of_4096_entries_are_used_whole(void **state)
{
	(void)state;
	static struct virtio_net_frame frames[GOOGLE_ENTRIES], *pointers[GOOGLE_ENTRIES], *sent[64];
	start_google_net();
	assert_int_equal(fake_net.transport.queues[1].started_size, GOOGLE_ENTRIES);
	for (unsigned i = 0; i < GOOGLE_ENTRIES; i++) {
		frames[i] = fake_net_frame(64);
		fake_net_fill(&frames[i], (uint8_t)i, 64);
		pointers[i] = &frames[i];
	}
	for (unsigned round = 0; round < 17; round++) { /* past 65536 */
		assert_int_equal(virtio_net_transmit(&fake_net.net, pointers, GOOGLE_ENTRIES), GOOGLE_ENTRIES);
		assert_int_equal(virtio_net_transmit(&fake_net.net, pointers, 1), 0);
		for (unsigned i = 0; i < GOOGLE_ENTRIES; i++) {
			assert_int_equal(fake_net_send(), 64);
			assert_true(fake_net_made_of(fake_net.wire, (uint8_t)i, 64));
		}
		for (unsigned i = 0; i < GOOGLE_ENTRIES; i += 64)
			assert_int_equal(virtio_net_transmitted(&fake_net.net, sent, 64), 64);
	}
	fake_net_detach();
}

/* The frames that the driver makes itself do not grow with the ring: latency and memory would. */
static void test_googles_long_rings_take_a_sane_amount_of_memory(void **state)
{
	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < 2; i++)
		fake_net.transport.queues[i].size = GOOGLE_ENTRIES;
	fake_net_attach(NULL);
	assert_true(fake_net.net.first.pool_count <= 256);
	fake_net_detach();
}

static void test_without_event_idx_googles_devices_are_asked_by_flags(void **state)
{
	(void)state;
	struct virtio_net_frame frame, *pointer = &frame;
	start_google_net();
	assert_false(fake_net.net.features & VIRTIO_F_EVENT_IDX);
	frame = fake_net_frame(64);
	fake_net_fill(&frame, 1, 64);
	fake_device_want_notifications(fake_net_transmitq(), false);
	fake_net.transport.queues[1].notifications = 0;
	assert_int_equal(virtio_net_transmit(&fake_net.net, &pointer, 1), 1);
	assert_int_equal(fake_net.transport.queues[1].notifications, 0);
	assert_int_equal(fake_net_send(), 64);
	assert_int_equal(virtio_net_transmitted(&fake_net.net, &pointer, 1), 1);
	/* Not wanted, wanted, not wanted. */
	fake_net_deliver(1, FRAME);
	assert_int_equal(fake_net_receiveq()->interrupts, 0);
	assert_true(virtio_net_enable_receive_interrupts(&fake_net.net));
	fake_net_deliver(2, FRAME);
	assert_int_equal(fake_net_receiveq()->interrupts, 1);
	virtio_net_disable_receive_interrupts(&fake_net.net);
	fake_net_deliver(3, FRAME);
	assert_int_equal(fake_net_receiveq()->interrupts, 1);
	fake_net_detach();
}

/* ---- Apple ---- */

static void test_apple_insists_on_ring_reset(void **state)
{
	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET);
	fake_net.transport.insists_on = VIRTIO_F_RING_RESET;
	fake_net_attach(NULL);
	assert_true(fake_net.transport.accepted & VIRTIO_F_RING_RESET);
	fake_net_detach();
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_F_RING_RESET);
	fake_blk.transport.insists_on = VIRTIO_F_RING_RESET;
	fake_blk_attach(NULL);
	fake_blk_detach();
}

/* ---- VirtualBox ---- */

/* A legacy device, without ANY_LAYOUT: fake/net.h fails the test where the header is not alone, either way. */
static void test_virtualbox_gets_the_header_in_a_descriptor_of_its_own(void **state)
{
	(void)state;
	struct virtio_net_frame frame, *pointer = &frame;
	fake_net_start(0);
	fake_net_attach(NULL);
	assert_true(fake_net.net.first.own_header);
	frame = fake_net_frame(FRAME);
	fake_net_fill(&frame, 7, FRAME);
	assert_int_equal(virtio_net_transmit(&fake_net.net, &pointer, 1), 1);
	assert_int_equal(fake_net_send(), FRAME);
	assert_int_equal(fake_net.buffer.count, 2);
	assert_int_equal(fake_net.buffer.elements[0].length, 10);
	assert_int_equal(virtio_net_transmitted(&fake_net.net, &pointer, 1), 1);
	fake_net_deliver(8, FRAME);
	assert_int_equal(fake_net.buffer.count, 2);
	assert_int_equal(virtio_net_receive(&fake_net.net, &pointer, 1), 1);
	assert_int_equal(pointer->length, FRAME);
	fake_net_detach();
}

/* ---- kvmtool ---- */

/* The status byte is left out of the length. */
static void test_kvmtool_counts_the_data_alone(void **state)
{
	(void)state;
	struct virtio_segment segment;
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	struct virtio_blk_request read = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	assert_int_equal(fake_blk_submit(&read), 1);
	assert_int_equal(fake_disk_take(&fake_blk.disk), 1);
	memset(segment.data, 0x5a, 512);
	fake_disk_claim(&fake_blk.disk, 0, VIRTIO_BLK_S_OK, 512);
	assert_int_equal(fake_blk_completed(&read), 0);
	fake_blk_detach();
}

/* ---- OpenBSD's vmd ---- */

/* Legacy devices with next to no features. */
static void test_vmds_plain_legacy_devices_are_driven(void **state)
{
	(void)state;
	struct virtio_segment segment;
	fake_blk_start(0);
	fake_blk_attach(NULL);
	assert_int_equal(fake_blk.blk.max_segments, 1);
	assert_false(fake_blk.blk.flush);
	struct virtio_blk_request read = fake_blk_request(VIRTIO_BLK_READ, 5, &segment, 512);
	assert_int_equal(fake_blk_execute(&read), 0);
	assert_memory_equal(segment.data, fake_blk.disk.medium[5], 512);
	fake_blk_detach();
}

/* ---- QEMU ---- */

/* A flush that was not agreed on would put its disk in write-through mode. */
static void test_qemus_disk_sees_no_flush_that_was_not_agreed_on(void **state)
{
	(void)state;
	struct virtio_blk_request flush = {.type = VIRTIO_BLK_FLUSH};
	fake_blk_start(FAKE_BLK_FEATURES & ~VIRTIO_BLK_F_FLUSH);
	fake_blk_attach(NULL);
	assert_int_equal(fake_blk_submit(&flush), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_disk_take(&fake_blk.disk), 0);
	fake_blk_detach();
}

/* A buffer of no bytes marks its device broken. */
static void test_qemus_devices_see_no_empty_buffer(void **state)
{
	(void)state;
	struct virtio_segment segment = fake_platform_buffer(512);
	struct virtio_net_frame frame, *pointer = &frame;
	segment.length = 0;
	struct virtio_blk_request read = {.type = VIRTIO_BLK_READ, .segments = &segment, .segment_count = 1};
	fake_blk_start(FAKE_BLK_FEATURES);
	fake_blk_attach(NULL);
	assert_int_equal(fake_blk_submit(&read), VIRTIO_ERR_INVALID);
	fake_blk_detach();
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_attach(NULL);
	frame = fake_net_frame(64);
	assert_int_equal(virtio_net_transmit(&fake_net.net, &pointer, 1), VIRTIO_ERR_INVALID);
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_googles_rings_of_4096_entries_are_used_whole),
		TEST(test_googles_long_rings_take_a_sane_amount_of_memory),
		TEST(test_without_event_idx_googles_devices_are_asked_by_flags),
		TEST(test_apple_insists_on_ring_reset),
		TEST(test_virtualbox_gets_the_header_in_a_descriptor_of_its_own),
		TEST(test_kvmtool_counts_the_data_alone),
		TEST(test_vmds_plain_legacy_devices_are_driven),
		TEST(test_qemus_disk_sees_no_flush_that_was_not_agreed_on),
		TEST(test_qemus_devices_see_no_empty_buffer),
	};
	/* Not over each ring: these devices have what they have. */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
