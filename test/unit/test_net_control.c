/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net_control.c: one command at a time, whatever becomes of it (VIRTIO 5.1.6.5). */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/net_control.h"
#include "fake/platform.h"

#define net fake_net.net
#define got fake_net_control

#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)
#define CONTROL                                                                                              \
	(VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA | \
		VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)
#define FOR_EACH_KIND(kind) \
	for (const struct fake_net_kind *kind = fake_net_kinds; kind < fake_net_kinds + fake_net_kind_count; kind++)

static const struct virtio_net_options options = {.wanted = CONTROL, .control = &virtio_net_control};

static void open_with(uint64_t features)
{
	fake_net_control_start(features, 0);
	fake_net_attach(&options);
}

static uint64_t soon(void)
{
	return fake_platform_time() + 1000000;
}

/* NET-41, NET-L3, NET-L4: over every kind of device, in the same layout. */
static void test_a_command_is_taken_and_answered(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		open_with(kind->features | CONTROL);
		assert_int_equal(virtio_net_command_poll(&net), VIRTIO_ERR_INVALID);
		assert_int_equal(virtio_net_set_vlan(&net, 0x123, true), 0);
		assert_int_equal(virtio_net_command_poll(&net), 0);
		assert_true(fake_net_control_serve());
		assert_int_equal(got.command_class, VIRTIO_NET_CTRL_VLAN);
		assert_int_equal(got.data[0] | got.data[1] << 8, 0x123);
		assert_int_equal(virtio_net_command_poll(&net), 1);
		assert_int_equal(virtio_net_command_poll(&net), VIRTIO_ERR_INVALID);
		got.said = 0; /* nothing, and the ack is there */
		assert_int_equal(virtio_net_set_vlan(&net, 0x123, false), 0);
		assert_true(fake_net_control_serve());
		assert_int_equal(virtio_net_command_poll(&net), 1);
		fake_net_detach();
	}
}

/* They lie in memory that the device sees: there is nothing to map, or to copy. */
static void test_commands_need_no_mapping(void **state)
{
	(void)state;
	fake_platform_bounce(true);
	open_with(MODERN | CONTROL | VIRTIO_F_ACCESS_PLATFORM);
	unsigned calls = fake_platform_map_calls();
	assert_int_equal(virtio_net_set_vlan(&net, 5, true), 0);
	assert_true(fake_net_control_serve());
	assert_int_equal(got.data[0], 5);
	assert_int_equal(virtio_net_command_poll(&net), 1);
	assert_int_equal(fake_platform_map_calls(), calls);
	fake_net_detach();
}

static void test_commands_follow_each_other_past_the_end_of_the_ring(void **state)
{
	(void)state;
	open_with(MODERN | CONTROL);
	for (uint16_t i = 0; i < 1000; i++) {
		assert_int_equal(virtio_net_set_vlan(&net, i, i & 1), 0);
		assert_int_equal(virtio_net_command_wait(&net, soon()), 0);
		assert_int_equal(got.data[0] | got.data[1] << 8, i);
		assert_int_equal(got.command, i & 1 ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL);
	}
	assert_int_equal(got.count, 1000);
	fake_net_detach();
}

/* NET-41: anything but OK is a refusal, also silence. */
static void test_refusals_are_told(void **state)
{
	static const uint8_t acks[] = {1, 2, 0xff};

	(void)state;
	open_with(MODERN | CONTROL);
	for (unsigned i = 0; i < 4; i++) {
		got.ack = i < 3 ? acks[i] : 0;
		got.silent = i == 3;
		assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
		assert_int_equal(virtio_net_command_wait(&net, soon()), VIRTIO_ERR_IO);
	}
	got.silent = false;
	assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
	assert_int_equal(virtio_net_command_wait(&net, soon()), 0);
	fake_net_detach();
}

