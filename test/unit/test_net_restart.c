/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/net_restart.c: whatever happened to the device is noticed, every frame comes back, nothing leaks,
 * and the next one works. */
#include <string.h>
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define net fake_net.net
#define transport fake_net.transport
#define pair (&net.first)

#define COUNT 5
#define PATIENCE UINT64_C(3000000000)

static struct virtio_net_frame frames[COUNT];
static struct virtio_net_watch watch;
static unsigned back;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_platform_set_step(0);
	fake_net_start(VIRTIO_F_VERSION_1);
	fake_net_attach(NULL);
	watch = (struct virtio_net_watch){0};
	back = 0;
	return 0;
}

/* Frames of the runtime's on their way out. */
static void transmit_all(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		struct virtio_net_frame *frame = &frames[i];
		frames[i] = fake_net_frame(100);
		fake_net_fill(frame, (uint8_t)i, 100);
		assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	}
}

static void take_back(void *context, struct virtio_net_frame *frame)
{
	assert_ptr_equal(context, &back);
	assert_true(frame >= frames && frame < frames + COUNT);
	back++;
}

static void restart(void)
{
	assert_int_equal(virtio_net_restart(&net, take_back, &back), 0);
	assert_int_equal(back, COUNT);
	watch = (struct virtio_net_watch){0};
}

static void assert_works(void)
{
	struct virtio_net_frame own = fake_net_frame(60), *frame = &own;
	fake_net_fill(&own, 77, 60);
	assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	assert_int_equal(fake_net_send(), 60);
	assert_int_equal(virtio_net_transmitted(&net, &frame, 1), 1);
	fake_net_deliver(3, 200);
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_true(fake_net_made_of(virtio_net_frame_data(frame), 3, 200));
	fake_net_detach();
	assert_int_equal(fake_platform_live(), 0);
}

/* HN-14: it is alive, and never sends. */
static void test_stuck_transmits_are_noticed_and_come_back(void **state)
{
	(void)state;
	transmit_all();
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	for (unsigned i = 0; i < 3; i++) {
		fake_platform_advance(PATIENCE / 4);
		assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	}
	fake_platform_advance(PATIENCE / 4);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_TIMEOUT);
	restart();
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	assert_works();
}

/* HN-14 */
static void test_a_single_frame_that_is_stuck_is_noticed(void **state)
{
	(void)state;
	struct virtio_net_frame *frame = &frames[0];
	frames[0] = fake_net_frame(100);
	fake_net_fill(frame, 1, 100);
	assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
		fake_platform_advance(PATIENCE / 4);
	}
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(virtio_net_restart(&net, take_back, &back), 0);
	assert_int_equal(back, 1);
	assert_works();
}

/* The machine was suspended: when it goes on, so may the device. */
static void test_a_machine_that_stood_still_does_not_blame_the_device(void **state)
{
	(void)state;
	struct virtio_net_frame *sent[COUNT];
	transmit_all();
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	fake_platform_advance(100 * PATIENCE);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	while (fake_net_send())
		;
	assert_int_equal(virtio_net_transmitted(&net, sent, COUNT), COUNT);
	fake_platform_advance(100 * PATIENCE);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	assert_works();
}

/* One frame in each turn is enough. */
static void test_a_slow_device_is_not_stuck(void **state)
{
	(void)state;
	struct virtio_net_frame *frame;
	transmit_all();
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
		fake_platform_advance(PATIENCE - 1);
		assert_int_equal(fake_net_send(), 100);
		assert_int_equal(virtio_net_transmitted(&net, &frame, 1), 1);
	}
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	assert_works();
}

/* With nothing to send nothing is late; and what is sent after a long pause has all its time. */
static void test_a_device_with_nothing_to_send_is_not_stuck(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
		fake_platform_advance(10 * PATIENCE);
	}
	transmit_all();
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	fake_platform_advance(PATIENCE - 1);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), 0);
	restart();
	assert_works();
}

/* RST-02 */
static void test_a_device_that_asks_for_a_reset_is_restarted(void **state)
{
	(void)state;
	transmit_all();
	transport.needs_reset = true;
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_PROTOCOL);
	restart();
	assert_works();
}

