/* SPDX-License-Identifier: ISC */
/* libvirtio/device/queues.c: sizes that devices tell, memory, and when notifications go out. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static struct virtio_queue queue;

static int setup(void **state)
{
	(void)state;
	fake_transport_init(&fake, fake_platform_start(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
}

static int add(uint16_t max_size)
{
	return virtio_device_add_queue(&fake.device, &queue, 0, max_size, 1);
}

static void ready(void)
{
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void submit_one(void)
{
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};
	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
}

static void assert_refused(uint16_t size, int error, const char *reason)
{
	fake.queues[0].size = size;
	begin();
	assert_int_equal(add(0), error);
	assert_true(fake_platform_logged(reason));
	assert_true(fake_platform_logged("fake device: virtqueue 0"));
	assert_int_equal(fake_platform_live(), 0);
	assert_null(fake.device.queues);
	detach();
}

/* PCI-16, HC-10 */
static void test_a_queue_of_size_0_does_not_exist(void **state)
{
	(void)state;
	assert_refused(0, VIRTIO_ERR_NO_DEVICE, "does not have it");
}

/* RING-03, HC-10 */
static void test_a_split_ring_needs_a_power_of_two(void **state)
{
	(void)state;
	fake.rings[0] = &virtqueue_split_ops;
	fake.rings[1] = NULL;
	assert_refused(3, VIRTIO_ERR_PROTOCOL, "its size 3 does not do");
	assert_refused(255, VIRTIO_ERR_PROTOCOL, "its size 255 does not do");
}

static void test_a_size_above_32768_is_impossible(void **state)
{
	(void)state;
	assert_refused(32769, VIRTIO_ERR_PROTOCOL, "above 32768");
	assert_refused(65535, VIRTIO_ERR_PROTOCOL, "above 32768");
}

static unsigned sizes_told;

static uint16_t another_size_each_time(struct virtio_device *dev, uint16_t index)
{
	(void)dev;
	(void)index;
	return sizes_told++ ? 8 : 64;
}

/* HC-11: memory for one size, and a device that is told another */
static void test_the_size_is_asked_for_once(void **state)
{
	(void)state;
	sizes_told = 0;
	fake.ops.queue_size = another_size_each_time;
	begin();
	assert_int_equal(add(0), 0);
	assert_int_equal(sizes_told, 1);
	assert_int_equal(queue.ring.size, 64);
	assert_int_equal(fake.queues[0].started_size, 64);
	detach();
}

static void test_a_ring_shorter_than_a_buffer_takes_shorter_buffers(void **state)
{
	(void)state;
	fake.queues[0].size = 2;
	begin();
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 0, 3), 0);
	assert_int_equal(queue.ring.max_segments, 2);
	detach();
}

static void test_the_size_is_what_both_can_do(void **state)
{
	(void)state;
	static const struct {
		uint16_t device, wanted, got;
	} cases[] = {{256, 0, 256}, {256, 256, 256}, {256, 1000, 256}, {256, 64, 64}, {256, 100, 64}, {256, 1, 1},
		{1, 0, 1}, {32768, 32767, 16384}, {1000, 256, 256}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake.queues[0].size = cases[i].device;
		begin();
		assert_int_equal(add(cases[i].wanted), 0);
		assert_int_equal(fake.queues[0].started_size, cases[i].got);
		detach();
	}
}

/* PCIL-07, PCIL-08 */
static void test_a_legacy_size_is_taken_as_it_is(void **state)
{
	(void)state;
	fake_transport_make_legacy(&fake);
	fake.queues[0].size = 1024;
	begin();
	assert_int_equal(add(64), 0);
	assert_int_equal(queue.ring.size, 1024);
	assert_int_equal(queue.ring.addresses.descriptors % 4096, 0);
	assert_int_equal(queue.ring.addresses.device % 4096, 0);
	detach();
}

static void test_memory_that_runs_out_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth <= 2; nth++) {
		begin();
		fake_platform_fail_allocation(nth);
		assert_int_equal(add(0), VIRTIO_ERR_NO_MEMORY);
		assert_true(fake_platform_logged("fake device: virtqueue 0: no memory"));
		detach();
	}
}

static void test_a_queue_that_does_not_start_is_freed(void **state)
{
	(void)state;
	fake.start_queue_error = VIRTIO_ERR_UNSUPPORTED;
	begin();
	assert_int_equal(add(0), VIRTIO_ERR_UNSUPPORTED);
	assert_int_equal(fake_platform_live(), 0);
	assert_null(fake.device.queues);
	detach();
}

