/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_control_pairs.c and net_control.c: several pairs of queues (VIRTIO 5.1.6.5.5). */
#include <string.h>

#include "fake/breaking_ring.h"
#include "fake/cmocka.h"
#include "fake/net_control.h"
#include "fake/platform.h"

#define net fake_net.net
#define got fake_net_control
#define queues fake_net.transport.queues

#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)

static int attach(uint16_t pairs, uint64_t wanted)
{
	const struct virtio_net_options options = {
		.wanted = wanted | VIRTIO_NET_F_CTRL_VQ, .control = &virtio_net_control, .pairs = pairs};

	return virtio_net_attach(&net, &fake_net.transport.device, &options);
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_net_control_start(MODERN | VIRTIO_NET_F_MQ, 4);
	return 0;
}

/* NET-37: queues first, then the command; NET-24: each of them filled; NET-40: the control queue behind them all. */
static void test_attach_asks_for_the_pairs_that_are_wanted(void **state)
{
	(void)state;
	for (uint16_t wanted = 1; wanted <= 6; wanted++) {
		uint16_t pairs = wanted < 4 ? wanted : 4;

		fake_net_control_start(MODERN | VIRTIO_NET_F_MQ, 4);
		assert_int_equal(attach(wanted, VIRTIO_NET_F_MQ), 0);
		assert_int_equal(net.max_pairs, 4);
		assert_int_equal(net.pairs, pairs);
		assert_int_equal(net.active_pairs, pairs);
		assert_int_equal(got.count, pairs > 1);
		assert_int_equal(got.data[0], pairs > 1 ? pairs : 0);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(queues[i].started, i < 2u * pairs);
		assert_true(queues[8].started);
		for (unsigned i = 0; i < pairs; i++) {
			assert_int_equal(fake_device_available(&queues[2 * i].ring), 256);
			assert_int_equal(queues[2 * i].notifications, 1);
		}
		assert_null(virtio_net_pair(&net, pairs));
		fake_net_detach();
	}
}

/* The device may only use the first pair where nobody asked for more. */
static void test_one_pair_is_all_unless_more_are_wanted(void **state)
{
	(void)state;
	assert_int_equal(attach(0, 0), 0);
	assert_false(net.features & VIRTIO_NET_F_MQ);
	assert_int_equal(net.pairs, 1);
	assert_true(queues[2].started); /* the control queue: the features say so, not the configuration */
	assert_false(queues[3].started);
	fake_net_detach();
}

/* HN-11 */
static void test_an_impossible_number_of_pairs_is_not_believed(void **state)
{
	static const uint16_t numbers[] = {0, 0x8000, 0x8001, 0xffff};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		fake_net_control_start(MODERN | VIRTIO_NET_F_MQ, 1);
		fake_net_config16(VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS, numbers[i]);
		assert_int_equal(attach(4, 0), 0);
		assert_false(net.features & VIRTIO_NET_F_MQ);
		assert_true(net.features & VIRTIO_NET_F_CTRL_VQ);
		assert_int_equal(net.pairs, 1);
		fake_net_detach();
	}
}

/* HN-11, HC-09: more pairs than queues. */
static void test_pairs_that_are_not_there_are_done_without(void **state)
{
	(void)state;
	queues[5].size = 0;
	assert_int_equal(attach(4, 0), 0);
	assert_int_equal(net.pairs, 1);
	assert_false(net.features & VIRTIO_NET_F_CTRL_VQ);
	fake_net_detach();
}

static void test_a_device_that_refuses_more_pairs_is_used_with_one(void **state)
{
	struct virtio_net_frame frame, *pointer = &frame;

	(void)state;
	got.ack = 1;
	assert_int_equal(attach(4, 0), 0);
	assert_int_equal(net.pairs, 4);
	assert_int_equal(net.active_pairs, 1);
	assert_true(fake_platform_logged("refuses to use more than one pair"));
	frame = fake_net_frame(100);
	fake_net_fill(&frame, 1, 100);
	assert_int_equal(virtio_net_pair_transmit(virtio_net_pair(&net, 1), &pointer, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_transmit(&net, &pointer, 1), 1);
	fake_net_detach();
}

static void test_a_device_that_never_answers_is_not_attached(void **state)
{
	(void)state;
	fake_platform_on_wait(NULL, NULL);
	assert_int_equal(attach(4, 0), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), 0);
}

