/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net.c, net_config.c, net_frames.c, net_pair.c: attach, what the device tells of itself, changes,
 * detach. */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define net fake_net.net
#define transport fake_net.transport

#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)
#define FOR_EACH_KIND(kind) \
	for (const struct fake_net_kind *kind = fake_net_kinds; kind < fake_net_kinds + fake_net_kind_count; kind++)

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_net_start(MODERN);
	return 0;
}

/* NET-02, NET-04 */
static void test_attach_tells_address_mtu_and_link(void **state)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x01, 0x02, 0x03};

	(void)state;
	fake_net_attach(NULL);
	assert_memory_equal(net.mac, mac, 6);
	assert_int_equal(net.mtu, 1500);
	assert_true(net.link_up);
	assert_true(fake_platform_logged("MAC 52:54:00:01:02:03, MTU 1500, link up"));
	fake_net_detach();
}

/* NET-13, NET-L1, NET-L2, ERR-13 */
static void test_each_kind_of_device_gets_its_header(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		fake_net_start(kind->features);
		fake_net_attach(NULL);
		assert_int_equal(net.first.header_size, kind->header);
		assert_int_equal(net.first.own_header, kind->apart);
		fake_net_deliver(1, 60);
		fake_net_detach();
	}
}

/* INIT-09, NET-08, NET-10, NET-11, ERR-08: whatever is offered, only what is understood is accepted. */
static void test_unknown_offers_are_left_alone(void **state)
{
	const uint64_t known = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU;

	(void)state;
	fake_net_start(~(VIRTIO_F_RING_PACKED | VIRTIO_F_ACCESS_PLATFORM));
	fake_net_attach(NULL);
	assert_true((transport.accepted & 0xffffff) == known);
	assert_true(transport.accepted >> 50 == 0);
	fake_net_deliver(1, 60);
	fake_net_detach();
}

/* INIT-17, INIT-18: bhyve receives nothing before it was notified, once it is live. */
static void test_receiving_is_announced_once_the_device_is_live(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		fake_net_start(kind->features);
		fake_net_attach(NULL);
		assert_int_equal(transport.queues[0].notifications, 1);
		assert_int_equal(transport.queues[1].notifications, 0);
		fake_net_detach();
	}
}

static void test_the_runtimes_own_frames_are_announced_when_they_come(void **state)
{
	const struct virtio_net_options options = {.own_receive_frames = true};
	struct virtio_net_frame frame, *pointer = &frame;

	(void)state;
	fake_net_attach(&options);
	assert_int_equal(transport.queues[0].notifications, 0);
	assert_int_equal(fake_device_available(fake_net_receiveq()), 0);
	frame = fake_net_frame(1514);
	assert_int_equal(virtio_net_release(&net, &pointer, 1), 1);
	assert_int_equal(transport.queues[0].notifications, 1);
	fake_net_deliver(1, 1514);
	fake_net_detach();
}

/* NET-22 */
static void test_receive_buffers_take_the_longest_frame(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		fake_net_start(kind->features);
		fake_net_attach(NULL);
		assert_int_equal(fake_device_available(fake_net_receiveq()), net.first.pool_count);
		assert_int_equal(net.first.pool_count, kind->apart ? 128 : 256);
		while (fake_device_take(fake_net_receiveq(), &fake_net.buffer))
			assert_true(fake_net.buffer.writable_bytes >= 1526u - 12 + kind->header);
		fake_net_detach();
	}
}

/* NET-03, CFG-03 */
static void assert_made_up(void)
{
	assert_int_equal(net.mac[0] & 3, 2); /* locally administered, one station */
}

static void test_without_an_address_one_is_made_up(void **state)
{
	uint8_t first[6];

	(void)state;
	transport.offered &= ~VIRTIO_NET_F_MAC;
	fake_transport_forbid_config(&transport, VIRTIO_NET_CONFIG_MAC, 6);
	fake_net_attach(NULL);
	assert_made_up();
	memcpy(first, net.mac, sizeof first);
	fake_net_detach();

	fake_net_attach(NULL); /* later */
	assert_made_up();
	assert_memory_not_equal(net.mac, first, sizeof first);
	fake_net_detach();
}