static void test_a_broken_ring_is_restarted(void **state)
{
	(void)state;
	struct virtio_net_frame *frame;
	transmit_all();
	fake_device_break(fake_net_transmitq());
	assert_int_equal(virtio_net_transmitted(&net, &frame, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_PROTOCOL);
	restart();
	assert_works();
}

static void test_a_device_that_has_gone_leaves_nothing_behind(void **state)
{
	(void)state;
	transmit_all();
	transport.gone = true;
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_net_restart(&net, take_back, &back), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(back, COUNT);
	fake_net_forget();
	assert_int_equal(fake_platform_live(), 0);
	assert_int_equal(virtio_net_restart(&net, take_back, &back), VIRTIO_ERR_INVALID);
	transport.gone = false;
	fake_net_attach(NULL);
	assert_works();
}

static void test_a_hundred_restarts_leak_nothing(void **state)
{
	(void)state;
	unsigned live = fake_platform_live();
	for (unsigned i = 0; i < 100; i++) {
		back = 0;
		transmit_all();
		restart();
		assert_int_equal(fake_platform_live(), live);
	}
	assert_works();
}

/* Peers know us by it. */
static void test_an_address_that_was_made_up_stays(void **state)
{
	(void)state;
	uint8_t before[6];
	fake_net_detach();
	fake_transport_set_config(&transport, VIRTIO_NET_CONFIG_MAC, "\0\0\0\0\0\0", 6);
	fake_net_attach(NULL);
	memcpy(before, net.mac, 6);
	fake_platform_advance(12345678);
	assert_int_equal(virtio_net_restart(&net, NULL, NULL), 0);
	assert_memory_equal(net.mac, before, 6);
	assert_true(net.mac_made_up);
	assert_null(net.options.address);
	assert_works();
}

static void test_the_runtimes_address_counts_where_the_device_has_none(void **state)
{
	(void)state;
	static const uint8_t address[6] = {0x52, 1, 2, 3, 4, 5}, group[6] = {1, 1, 2, 3, 4, 5};
	struct virtio_net_options options = {.address = address};
	fake_net_detach();
	fake_net_attach(&options);
	assert_memory_not_equal(net.mac, address, 6);
	fake_net_detach();
	fake_transport_set_config(&transport, VIRTIO_NET_CONFIG_MAC, "\0\0\0\0\0\0", 6);
	fake_net_attach(&options);
	assert_memory_equal(net.mac, address, 6);
	fake_net_detach();
	options.address = group; /* no station has it */
	fake_net_attach(&options);
	assert_memory_not_equal(net.mac, group, 6);
	assert_works();
}

static void test_the_options_stay(void **state)
{
	(void)state;
	const struct virtio_net_options options = {.ring_size = 8, .max_segments = 2};
	fake_net_detach();
	fake_net_attach(&options);
	assert_int_equal(virtio_net_restart(&net, NULL, NULL), 0);
	assert_int_equal(pair->transmit.queue.ring.size, 8);
	assert_int_equal(net.max_segments, 2);
	assert_works();
}

static void test_without_a_clock_nothing_is_watched(void **state)
{
	(void)state;
	uint64_t (*now)(void *context) = fake_platform()->now;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->now = now;
	assert_works();
}

static void test_a_restart_ends_where_the_reset_does_not(void **state)
{
	(void)state;
	transmit_all();
	transport.never_resets = true;
	fake_platform_set_step(1000000);
	assert_int_equal(virtio_net_restart(&net, take_back, &back), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(back, 0);
	assert_null(net.device);
	fake_platform_forget_mapped();
	fake_platform_forget_live();
}

static void test_a_runtime_older_than_the_clock_watches_nothing(void **state)
{
	size_t size = fake_platform()->size;

	(void)state;
	fake_platform()->size = offsetof(struct virtio_platform, now);
	assert_int_equal(virtio_net_watch(pair, &watch, PATIENCE), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->size = size;
	assert_works();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stuck_transmits_are_noticed_and_come_back),
		TEST(test_a_single_frame_that_is_stuck_is_noticed),
		TEST(test_a_machine_that_stood_still_does_not_blame_the_device),
		TEST(test_a_slow_device_is_not_stuck),
		TEST(test_a_device_with_nothing_to_send_is_not_stuck),
		TEST(test_a_device_that_asks_for_a_reset_is_restarted),
		TEST(test_a_broken_ring_is_restarted),
		TEST(test_a_device_that_has_gone_leaves_nothing_behind),
		TEST(test_a_hundred_restarts_leak_nothing),
		TEST(test_an_address_that_was_made_up_stays),
		TEST(test_the_runtimes_address_counts_where_the_device_has_none),
		TEST(test_the_options_stay),
		TEST(test_without_a_clock_nothing_is_watched),
		TEST(test_a_restart_ends_where_the_reset_does_not),
		TEST(test_a_runtime_older_than_the_clock_watches_nothing),
	};
	return fake_transport_run_over_rings(tests);
}