/* A frame through the device's queues NUMBER and NUMBER + 1, on PAIR. */
static void pass(struct virtio_net_pair *pair, unsigned number, uint8_t seed)
{
	static struct fake_device_buffer buffer;
	uint8_t bytes[12 + 60] = {0};
	struct virtio_net_frame *frames[2];

	memset(bytes + 12, seed, 60);
	assert_true(fake_device_take(&queues[2 * number].ring, &buffer));
	fake_device_write(&buffer, 0, bytes, sizeof bytes);
	fake_device_return(&queues[2 * number].ring, &buffer, sizeof bytes);
	assert_int_equal(virtio_net_pair_receive(pair, frames, 2), 1);
	assert_int_equal(virtio_net_pair_transmit(pair, frames, 1), 1);
	assert_true(fake_device_take(&queues[2 * number + 1].ring, &buffer));
	fake_device_read(&buffer, 0, bytes, sizeof bytes);
	assert_int_equal(bytes[12 + 59], seed);
	fake_device_return(&queues[2 * number + 1].ring, &buffer, 0);
	assert_int_equal(virtio_net_pair_transmitted(pair, frames, 2), 1);
	assert_int_equal(virtio_net_pair_release(pair, frames, 1), 1);
}

static void test_each_pair_is_its_own(void **state)
{
	(void)state;
	assert_int_equal(attach(4, 0), 0);
	for (unsigned round = 0; round < 300; round++)
		for (unsigned i = 0; i < 4; i++)
			pass(virtio_net_pair(&net, i), i, (uint8_t)(round + i));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(virtio_net_pair(&net, i)->transmit.frames, 300);
	fake_net_detach();
}

/* NET-38, NET-39: pairs that go are closed before the device hears of it, those that come opened after its answer. */
static void test_pairs_go_before_the_command_and_come_after_it(void **state)
{
	struct virtio_net_frame frame, *pointer = &frame;
	struct virtio_net_pair *last;

	(void)state;
	assert_int_equal(attach(4, 0), 0);
	last = virtio_net_pair(&net, 3);
	frame = fake_net_frame(100);
	fake_net_fill(&frame, 1, 100);
	assert_int_equal(virtio_net_set_pairs(&net, 0), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_set_pairs(&net, 5), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_set_pairs(&net, 2), 0);
	assert_int_equal(virtio_net_pair_transmit(last, &pointer, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_command_wait(&net, UINT64_MAX), 0);
	assert_int_equal(net.active_pairs, 2);
	assert_int_equal(virtio_net_set_pairs(&net, 4), 0);
	assert_int_equal(virtio_net_pair_transmit(last, &pointer, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_command_wait(&net, UINT64_MAX), 0);
	assert_int_equal(virtio_net_pair_transmit(last, &pointer, 1), 1);
	got.ack = 1; /* refused: all is as it was */
	assert_int_equal(virtio_net_set_pairs(&net, 1), 0);
	assert_int_equal(virtio_net_command_wait(&net, UINT64_MAX), VIRTIO_ERR_IO);
	assert_int_equal(net.active_pairs, 4);
	fake_net_detach();
}

static unsigned reclaimed;

static void count_reclaimed(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	assert_non_null(frame);
	reclaimed++;
}

/* A frame of one pair's pool that another transmits is still the driver's; the runtime's own come back from all. */
static void test_detach_hands_back_what_all_pairs_held(void **state)
{
	static struct virtio_net_frame frames[4];
	struct virtio_net_frame *pointer;

	(void)state;
	for (unsigned gone = 0; gone < 2; gone++) {
		reclaimed = 0;
		fake_net_control_start(MODERN | VIRTIO_NET_F_MQ, 4);
		assert_int_equal(attach(4, 0), 0);
		fake_net_deliver(1, 60);
		assert_int_equal(virtio_net_receive(&net, &pointer, 1), 1);
		assert_int_equal(virtio_net_pair_transmit(virtio_net_pair(&net, 2), &pointer, 1), 1);
		for (unsigned i = 0; i < 4; i++) {
			frames[i] = fake_net_frame(100);
			fake_net_fill(&frames[i], 1, 100);
			pointer = &frames[i];
			assert_int_equal(virtio_net_pair_transmit(virtio_net_pair(&net, i), &pointer, 1), 1);
		}
		fake_net.transport.gone = gone;
		assert_int_equal(virtio_net_detach(&net, count_reclaimed, NULL), 0);
		assert_int_equal(reclaimed, 4);
		assert_int_equal(fake_platform_live(), 0);
		fake_net_forget();
	}
}

/* NET-33: the device must know an address that we made up. */
static void test_a_made_up_address_is_told_to_the_device(void **state)
{
	const uint64_t features = VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CTRL_RX;

	(void)state;
	fake_net_control_start(MODERN | features, 0);
	fake_net.transport.offered &= ~VIRTIO_NET_F_MAC;
	assert_int_equal(attach(0, features), 0);
	assert_int_equal(got.command_class, VIRTIO_NET_CTRL_MAC);
	assert_memory_equal(got.data, net.mac, 6);
	fake_net_detach();
}

/* NEEDS_RESET, and a frame that is never sent: detach, attach, and on. */
static void test_a_device_that_broke_is_attached_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(attach(4, 0), 0);
		pass(virtio_net_pair(&net, i), i, 7);
		fake_net.transport.needs_reset = true;
		assert_int_equal(virtio_net_poll_config(&net), VIRTIO_ERR_PROTOCOL);
		fake_net_detach();
		assert_int_equal(fake_platform_live(), 0);
	}
}