static void test_devices_that_start_together_make_up_different_addresses(void **state)
{
	uint8_t first[6];

	(void)state;
	fake_platform_set_step(0);
	for (uint16_t address = 0; address < 64; address++) {
		fake_net_start(MODERN);
		transport.offered &= ~VIRTIO_NET_F_MAC;
		transport.device.function.address = address;
		fake_net_attach(NULL);
		assert_made_up();
		if (address == 0)
			memcpy(first, net.mac, sizeof first);
		else
			assert_memory_not_equal(net.mac, first, sizeof first);
		fake_net_detach();
	}
}

/* HN-10 */
static void test_an_address_that_no_station_has_is_replaced(void **state)
{
	static const uint8_t senseless[][6] = {{0}, {0x01, 0, 0x5e, 0, 0, 1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		fake_transport_set_config(&transport, VIRTIO_NET_CONFIG_MAC, senseless[i], 6);
		fake_net_attach(NULL);
		assert_made_up();
		assert_true(fake_platform_logged("MAC address is zero or multicast"));
		fake_net_detach();
	}
}

/* NET-04, CFG-03 */
static void test_without_status_the_link_counts_as_up(void **state)
{
	(void)state;
	transport.offered &= ~VIRTIO_NET_F_STATUS;
	fake_transport_forbid_config(&transport, VIRTIO_NET_CONFIG_STATUS, 2);
	fake_net_attach(NULL);
	assert_true(net.link_up);
	assert_int_equal(virtio_net_poll_config(&net), 0);
	fake_net_detach();
}

static void test_without_mtu_the_field_is_not_read(void **state)
{
	(void)state;
	fake_transport_forbid_config(&transport, VIRTIO_NET_CONFIG_MTU, 2);
	fake_net_attach(NULL);
	assert_int_equal(net.mtu, 1500);
	fake_net_detach();
}

/* NET-05, NET-06, NET-07: frames of the MTU pass both ways, longer ones do not. */
static void check_mtu(uint16_t mtu)
{
	struct virtio_net_frame frame = fake_net_frame((uint32_t)mtu + 20), *pointer = &frame;

	assert_int_equal(net.mtu, mtu);
	fake_net_fill(&frame, 3, mtu + 14u);
	assert_int_equal(virtio_net_transmit(&net, &pointer, 1), 1);
	assert_int_equal(fake_net_send(), mtu + 14);
	frame.length++;
	assert_int_equal(virtio_net_transmit(&net, &pointer, 1), VIRTIO_ERR_TOO_LARGE);
	assert_true(fake_device_take(fake_net_receiveq(), &fake_net.buffer));
	assert_true(fake_net.buffer.writable_bytes >= 12 + mtu + 14u);
}

/* NET-06 */
static void test_own_frames_must_take_the_devices_mtu(void **state)
{
	const struct virtio_net_options options = {.own_receive_frames = true};
	struct virtio_net_frame frame, *pointer = &frame;

	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_MTU);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 9000);
	fake_net_attach(&options);
	frame = fake_net_frame(9013);
	assert_int_equal(virtio_net_release(&net, &pointer, 1), VIRTIO_ERR_INVALID);
	frame = fake_net_frame(9014);
	assert_int_equal(virtio_net_release(&net, &pointer, 1), 1);
	fake_net_detach();
}

static void test_the_devices_mtu_counts(void **state)
{
	static const uint16_t mtus[] = {68, 576, 1280, 1500, 9000, 65535};

	(void)state;
	for (unsigned i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
		fake_net_start(MODERN | VIRTIO_NET_F_MTU);
		fake_net_config16(VIRTIO_NET_CONFIG_MTU, mtus[i]);
		fake_net_attach(NULL);
		assert_true(transport.accepted & VIRTIO_NET_F_MTU);
		check_mtu(mtus[i]);
		fake_net_detach();
	}
}

/* HN-10: to accept the feature is to promise to live with the number. */
static void test_a_senseless_mtu_is_not_accepted(void **state)
{
	static const uint16_t mtus[] = {0, 1, 67};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		fake_net_start(MODERN | VIRTIO_NET_F_MTU);
		fake_net_config16(VIRTIO_NET_CONFIG_MTU, mtus[i]);
		fake_net_attach(NULL);
		assert_false(transport.accepted & VIRTIO_NET_F_MTU);
		assert_true(fake_platform_logged("is too small, using 1500"));
		check_mtu(1500);
		fake_net_detach();
	}
}

