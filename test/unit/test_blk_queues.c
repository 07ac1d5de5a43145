/* SPDX-License-Identifier: ISC */
/*
 * libvirtio/driver/blk_queue.c with several queues: each by itself, and all at once from threads of their own. With
 * -Db_sanitize=thread this also proves that they need no lock between them.
 */
#include <pthread.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

#define blk fake_blk.blk
#define transport fake_blk.transport
#define disk fake_blk.disk

#define QUEUES 4
#define TURNS 2000

static int setup(void **state)
{
	(void)state;
	const struct virtio_blk_options options = {.queues = QUEUES};
	const struct le16 count = le16_from(QUEUES);
	fake_platform_start();
	fake_blk_start(FAKE_BLK_FEATURES | VIRTIO_BLK_F_MQ);
	fake_transport_set_config(&transport, VIRTIO_BLK_CONFIG_NUM_QUEUES, &count, sizeof count);
	for (unsigned i = 0; i < QUEUES; i++)
		transport.queues[i].size = 16;
	fake_blk_attach(&options);
	return 0;
}

/* BLK-21 */
static void test_a_request_goes_through_the_queue_that_was_named(void **state)
{
	(void)state;
	for (unsigned i = 0; i < QUEUES; i++) {
		struct virtio_segment segment;
		struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, i, &segment, 512);
		struct virtio_blk_request *requests[] = {&request};
		assert_int_equal(blk.queues[i].queue.index, i);
		assert_int_equal(virtio_blk_queue_submit(&blk.queues[i], requests, 1), 1);
		for (unsigned other = 0; other < QUEUES; other++)
			assert_int_equal(fake_device_available(&transport.queues[other].ring), other == i);
		disk.ring = &transport.queues[i].ring;
		assert_int_equal(fake_disk_serve(&disk), 1);
		assert_int_equal(virtio_blk_queue_completed(&blk.queues[(i + 1) % QUEUES], requests, 1), 0);
		assert_int_equal(virtio_blk_queue_completed(&blk.queues[i], requests, 1), 1);
		assert_int_equal(request.result, 0);
		assert_memory_equal(segment.data, disk.medium[i], 512);
	}
	fake_blk_detach();
}

static unsigned handed_back;

static void count_back(void *context, struct virtio_blk_request *request)
{
	(void)context;
	assert_int_equal(request->result, VIRTIO_ERR_NO_DEVICE);
	handed_back++;
}

static void test_detach_hands_back_what_all_queues_hold(void **state)
{
	(void)state;
	static struct virtio_blk_request flushes[3 * QUEUES];
	for (unsigned i = 0; i < 3 * QUEUES; i++) {
		struct virtio_blk_request *requests[] = {&flushes[i]};
		flushes[i] = (struct virtio_blk_request){.type = VIRTIO_BLK_FLUSH};
		assert_int_equal(virtio_blk_queue_submit(&blk.queues[i % QUEUES], requests, 1), 1);
	}
	handed_back = 0;
	assert_int_equal(virtio_blk_detach(&blk, count_back, NULL), 0);
	assert_int_equal(handed_back, 3 * QUEUES);
	assert_int_equal(fake_platform_live(), 0);
}

static void test_every_allocation_of_several_queues_may_fail(void **state)
{
	(void)state;
	const struct virtio_blk_options options = {.queues = QUEUES};
	fake_blk_detach();
	for (unsigned nth = 1;; nth++) {
		fake_platform_fail_allocation(nth);
		int result = virtio_blk_attach(&blk, &transport.device, &options);
		if (result == 0)
			break;
		assert_int_equal(result, VIRTIO_ERR_NO_MEMORY);
		assert_int_equal(fake_platform_live(), 0);
	}
	fake_platform_fail_allocation(0);
	fake_blk_detach();
}

/* One processor with its queue: flushes of four, answered by a device that claims success. */
static void *use_queue(void *argument)
{
	struct virtio_blk_queue *queue = argument;
	static struct fake_device_buffer buffers[QUEUES];
	struct fake_device_buffer *buffer = &buffers[queue->queue.index];
	struct fake_device_ring *ring = &transport.queues[queue->queue.index].ring;
	struct virtio_blk_request requests[4] = {{0}};
	struct virtio_blk_request *pointers[4];
	const uint8_t ok = VIRTIO_BLK_S_OK;
	unsigned finished = 0;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned i = 0; i < 4; i++) {
			requests[i].type = VIRTIO_BLK_FLUSH;
			pointers[i] = &requests[i];
		}
		int submitted = virtio_blk_queue_submit(queue, pointers, 4);
		while (fake_device_take(ring, buffer)) {
			fake_device_write(buffer, 0, &ok, 1);
			fake_device_return(ring, buffer, 1);
		}
		int count = virtio_blk_queue_completed(queue, pointers, 4);
		finished += submitted == count && requests[3].result == 0 ? (unsigned)count : 0;
	}
	return (void *)(uintptr_t)finished;
}

static void test_queues_need_no_lock_between_them(void **state)
{
	(void)state;
	pthread_t threads[QUEUES];
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_queue, &blk.queues[i]), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_true(virtio_blk_poll_config(&blk) >= 0);
	for (unsigned i = 0; i < QUEUES; i++) {
		void *finished;
		assert_int_equal(pthread_join(threads[i], &finished), 0);
		assert_int_equal((uintptr_t)finished, 4 * TURNS);
	}
	fake_blk_detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_goes_through_the_queue_that_was_named),
		TEST(test_detach_hands_back_what_all_queues_hold),
		TEST(test_every_allocation_of_several_queues_may_fail),
		TEST(test_queues_need_no_lock_between_them),
	};
	return fake_transport_run_over_rings(tests) + fake_transport_run_in_order(tests);
}