static unsigned calls_left;

static bool breaks_here(void)
{
	return calls_left > 0 && --calls_left == 0;
}

/* Under its frames, the address that we made up, or the pairs that we want. */
static void test_a_ring_that_breaks_during_attach_leaves_nothing_behind(void **state)
{
	const uint64_t features = VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ;
	unsigned places = 0;

	(void)state;
	do {
		fake_net_control_start(MODERN | features, 2);
		fake_net.transport.offered &= ~VIRTIO_NET_F_MAC;
		fake_breaking_ring_use(&fake_net.transport, breaks_here);
		calls_left = ++places;
		int result = attach(2, features);
		assert_true(result == 0 || (result == VIRTIO_ERR_PROTOCOL && calls_left == 0));
		if (result == 0)
			fake_net_detach();
		assert_int_equal(fake_platform_live(), 0);
	} while (calls_left == 0);
	assert_true(places > 8);
}

/* The pairs that a command takes away at once come back when it cannot be sent. */
static void test_pairs_that_the_device_is_not_told_of_stay(void **state)
{
	(void)state;
	fake_breaking_ring_use(&fake_net.transport, breaks_here);
	calls_left = 0;
	assert_int_equal(attach(4, 0), 0);
	calls_left = 1;
	assert_int_equal(virtio_net_set_pairs(&net, 2), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(net.active_pairs, 4);
	fake_net_detach();
}

/* HC-13 */
static void test_a_number_of_pairs_that_is_not_to_be_read_is_told(void **state)
{
	(void)state;
	fake_transport_set_config_length(&fake_net.transport, VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS);
	assert_int_equal(attach(4, 0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
}

/* NET-37: who only spreads frames by their hash sets the number of pairs with the table; until then there is one. */
static void test_without_the_command_for_pairs_none_is_sent(void **state)
{
	(void)state;
	fake_net_control_start(MODERN | VIRTIO_NET_F_RSS, 4);
	assert_int_equal(attach(4, VIRTIO_NET_F_RSS), 0);
	assert_int_equal(net.pairs, 4);
	assert_int_equal(got.count, 0);
	for (uint16_t i = 1; i < 4; i++) {
		struct virtio_net_frame frame = fake_net_frame(100), *frames = &frame;
		frame.length = 60;
		assert_int_equal(virtio_net_pair_transmit(virtio_net_pair(&net, i), &frames, 1), VIRTIO_ERR_INVALID);
	}
	fake_net_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_asks_for_the_pairs_that_are_wanted),
		TEST(test_one_pair_is_all_unless_more_are_wanted),
		TEST(test_an_impossible_number_of_pairs_is_not_believed),
		TEST(test_pairs_that_are_not_there_are_done_without),
		TEST(test_a_device_that_refuses_more_pairs_is_used_with_one),
		TEST(test_a_device_that_never_answers_is_not_attached),
		TEST(test_each_pair_is_its_own),
		TEST(test_pairs_go_before_the_command_and_come_after_it),
		TEST(test_detach_hands_back_what_all_pairs_held),
		TEST(test_a_made_up_address_is_told_to_the_device),
		TEST(test_a_device_that_broke_is_attached_again),
		TEST(test_a_ring_that_breaks_during_attach_leaves_nothing_behind),
		TEST(test_pairs_that_the_device_is_not_told_of_stay),
		TEST(test_a_number_of_pairs_that_is_not_to_be_read_is_told),
		TEST(test_without_the_command_for_pairs_none_is_sent),
	};
	return fake_transport_run_over_rings(tests);
}
