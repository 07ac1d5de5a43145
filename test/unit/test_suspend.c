/* SPDX-License-Identifier: ISC */
/* libvirtio/device/suspend.c: a device stands still and goes on. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static struct virtio_queue queue;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_transport_init(
		&fake, fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_F_SUSPEND | VIRTIO_F_EVENT_IDX);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 8, 1), 0);
}

static void go_live(void)
{
	begin();
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

static void send(void)
{
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};

	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
}

/* SUSP-02, SUSP-03, SUSP-04: the fake fails the test when a bit is taken back */
static void test_a_device_is_suspended_and_resumed(void **state)
{
	(void)state;
	for (fake.slow_suspend = 0; fake.slow_suspend < 20; fake.slow_suspend += 7) {
		go_live();
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(virtio_device_suspend(&fake.device), 0);
			assert_int_equal(fake.status & 0x14, VIRTIO_STATUS_SUSPEND);
			fake.queues[0].notifications = 0;
			fake_device_want_notifications(&fake.queues[0].ring, i == 0);
			send();
			assert_int_equal(fake.queues[0].notifications, 0); /* it waits */
			assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_BUSY);
			assert_int_equal(virtio_device_resume(&fake.device), 0);
			assert_int_equal(fake.status & 0x14, VIRTIO_STATUS_DRIVER_OK);
			assert_int_equal(fake.queues[0].notifications, !i);
			assert_int_equal(virtio_device_resume(&fake.device), VIRTIO_ERR_BUSY);
		}
		detach();
	}
}

static void test_a_device_that_does_not_follow_is_given_up(void **state)
{
	(void)state;
	fake.slow_suspend = UINT32_MAX;
	go_live();
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_logged("fake device: it does not suspend"));
	detach();
	fake.slow_suspend = 0;
	go_live();
	assert_int_equal(virtio_device_suspend(&fake.device), 0);
	fake.slow_suspend = UINT32_MAX;
	assert_int_equal(virtio_device_resume(&fake.device), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_logged("fake device: it does not resume"));
	detach();
}

static void test_a_device_that_fails_meanwhile_is_told(void **state)
{
	(void)state;
	go_live();
	fake.slow_suspend = 100;
	fake.needs_reset = true;
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_PROTOCOL);
	detach();
	go_live();
	fake.gone = true;
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_NO_DEVICE);
	fake.gone = false;
	detach();
}

/* SUSP-01 */
static void test_only_a_live_device_that_can_is_suspended(void **state)
{
	(void)state;
	begin();
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_resume(&fake.device), VIRTIO_ERR_BUSY);
	assert_int_equal(fake.status & 0x14, 0);
	detach();
	fake.offered &= ~VIRTIO_F_SUSPEND;
	go_live();
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(virtio_device_resume(&fake.device), VIRTIO_ERR_BUSY);
	detach();
}

/* It was left half way: not live, and its queues held. */
static void test_without_a_clock_a_device_stays_as_it_is(void **state)
{
	uint64_t (*clock)(void *context) = fake_platform()->now;

	(void)state;
	go_live();
	fake_platform()->now = NULL;
	assert_int_equal(virtio_device_suspend(&fake.device), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake.device.live);
	send();
	assert_int_equal(fake.queues[0].notifications, 1);
	fake_platform()->now = clock;
	assert_int_equal(virtio_device_suspend(&fake.device), 0);
	fake_platform()->now = NULL;
	assert_int_equal(virtio_device_resume(&fake.device), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake.status & 0x14, VIRTIO_STATUS_SUSPEND);
	fake_platform()->now = clock;
	assert_int_equal(virtio_device_resume(&fake.device), 0);
	detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_device_is_suspended_and_resumed),
		TEST(test_a_device_that_does_not_follow_is_given_up),
		TEST(test_a_device_that_fails_meanwhile_is_told),
		TEST(test_only_a_live_device_that_can_is_suspended),
		TEST(test_without_a_clock_a_device_stays_as_it_is),
	};
	return fake_transport_run_over_rings(tests);
}
