/* SPDX-License-Identifier: ISC */
/* libvirtio/device/queue_reset.c: one virtqueue is reset while the other goes on. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static struct virtio_queue queues[2];
static struct virtio_segment memory;
static struct fake_device_buffer buffer;

static int setup_with(uint64_t features)
{
	fake_platform_start();
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | features);
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(virtio_device_add_queue(&fake.device, &queues[i], i, 8, 1), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	memory = fake_platform_buffer(64);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_with(VIRTIO_F_RING_RESET);
}

static int teardown(void **state)
{
	fake.slow_reset = 0;
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	return fake_platform_teardown(state);
}

static void send(unsigned number, void *token)
{
	struct virtqueue_buffer one = {.segments = &memory, .token = token, .writable = 1};

	assert_int_equal(virtio_queue_add(&queues[number], &one, 1), 1);
	virtio_queue_submit(&queues[number]);
}

static void exchange(unsigned number)
{
	struct virtqueue_used used;

	send(number, &fake);
	assert_true(fake_device_take(&fake.queues[number].ring, &buffer));
	fake_device_return(&fake.queues[number].ring, &buffer, 1);
	assert_int_equal(virtio_queue_get(&queues[number], &used, 1), 1);
	assert_ptr_equal(used.token, &fake);
}

/* The device is slow: while the reset goes on it still uses the buffer, and the other queue is at work. */
static void use_meanwhile(struct fake_transport *transport)
{
	if (transport->queues[0].ring.held == 0 && fake_device_take(&transport->queues[0].ring, &buffer))
		fake_device_write(&buffer, 0, "late", 4);
	exchange(1);
}

/* RRST-01, RRST-02, RRST-03 */
static void test_a_queue_is_reset_while_the_other_goes_on(void **state)
{
	struct virtqueue_used used;

	(void)state;
	fake.slow_queue_reset = 5;
	fake.on_queue_reset = use_meanwhile;
	send(0, &queues[0]);
	assert_int_equal(virtio_queue_reset(&queues[0]), 0);
	assert_false(fake.queues[0].started);
	assert_memory_equal(memory.data, "late", 4);
	assert_int_equal(virtio_queue_get(&queues[0], &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_device_check(&fake.device), 0);
	assert_ptr_equal(virtqueue_take_back(&queues[0].ring), &queues[0]);
	assert_null(virtqueue_take_back(&queues[0].ring));
	exchange(1);
}

/* RRST-04 */
static void test_a_queue_is_used_again_after_its_reset(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		send(0, &queues[0]);
		assert_int_equal(virtio_queue_reset(&queues[0]), 0);
		assert_ptr_equal(virtqueue_take_back(&queues[0].ring), &queues[0]);
		fake.queues[0].size = (uint16_t)(16 << i); /* longer than before: we keep ours */
		assert_int_equal(virtio_queue_restart(&queues[0]), 0);
		assert_int_equal(fake.queues[0].started_size, 8);
		exchange(0);
		assert_int_equal(fake.queues[0].notifications, 1);
		exchange(1);
	}
}

/* RRST-04 */
static void test_a_queue_that_became_shorter_stays_reset(void **state)
{
	(void)state;
	assert_int_equal(virtio_queue_reset(&queues[0]), 0);
	fake.queues[0].size = 4;
	assert_int_equal(virtio_queue_restart(&queues[0]), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("fake device: virtqueue 0: the device has made it shorter"));
	fake.queues[0].size = 8;
	fake.start_queue_error = VIRTIO_ERR_PROTOCOL;
	assert_int_equal(virtio_queue_restart(&queues[0]), VIRTIO_ERR_PROTOCOL);
	assert_false(virtqueue_publish(&queues[0].ring));
	fake.start_queue_error = 0;
	assert_int_equal(virtio_queue_restart(&queues[0]), 0);
	exchange(0);
}

/* RRST-02 */
static void test_a_reset_without_end_is_given_up(void **state)
{
	(void)state;
	fake.slow_queue_reset = UINT32_MAX - 1;
	send(0, &queues[0]);
	assert_int_equal(virtio_queue_reset(&queues[0]), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_logged("fake device: virtqueue 0: its reset does not end"));
	assert_int_equal(virtio_queue_restart(&queues[0]), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_check(&fake.device), VIRTIO_ERR_PROTOCOL);
}

/* RRST-05: the fake fails the test when the register is touched */
static void test_without_the_feature_there_is_no_reset_of_a_queue(void **state)
{
	(void)state;
	assert_int_equal(virtio_queue_reset(&queues[0]), VIRTIO_ERR_UNSUPPORTED);
	exchange(0);
}

static int setup_without(void **state)
{
	(void)state;
	return setup_with(0);
}

static void test_it_is_not_the_time_for_a_reset(void **state)
{
	(void)state;
	assert_int_equal(virtio_queue_restart(&queues[0]), VIRTIO_ERR_BUSY);
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_int_equal(virtio_queue_reset(&queues[0]), VIRTIO_ERR_BUSY);
}

static void test_without_a_clock_a_queue_stays_at_work(void **state)
{
	uint64_t (*clock)(void *context) = fake_platform()->now;

	(void)state;
	fake_platform()->now = NULL;
	assert_int_equal(virtio_queue_reset(&queues[0]), VIRTIO_ERR_UNSUPPORTED);
	exchange(0);
	fake_platform()->now = clock;
}

static void test_a_queue_does_not_come_back_before_its_device(void **state)
{
	(void)state;
	assert_int_equal(virtio_queue_reset(&queues[0]), 0);
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_int_equal(virtio_queue_restart(&queues[0]), VIRTIO_ERR_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_queue_is_reset_while_the_other_goes_on),
		TEST(test_a_queue_is_used_again_after_its_reset),
		TEST(test_a_queue_that_became_shorter_stays_reset),
		TEST(test_a_reset_without_end_is_given_up),
		cmocka_unit_test_setup_teardown(
			test_without_the_feature_there_is_no_reset_of_a_queue, setup_without, teardown),
		TEST(test_it_is_not_the_time_for_a_reset),
		TEST(test_without_a_clock_a_queue_stays_at_work),
		TEST(test_a_queue_does_not_come_back_before_its_device),
	};
	return fake_transport_run_over_rings(tests);
}
