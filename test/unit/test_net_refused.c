/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/net.c where attach says no, or makes do: wrong devices, short rings, failing allocations. */
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

static int attach(void)
{
	return virtio_net_attach(&net, &transport.device, NULL);
}

/* After a failed attach nothing is left, the device is reset, and a line in the log names it and says WHY. */
static void assert_refused_since(const char *why, int result, int error)
{
	assert_int_equal(result, error);
	assert_int_equal(fake_platform_live(), 0);
	assert_true(fake_platform_logged(why));
	assert_true(fake_platform_logged("fake device"));
	assert_true(transport.status == 0 || transport.status_count == 0);
	assert_null(transport.device.queues);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

static void assert_refused(int result, int error)
{
	assert_refused_since("cannot be used", result, error);
}

static void test_other_devices_are_not_touched(void **state)
{
	(void)state;
	transport.device.type = VIRTIO_ID_BLOCK;
	assert_refused_since("it is no net device", attach(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(transport.status_count, 0);
}

static void test_a_device_that_was_never_opened_is_not_followed(void **state)
{
	struct virtio_device never = {0};

	(void)state;
	assert_int_equal(virtio_net_attach(&net, &never, NULL), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

static void test_a_device_in_use_is_left_alone(void **state)
{
	struct virtio_net other;

	(void)state;
	fake_net_attach(NULL);
	assert_int_equal(virtio_net_attach(&other, &transport.device, NULL), VIRTIO_ERR_BUSY);
	assert_true(fake_platform_logged("a driver is attached already"));
	assert_int_equal(virtio_net_detach(&other, NULL, NULL), 0);
	fake_net_deliver(1, 60);
	fake_net_detach();
}

static void test_options_out_of_range_are_refused(void **state)
{
	const struct virtio_net_options options = {.max_segments = VIRTIO_NET_MAX_SEGMENTS + 1};

	(void)state;
	assert_refused_since(
		"options.max_segments", virtio_net_attach(&net, &transport.device, &options), VIRTIO_ERR_INVALID);
}

static void test_the_rings_may_be_smaller_than_the_devices(void **state)
{
	const struct virtio_net_options options = {.ring_size = 32};

	(void)state;
	fake_net_attach(&options);
	assert_int_equal(transport.queues[0].started_size, 32);
	assert_int_equal(transport.queues[1].started_size, 32);
	assert_int_equal(net.first.pool_count, 32);
	fake_net_detach();
}

/* bhyve: two rings of 1024 whose size nobody can change. */
static void test_large_rings_do_not_take_large_memory(void **state)
{
	(void)state;
	fake_net_start(0);
	transport.queues[0].size = transport.queues[1].size = 1024;
	fake_net_attach(NULL);
	assert_int_equal(transport.queues[0].started_size, 1024);
	assert_int_equal(net.first.pool_count, 256);
	fake_net_detach();
}

/* Whatever size the rings have, a frame goes in and out; or attach says why not. */
static void test_short_rings_work_as_far_as_a_frame_fits(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		for (uint16_t size = 1; size <= 8; size = (uint16_t)(size * 2)) {
			struct virtio_net_frame *frame;

			fake_net_start(kind->features);
			transport.queues[0].size = transport.queues[1].size = size;
			if (kind->apart && size == 1) {
				assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
				assert_true(fake_platform_logged("too short for a frame and its header"));
				transport.queues[1].size = 8; /* the receive queue alone is */
				assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
				continue;
			}
			fake_net_attach(NULL);
			assert_in_range(net.max_segments, 1, 4);
			fake_net_deliver(1, 60);
			assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
			assert_int_equal(virtio_net_transmit(&net, &frame, 1), 1);
			assert_int_equal(fake_net_send(), 60);
			fake_net_detach();
		}
	}
}

static void test_a_device_without_its_queues_is_refused(void **state)
{
	static const struct {
		uint16_t receive, transmit;
		int error;
	} cases[] = {
		{0, 256, VIRTIO_ERR_NO_DEVICE},
		{256, 0, VIRTIO_ERR_NO_DEVICE},
		{100, 256, VIRTIO_ERR_PROTOCOL},
		{256, 0xffff, VIRTIO_ERR_PROTOCOL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake_net_start(0); /* legacy: the size is the device's */
		transport.queues[0].size = cases[i].receive;
		transport.queues[1].size = cases[i].transmit;
		assert_refused(attach(), cases[i].error);
	}
}

static void test_every_failing_allocation_is_survived(void **state)
{
	(void)state;
	FOR_EACH_KIND(kind)
	{
		unsigned nth = 1;
		int result;

		for (; nth < 20; nth++) {
			fake_net_start(kind->features);
			fake_platform_fail_allocation(nth);
			if ((result = attach()) == 0)
				break;
			assert_refused(result, VIRTIO_ERR_NO_MEMORY);
		}
		fake_platform_fail_allocation(0);
		assert_in_range(nth, 6, 10);
		fake_net_detach();
	}
}

static void break_device(struct fake_transport *fake, uint32_t offset)
{
	(void)offset;
	fake->needs_reset = true;
}

static void leave(struct fake_transport *fake, uint32_t offset)
{
	(void)offset;
	fake->gone = true;
}

static void test_devices_that_do_not_play_along_are_refused(void **state)
{
	(void)state;
	transport.refuses_features = true;
	assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
	fake_net_start(MODERN);
	transport.start_queue_error = VIRTIO_ERR_PROTOCOL;
	assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
	fake_net_start(MODERN);
	transport.on_config_read = break_device;
	assert_refused(attach(), VIRTIO_ERR_PROTOCOL);
	fake_net_start(MODERN);
	transport.never_resets = true;
	assert_int_equal(attach(), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_a_device_that_has_gone_or_goes_is_refused(void **state)
{
	(void)state;
	transport.gone = true;
	assert_int_equal(attach(), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(fake_platform_live(), 0);
	fake_net_start(MODERN);
	transport.on_config_read = leave;
	assert_true(attach() < 0);
	assert_int_equal(fake_platform_live(), 0);
	fake_net_forget();
}

/* HC-07 */
static void test_a_configuration_too_short_for_what_is_offered_is_refused(void **state)
{
	static const uint32_t lengths[] = {0, 5, 7, 11};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		fake_net_start(MODERN | VIRTIO_NET_F_MTU);
		fake_transport_set_config_length(&transport, lengths[i]);
		assert_refused(attach(), VIRTIO_ERR_UNSUPPORTED);
	}
}

static void test_without_a_clock_nothing_is_attached(void **state)
{
	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(attach(), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_other_devices_are_not_touched),
		TEST(test_a_device_that_was_never_opened_is_not_followed),
		TEST(test_a_device_in_use_is_left_alone),
		TEST(test_options_out_of_range_are_refused),
		TEST(test_the_rings_may_be_smaller_than_the_devices),
		TEST(test_large_rings_do_not_take_large_memory),
		TEST(test_short_rings_work_as_far_as_a_frame_fits),
		TEST(test_a_device_without_its_queues_is_refused),
		TEST(test_every_failing_allocation_is_survived),
		TEST(test_devices_that_do_not_play_along_are_refused),
		TEST(test_a_device_that_has_gone_or_goes_is_refused),
		TEST(test_a_configuration_too_short_for_what_is_offered_is_refused),
		TEST(test_without_a_clock_nothing_is_attached),
	};
	return fake_transport_run_over_rings(tests);
}
