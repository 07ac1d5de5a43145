/* SPDX-License-Identifier: ISC */
/* libvirtio/helper/net_blocking.c: waiting for a frame, with a clock that moves while we wait. */
#include <virtio/helper.h>

#include "fake/cmocka.h"
#include "fake/net.h"
#include "fake/platform.h"

#define MILLISECOND UINT64_C(1000000)

static struct virtio_net_frame *frames[4];

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_net_start(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	fake_net_attach(NULL);
	return 0;
}

static int teardown(void **state)
{
	fake_net_detach();
	return fake_platform_teardown(state);
}

static int receive_wait(uint64_t nanoseconds)
{
	uint64_t deadline = virtio_deadline(fake_platform(), nanoseconds);

	return virtio_net_receive_wait(&fake_net.net, frames, 4, deadline);
}

static void test_frames_that_are_there_are_returned_at_once(void **state)
{
	(void)state;
	fake_net_deliver(1, 60);
	fake_net_deliver(2, 60);
	assert_int_equal(receive_wait(0), 2);
}

static void deliver_later(void *context)
{
	unsigned *waits = context;

	if (++*waits == 3) {
		assert_true(fake_device_interrupts_wanted(fake_net_receiveq()));
		fake_net_deliver(5, 60);
	}
}

static void test_a_frame_that_comes_meanwhile_ends_the_wait(void **state)
{
	unsigned waits = 0;

	(void)state;
	fake_platform_on_wait(deliver_later, &waits);
	assert_int_equal(receive_wait(1000 * MILLISECOND), 1);
	assert_int_equal(waits, 3);
	assert_false(fake_device_interrupts_wanted(fake_net_receiveq()));
}

static void test_the_wait_ends_at_the_deadline(void **state)
{
	uint64_t start;

	(void)state;
	start = fake_platform_time();
	assert_int_equal(receive_wait(5 * MILLISECOND), VIRTIO_ERR_TIMEOUT);
	assert_in_range(fake_platform_time() - start, 5 * MILLISECOND, 6 * MILLISECOND);
	assert_false(fake_device_interrupts_wanted(fake_net_receiveq()));
}

/* The wait hook is optional: then it spins, and the deadline holds all the same. */
static void test_without_a_wait_hook_it_spins_until_the_deadline(void **state)
{
	(void)state;
	fake_platform()->wait = NULL;
	assert_int_equal(receive_wait(MILLISECOND), VIRTIO_ERR_TIMEOUT);
}

static void test_without_a_clock_nothing_waits(void **state)
{
	uint64_t (*now)(void *context) = fake_platform()->now;

	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(receive_wait(MILLISECOND), VIRTIO_ERR_UNSUPPORTED);
	fake_platform()->now = now;
}

static void test_a_broken_ring_ends_the_wait(void **state)
{
	(void)state;
	fake_device_break(fake_net_receiveq());
	assert_int_equal(receive_wait(1000 * MILLISECOND), VIRTIO_ERR_PROTOCOL);
}

static void deliver(void *context)
{
	(void)context;
	fake_net_deliver(5, 60);
}

/* Stopped and continued, with a clock that did not stop. */
static void test_a_frame_that_came_while_the_machine_stood_still_is_no_timeout(void **state)
{
	(void)state;
	for (unsigned looks = 2; looks <= 3; looks++) { /* the first look is our own, for the deadline */
		fake_platform_stand_still(looks, 10000 * MILLISECOND, deliver, NULL);
		assert_int_equal(receive_wait(1000 * MILLISECOND), 1);
		assert_int_equal(virtio_net_release(&fake_net.net, frames, 1), 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_frames_that_are_there_are_returned_at_once),
		TEST(test_a_frame_that_comes_meanwhile_ends_the_wait),
		TEST(test_the_wait_ends_at_the_deadline),
		TEST(test_without_a_wait_hook_it_spins_until_the_deadline),
		TEST(test_without_a_clock_nothing_waits),
		TEST(test_a_broken_ring_ends_the_wait),
		TEST(test_a_frame_that_came_while_the_machine_stood_still_is_no_timeout),
	};
	return fake_transport_run_over_rings(tests);
}