static void test_a_large_mtu_can_be_refused(void **state)
{
	const struct virtio_net_options options = {.refuse_mtu = true};

	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_MTU);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 9000);
	fake_net_attach(&options);
	assert_false(transport.accepted & VIRTIO_NET_F_MTU);
	check_mtu(1500);
	fake_net_detach();
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 1400);
	fake_net_attach(&options);
	check_mtu(1400);
	fake_net_detach();
}

static void test_changes_of_link_and_mtu_are_told(void **state)
{
	(void)state;
	fake_net_start(MODERN | VIRTIO_NET_F_MTU);
	fake_net_attach(NULL);
	assert_int_equal(virtio_net_poll_config(&net), 0);
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, 0);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_LINK);
	assert_false(net.link_up);
	assert_true(fake_platform_logged("link down"));
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 1300);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_LINK | VIRTIO_NET_CHANGED_MTU);
	assert_true(net.link_up);
	check_mtu(1300);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 9000); /* the frames were made for 1500 */
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_NET_CHANGED_MTU);
	check_mtu(1500);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, 3);
	assert_int_equal(virtio_net_poll_config(&net), 0);
	check_mtu(1500);
	fake_net_detach();
}

static void test_a_device_that_broke_or_has_gone_is_told(void **state)
{
	(void)state;
	fake_net_attach(NULL);
	transport.needs_reset = true;
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_ERR_PROTOCOL);
	transport.needs_reset = false;
	transport.gone = true;
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_ERR_NO_DEVICE);
	fake_net_detach();
}

/* Frames of the test's own: 0 to 3 to receive into, 4 and 5 to transmit. */
static struct virtio_net_frame frames[6];
static unsigned reclaimed[6];

static void count_reclaimed(void *context, struct virtio_net_frame *frame)
{
	assert_ptr_equal(context, reclaimed);
	reclaimed[frame - frames]++;
}

static void hold_frames(void)
{
	const struct virtio_net_options options = {.own_receive_frames = true};
	struct virtio_net_frame *pointers[6];

	memset(reclaimed, 0, sizeof reclaimed);
	fake_net_attach(&options);
	for (unsigned i = 0; i < 6; i++) {
		frames[i] = fake_net_frame(1514);
		frames[i].length = 60;
		pointers[i] = &frames[i];
	}
	assert_int_equal(virtio_net_release(&net, pointers, 4), 4);
	assert_int_equal(virtio_net_transmit(&net, pointers + 4, 2), 2);
	fake_net_deliver(1, 60); /* used, and not received yet */
}

static void assert_reclaimed(unsigned times)
{
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(reclaimed[i], times);
}

static void test_detach_hands_back_what_the_device_held(void **state)
{
	(void)state;
	hold_frames();
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, reclaimed), 0);
	assert_reclaimed(1);
	assert_int_equal(transport.status, 0);
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, reclaimed), 0); /* does nothing */
	assert_reclaimed(1);
}

static void test_the_drivers_own_frames_are_not_handed_out(void **state)
{
	struct virtio_net_frame *pointer = &frames[4], *received;

	(void)state;
	memset(reclaimed, 0, sizeof reclaimed);
	fake_net_attach(NULL);
	frames[4] = fake_net_frame(100);
	frames[4].length = 60;
	assert_int_equal(virtio_net_transmit(&net, &pointer, 1), 1);
	fake_net_deliver(1, 60);
	assert_int_equal(virtio_net_receive(&net, &received, 1), 1);
	assert_int_equal(virtio_net_transmit(&net, &received, 1), 1);
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, reclaimed), 0);
	assert_int_equal(reclaimed[4], 1);
}

static void test_a_device_that_has_gone_gives_everything_back(void **state)
{
	(void)state;
	hold_frames();
	transport.gone = true;
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, reclaimed), 0);
	assert_reclaimed(1);
	fake_net_forget();
}