/* INIT-17, INIT-18 */
static void test_notifications_wait_for_driver_ok_and_then_come_once(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(0), 0);
	submit_one(); /* the fake fails the test if this notifies */
	submit_one();
	assert_int_equal(fake.queues[0].notifications, 0);
	assert_int_equal(fake_device_available(&fake.queues[0].ring), 2);
	ready();
	assert_int_equal(fake.queues[0].notifications, 1);
	submit_one();
	assert_int_equal(fake.queues[0].notifications, 2);
	detach();
}

static void test_an_empty_queue_is_not_notified_at_ready(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(0), 0);
	ready();
	assert_int_equal(fake.queues[0].notifications, 0);
	detach();
}

static void test_after_a_reset_nothing_is_notified(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(0), 0);
	ready();
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	submit_one(); /* the fake fails the test if this notifies */
	assert_int_equal(fake.queues[0].notifications, 0);
	detach();
}

/* RST-04 */
static void test_buffers_come_back_after_a_reset(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(0), 0);
	ready();
	submit_one();
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_ptr_equal(virtqueue_take_back(&queue.ring), &fake);
	assert_null(virtqueue_take_back(&queue.ring));
	detach();
}

static void test_used_buffers_come_back_through_the_queue(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	struct virtqueue_used used[2];
	begin();
	assert_int_equal(add(0), 0);
	ready();
	submit_one();
	assert_int_equal(virtio_queue_get(&queue, used, 2), 0);
	assert_true(fake_device_take(&fake.queues[0].ring, &buffer));
	fake_device_return(&fake.queues[0].ring, &buffer, 7);
	assert_int_equal(virtio_queue_get(&queue, used, 2), 1);
	assert_ptr_equal(used[0].token, &fake);
	assert_int_equal(used[0].length, 7);
	detach();
}

static void test_a_broken_ring_is_told_once_with_the_name_of_the_device(void **state)
{
	(void)state;
	struct virtqueue_used used;
	begin();
	assert_int_equal(add(0), 0);
	ready();
	submit_one();
	unsigned lines = fake_platform_log_count();
	fake_device_lie_used(&fake.queues[0].ring, 0x10003, 0);
	assert_int_equal(virtio_queue_get(&queue, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_queue_get(&queue, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(fake_platform_log_count(), lines + 1);
	assert_true(fake_platform_logged("fake device: virtqueue 0"));
	assert_int_equal(virtio_device_check(&fake.device), VIRTIO_ERR_PROTOCOL);
	detach();
}

static void test_several_queues_live_side_by_side(void **state)
{
	(void)state;
	struct virtio_queue others[2];
	begin();
	assert_int_equal(add(0), 0);
	assert_int_equal(virtio_device_add_queue(&fake.device, &others[0], 1, 0, 1), 0);
	assert_int_equal(virtio_device_add_queue(&fake.device, &others[1], 2, 8, 1), 0);
	submit_one();
	ready();
	assert_int_equal(fake.queues[0].notifications, 1);
	assert_int_equal(fake.queues[1].notifications, 0);
	assert_int_equal(fake.queues[2].notifications, 0);
	detach();
}

static int break_silently(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	(void)vq;
	(void)used;
	(void)count;
	return VIRTIO_ERR_PROTOCOL;
}

/* A runtime may bring a ring of its own. */
static void test_a_ring_that_breaks_without_a_reason_is_told(void **state)
{
	struct virtqueue_ops mute = *fake.rings[0];
	struct virtqueue_used used;

	(void)state;
	mute.get = break_silently;
	fake.rings[0] = &mute;
	begin();
	assert_int_equal(add(0), 0);
	ready();
	assert_int_equal(virtio_queue_get(&queue, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("virtqueue 0: broken"));
	detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_queue_of_size_0_does_not_exist),
		TEST(test_a_split_ring_needs_a_power_of_two),
		TEST(test_a_size_above_32768_is_impossible),
		TEST(test_the_size_is_asked_for_once),
		TEST(test_a_ring_shorter_than_a_buffer_takes_shorter_buffers),
		TEST(test_the_size_is_what_both_can_do),
		TEST(test_a_legacy_size_is_taken_as_it_is),
		TEST(test_memory_that_runs_out_leaves_nothing_behind),
		TEST(test_a_queue_that_does_not_start_is_freed),
		TEST(test_notifications_wait_for_driver_ok_and_then_come_once),
		TEST(test_an_empty_queue_is_not_notified_at_ready),
		TEST(test_after_a_reset_nothing_is_notified),
		TEST(test_buffers_come_back_after_a_reset),
		TEST(test_used_buffers_come_back_through_the_queue),
		TEST(test_a_broken_ring_is_told_once_with_the_name_of_the_device),
		TEST(test_several_queues_live_side_by_side),
		TEST(test_a_ring_that_breaks_without_a_reason_is_told),
	};
	return fake_transport_run_over_rings(tests);
}