/* HN-12, HR-09: a late answer is the old command's; until it comes there is no other. */
static void test_a_command_without_an_answer_stays_the_devices(void **state)
{
	(void)state;
	open_with(MODERN | CONTROL);
	fake_platform_on_wait(NULL, NULL);
	assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
	assert_int_equal(virtio_net_command_wait(&net, soon()), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(virtio_net_set_vlan(&net, 2, true), VIRTIO_ERR_AGAIN);
	assert_int_equal(virtio_net_command_wait(&net, soon()), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_net_control_serve());
	assert_int_equal(got.data[0], 1);
	assert_int_equal(virtio_net_command_wait(&net, 0), 0);
	assert_int_equal(virtio_net_set_vlan(&net, 2, true), 0);
	fake_net_detach(); /* with one under way: nothing leaks */
}

static void serve_late(void *context)
{
	(void)context;
	assert_true(fake_net_control_serve());
}

/* Stopped and continued, with a clock that did not stop. */
static void test_an_answer_that_came_while_the_machine_stood_still_is_no_timeout(void **state)
{
	(void)state;
	open_with(MODERN | CONTROL);
	fake_platform_on_wait(NULL, NULL);
	for (unsigned looks = 1; looks <= 3; looks++) {
		assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
		fake_platform_stand_still(looks, UINT64_C(10000000000), serve_late, NULL);
		assert_int_equal(virtio_net_command_wait(&net, soon()), 0);
	}
	fake_net_detach();
}

static void test_a_broken_control_queue_is_told(void **state)
{
	struct virtio_net_frame *frame;

	(void)state;
	open_with(MODERN | CONTROL);
	assert_int_equal(virtio_net_set_vlan(&net, 1, true), 0);
	fake_device_lie_used(fake_net_controlq(), 77, 1);
	assert_int_equal(virtio_net_command_poll(&net), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_net_command_wait(&net, soon()), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_net_poll_config(&net), VIRTIO_ERR_PROTOCOL);
	fake_net_deliver(1, 60); /* frames go on */
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	fake_net_detach();
}

/* NET-31, NET-32, NET-35, NET-42: without its feature a command is not even made. */
static void test_commands_without_their_feature_are_refused(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	const struct virtio_net_coalescing when = {0};
	struct virtio_net_coalescing then;

	(void)state;
	for (unsigned control = 0; control < 2; control++) {
		if (control)
			open_with(MODERN);
		else
			fake_net_attach(NULL);
		assert_int_equal(virtio_net_set_mac(&net, mac), VIRTIO_ERR_UNSUPPORTED);
		for (unsigned mode = 0; mode < 6; mode++)
			assert_int_equal(virtio_net_set_receive_mode(&net, mode, true), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_mac_filter(&net, NULL, 0, NULL, 0), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_vlan(&net, 1, true), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_acknowledge_announce(&net), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_receive_offloads(&net, 0), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_pairs(&net, 1), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_hash(&net, 0, NULL, 0), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_rss(&net, &(struct virtio_net_rss){0}), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_coalescing(&net, true, &when), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_set_queue_coalescing(&net, 0, true, &when), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(virtio_net_get_queue_coalescing(&net, 0, true, &then), VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(got.count, 0);
		fake_net_detach();
	}
}

/* INIT-08, NET-10, ERR-11: whatever else is offered. */
static void test_features_of_commands_come_with_what_they_need_or_not_at_all(void **state)
{
	static const struct {
		uint64_t feature, needs;
	} cases[] = {
		{VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_RX},
		{VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_STATUS},
		{VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_RSS, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ},
		{VIRTIO_NET_F_VQ_NOTF_COAL, VIRTIO_NET_F_CTRL_VQ},
	};
	const uint64_t more = VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL;

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		const uint64_t feature = cases[i / 2].feature, needs = cases[i / 2].needs;
		const struct virtio_net_options wish = {.wanted = feature, .control = &virtio_net_control};

		fake_net_control_start(MODERN | CONTROL | more, 1);
		if (i % 2)
			fake_net.transport.offered &= ~needs;
		fake_net_attach(&wish);
		assert_true((net.features & feature) == (i % 2 ? 0 : feature));
		assert_true(fake_net.transport.accepted == net.features);
		fake_net_detach();
	}
}

/* ERR-11: MAC class commands want CTRL_RX, whatever CTRL_MAC_ADDR promises. */
static void test_the_address_is_set_with_both_features_only(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		open_with(
			MODERN | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_MAC_ADDR | (both ? VIRTIO_NET_F_CTRL_RX : 0));
		assert_int_equal(virtio_net_set_mac(&net, mac), both ? 0 : VIRTIO_ERR_UNSUPPORTED);
		assert_int_equal(fake_net_control_serve(), both);
		if (both)
			assert_int_equal(virtio_net_command_wait(&net, soon()), 0);
		fake_net_detach();
	}
}

/* Some offer a control queue that they do not have. */
static void test_a_device_without_its_control_queue_is_used_without(void **state)
{
	const struct virtio_net_options required = {.required = VIRTIO_NET_F_CTRL_VLAN, .control = &virtio_net_control};

	(void)state;
	fake_net_control_start(MODERN | CONTROL, 0);
	fake_net.transport.queues[2].size = 0;
	fake_net_attach(&options);
	assert_false(net.features & CONTROL);
	fake_net_deliver(1, 60);
	fake_net_detach();
	assert_int_equal(virtio_net_attach(&net, &fake_net.transport.device, &required), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_a_control_queue_that_is_too_short_is_refused(void **state)
{
	(void)state;
	fake_net_control_start(MODERN | CONTROL, 0);
	fake_net.transport.queues[2].size = 2;
	assert_int_equal(virtio_net_attach(&net, &fake_net.transport.device, &options), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("too short for a command"));
	assert_int_equal(fake_platform_live(), 0);
}

static void test_every_failing_allocation_is_survived(void **state)
{
	const struct virtio_net_options several = {.wanted = CONTROL, .control = &virtio_net_control, .pairs = 3};
	unsigned nth = 1;

	(void)state;
	for (; nth < 60; nth++) {
		int result;

		fake_net_control_start(MODERN | CONTROL | VIRTIO_NET_F_MQ, 3);
		fake_platform_fail_allocation(nth);
		result = virtio_net_attach(&net, &fake_net.transport.device, &several);
		if (result == 0)
			break;
		assert_int_equal(result, VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
	}
	fake_platform_fail_allocation(0);
	assert_in_range(nth, 20, 40);
	fake_net_detach();
}

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_net_control_start(MODERN, 0);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_command_is_taken_and_answered),
		TEST(test_commands_need_no_mapping),
		TEST(test_commands_follow_each_other_past_the_end_of_the_ring),
		TEST(test_refusals_are_told),
		TEST(test_a_command_without_an_answer_stays_the_devices),
		TEST(test_an_answer_that_came_while_the_machine_stood_still_is_no_timeout),
		TEST(test_a_broken_control_queue_is_told),
		TEST(test_commands_without_their_feature_are_refused),
		TEST(test_features_of_commands_come_with_what_they_need_or_not_at_all),
		TEST(test_the_address_is_set_with_both_features_only),
		TEST(test_a_device_without_its_control_queue_is_used_without),
		TEST(test_a_control_queue_that_is_too_short_is_refused),
		TEST(test_every_failing_allocation_is_survived),
	};
	return fake_transport_run_over_rings(tests);
}