/* The driver's frames lie where the device sees them; the runtime's are mapped. */
static void test_the_drivers_own_frames_are_not_mapped(void **state)
{
	(void)state;
	struct virtio_net_frame own = fake_net_frame(100), *frame;
	if (!(transport.offered & VIRTIO_F_ACCESS_PLATFORM))
		fake_platform_bounce(true);
	transport.offered |= VIRTIO_F_ACCESS_PLATFORM;
	fake_net_attach(NULL);
	assert_int_equal(fake_platform_mapped(), 0);
	unsigned calls = fake_platform_map_calls();
	fake_net_deliver(5, 200);
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_true(fake_net_made_of(virtio_net_frame_data(frame), 5, 200));
	assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	assert_int_equal(fake_net_send(), 200);
	assert_int_equal(virtio_net_transmitted(&net, &frame, 1), 1);
	assert_int_equal(virtio_net_release(&net, &frame, 1), 1);
	assert_int_equal(fake_platform_map_calls(), calls);
	frame = &own;
	fake_net_fill(&own, 6, 100);
	assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	assert_int_equal(fake_platform_map_calls(), calls + 1);
	assert_int_equal(fake_net_send(), 100);
	assert_true(fake_net_made_of(fake_net.wire, 6, 100));
	assert_int_equal(virtio_net_transmitted(&net, &frame, 1), 1);
	fake_net_detach();
	assert_null(transport.device.own_memory);
}

/* HC-16, RST-04: memory that a stuck device may still write is not given away. */
static void test_a_stuck_device_keeps_what_it_knows(void **state)
{
	struct virtio_net held;
	unsigned live;

	(void)state;
	fake_net_attach(NULL);
	held = net;
	/* But for the records of what is mapped, which the device does not see. */
	live = fake_platform_live() - fake_transport_mappings(&transport);
	transport.never_resets = true;
	uint64_t start = fake_platform_time();
	assert_int_equal(virtio_net_detach(&net, count_reclaimed, reclaimed), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - start < 2 * VIRTIO_RESET_TIMEOUT);
	assert_int_equal(fake_platform_live(), live);
	assert_false(transport.dma);
	/* The test knows better: nobody uses it. */
	fake_platform_forget_mapped();
	fake_net_forget();
	virtqueue_free(&held.first.receive.queue.ring);
	virtqueue_free(&held.first.transmit.queue.ring);
	fake_platform()->dma_free(fake_platform()->context, held.first.pool_buffers,
		(size_t)held.first.pool_count * held.first.pool_frame_size, held.first.pool_address);
	fake_platform()->free(
		fake_platform()->context, held.first.pool, held.first.pool_count * sizeof *held.first.pool);
}

static void test_attach_works_again_after_detach(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct virtio_net_frame *frame;

		fake_net_attach(NULL);
		fake_net_deliver(1, 60);
		assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
		fake_net_detach();
	}
}

static void test_a_link_that_is_down_at_first_is_told(void **state)
{
	(void)state;
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, 0);
	fake_net_attach(NULL);
	assert_false(net.link_up);
	assert_true(fake_platform_logged("link down"));
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_tells_address_mtu_and_link),
		TEST(test_each_kind_of_device_gets_its_header),
		TEST(test_unknown_offers_are_left_alone),
		TEST(test_receiving_is_announced_once_the_device_is_live),
		TEST(test_the_runtimes_own_frames_are_announced_when_they_come),
		TEST(test_receive_buffers_take_the_longest_frame),
		TEST(test_without_an_address_one_is_made_up),
		TEST(test_devices_that_start_together_make_up_different_addresses),
		TEST(test_an_address_that_no_station_has_is_replaced),
		TEST(test_without_status_the_link_counts_as_up),
		TEST(test_without_mtu_the_field_is_not_read),
		TEST(test_own_frames_must_take_the_devices_mtu),
		TEST(test_the_devices_mtu_counts),
		TEST(test_a_senseless_mtu_is_not_accepted),
		TEST(test_a_large_mtu_can_be_refused),
		TEST(test_changes_of_link_and_mtu_are_told),
		TEST(test_a_device_that_broke_or_has_gone_is_told),
		TEST(test_detach_hands_back_what_the_device_held),
		TEST(test_the_drivers_own_frames_are_not_handed_out),
		TEST(test_a_device_that_has_gone_gives_everything_back),
		TEST(test_the_drivers_own_frames_are_not_mapped),
		TEST(test_a_stuck_device_keeps_what_it_knows),
		TEST(test_attach_works_again_after_detach),
		TEST(test_a_link_that_is_down_at_first_is_told),
	};
	return fake_transport_run_over_rings(tests);
}
