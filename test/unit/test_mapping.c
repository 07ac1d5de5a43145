/* SPDX-License-Identifier: ISC */
/*
 * libvirtio/device/mapping.c: what a device sees when memory must be mapped for it, here into bounce buffers. The
 * drivers' own tests run through the same mapping (fake/transport.h).
 */
#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define SIZE 8
#define SEGMENTS 3

static struct fake_transport fake;
static struct virtio_queue queue;
static struct fake_device_buffer buffer;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_NET,
		VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_RING_RESET);
	fake_platform_bounce(true);
	return 0;
}

static void open_queue(uint16_t segments)
{
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, SIZE, segments), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&fake.device), 0);
}

static struct fake_device_ring *device(void)
{
	return &fake.queues[0].ring;
}

/* PLAT-02: read before, written after, by way of memory that is neither */
static void test_bytes_go_both_ways_through_the_mapping(void **state)
{
	struct virtio_segment segments[] = {fake_platform_buffer(5), fake_platform_buffer(6), fake_platform_buffer(7)};
	struct virtqueue_buffer one = {segments, &fake, 1, 2};
	struct virtqueue_used used;
	char seen[6] = {0};

	(void)state;
	open_queue(SEGMENTS);
	for (unsigned i = 0; i < 3 * SIZE; i++) {
		memcpy(segments[0].data, "12345", 5);
		assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
		virtio_queue_submit(&queue);
		assert_int_equal(fake_platform_mapped(), 3);
		assert_true(fake_device_take(device(), &buffer));
		for (unsigned n = 0; n < 3; n++) {
			assert_true(buffer.elements[n].address != segments[n].device_address);
			assert_ptr_not_equal(buffer.elements[n].data, segments[n].data);
		}
		fake_device_read(&buffer, 0, seen, 5);
		assert_string_equal(seen, "12345");
		fake_device_write(&buffer, 0, "answer, long", 13);
		assert_memory_not_equal(segments[1].data, "answer", 6);
		fake_device_return(device(), &buffer, 13);
		assert_int_equal(virtio_queue_get(&queue, &used, 1), 1);
		assert_ptr_equal(used.token, &fake);
		assert_int_equal(fake_platform_mapped(), 0);
		assert_memory_equal(segments[1].data, "answer", 6);
		assert_memory_equal(segments[2].data, ", long", 7);
		memset(segments[1].data, 0, 6);
	}
	detach();
}

static void test_a_burst_is_mapped_and_unmapped_at_once(void **state)
{
	struct virtio_segment segment = fake_platform_buffer(8);
	struct virtqueue_buffer buffers[SIZE + 2];
	struct virtqueue_used used[SIZE];

	(void)state;
	open_queue(1);
	for (unsigned i = 0; i < SIZE + 2; i++)
		buffers[i] = (struct virtqueue_buffer){&segment, &buffers[i], 1, 0};
	assert_int_equal(virtio_queue_add(&queue, buffers, SIZE + 2), SIZE);
	assert_int_equal(fake_platform_map_calls(), 1);
	assert_int_equal(fake_platform_mapped(), SIZE);
	assert_int_equal(virtio_queue_add(&queue, buffers, 1), 0);
	virtio_queue_submit(&queue);
	while (fake_device_take(device(), &buffer))
		fake_device_return(device(), &buffer, 0);
	assert_int_equal(virtio_queue_get(&queue, used, SIZE), SIZE);
	for (unsigned i = 0; i < SIZE; i++)
		assert_ptr_equal(used[i].token, &buffers[i]);
	assert_int_equal(fake_platform_mapped(), 0);
	detach();
}

static void test_singles_are_mapped_like_other_buffers(void **state)
{
	struct virtqueue_single singles[3 * SIZE];
	void *tokens[3 * SIZE];

	(void)state;
	open_queue(1);
	for (unsigned i = 0; i < 3 * SIZE; i++)
		singles[i] = (struct virtqueue_single){fake_platform_buffer(8), &singles[i]};
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(virtio_queue_add_singles(&queue, singles, 3 * SIZE, true), SIZE);
		assert_int_equal(virtio_queue_add_singles(&queue, singles, 1, true), 0);
		assert_int_equal(fake_platform_mapped(), SIZE);
		virtio_queue_submit(&queue);
		for (unsigned i = 0; i < SIZE; i++) {
			assert_true(fake_device_take(device(), &buffer));
			fake_device_write(&buffer, 0, "written", 8);
			fake_device_return(device(), &buffer, 8);
		}
		assert_int_equal(virtio_queue_get_tokens(&queue, tokens, 3 * SIZE), SIZE);
		assert_int_equal(fake_platform_mapped(), 0);
		for (unsigned i = 0; i < SIZE; i++) {
			assert_ptr_equal(tokens[i], &singles[i]);
			assert_string_equal(singles[i].segment.data, "written");
			memset(singles[i].segment.data, 0, 8);
		}
	}
	detach();
}

static void test_memory_of_the_drivers_own_is_not_mapped(void **state)
{
	struct virtio_segment segments[] = {fake_platform_buffer(8), {.length = 4}};
	struct virtqueue_buffer one = {segments, &fake, 1, 1};
	struct virtqueue_used used;
	void *own;

	(void)state;
	open_queue(2);
	own = fake_platform()->dma_alloc(fake_platform()->context, 4, 4, &segments[1].device_address);
	assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
	assert_int_equal(fake_platform_mapped(), 1);
	virtio_queue_submit(&queue);
	assert_true(fake_device_take(device(), &buffer));
	assert_ptr_equal(buffer.elements[1].data, own);
	fake_device_return(device(), &buffer, 4);
	assert_int_equal(virtio_queue_get(&queue, &used, 1), 1);
	fake_platform()->dma_free(fake_platform()->context, own, 4, segments[1].device_address);
	detach();
}

static void test_wrong_buffers_are_refused_and_nothing_stays_mapped(void **state)
{
	struct virtio_segment segments[SEGMENTS + 1];
	struct virtqueue_buffer good = {segments, &fake, 1, 0};
	struct virtqueue_buffer wrong = {segments, &fake, 0, 0};

	(void)state;
	open_queue(SEGMENTS);
	for (unsigned i = 0; i <= SEGMENTS; i++)
		segments[i] = fake_platform_buffer(8);
	assert_int_equal(virtio_queue_add(&queue, &wrong, 1), VIRTIO_ERR_INVALID);
	wrong.writable = SEGMENTS + 1;
	assert_int_equal(virtio_queue_add(&queue, &wrong, 1), VIRTIO_ERR_TOO_LARGE);
	wrong.writable = 2;
	segments[1].length = 0;
	assert_int_equal(virtio_queue_add(&queue, &wrong, 1), VIRTIO_ERR_INVALID);
	segments[1].length = 8;
	wrong.token = NULL;
	assert_int_equal(virtio_queue_add(&queue, &wrong, 1), VIRTIO_ERR_INVALID);
	assert_int_equal(fake_platform_map_calls(), 0);
	assert_int_equal(virtio_queue_add(&queue, (struct virtqueue_buffer[]){good, wrong, good}, 3), 1);
	assert_int_equal(fake_platform_mapped(), 1);
	detach();
	assert_int_equal(fake_platform_mapped(), 0);
}

static void test_when_little_can_be_mapped_fewer_go_in(void **state)
{
	struct virtio_segment segment = fake_platform_buffer(8);
	struct virtqueue_buffer buffers[SIZE];

	(void)state;
	open_queue(1);
	for (unsigned i = 0; i < SIZE; i++)
		buffers[i] = (struct virtqueue_buffer){&segment, &buffers[i], 1, 0};
	fake_platform_map_at_most(3);
	assert_int_equal(virtio_queue_add(&queue, buffers, SIZE), 3);
	assert_int_equal(fake_platform_mapped(), 3);
	assert_int_equal(virtio_queue_add(&queue, buffers, SIZE), VIRTIO_ERR_NO_MEMORY);
	fake_platform_map_at_most(SIZE);
	assert_int_equal(virtio_queue_add(&queue, buffers + 3, SIZE - 3), SIZE - 3);
	detach();
}

static void test_a_broken_ring_is_told_also_when_it_is_full(void **state)
{
	struct virtio_segment segment = fake_platform_buffer(8);
	struct virtqueue_buffer one = {&segment, &fake, 1, 0};
	struct virtqueue_used used;

	(void)state;
	open_queue(1);
	for (unsigned i = 0; i < SIZE; i++)
		assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
	assert_int_equal(virtio_queue_add(&queue, &one, 1), 0);
	virtio_queue_submit(&queue);
	fake_device_break(device());
	assert_int_equal(virtio_queue_get(&queue, &used, 1), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_queue_add(&queue, &one, 1), VIRTIO_ERR_PROTOCOL);
	detach();
}

/* RRST-03: what a device held is unmapped once it is reset, and comes back as it was added. */
static void test_a_reset_unmaps_what_the_device_held(void **state)
{
	struct virtio_segment segment = fake_platform_buffer(8);
	struct virtqueue_buffer one = {&segment, &fake, 0, 1};

	(void)state;
	open_queue(1);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
		virtio_queue_submit(&queue);
		assert_true(fake_device_take(device(), &buffer));
		fake_device_write(&buffer, 0, "written", 8);
		assert_int_equal(virtio_queue_reset(&queue), 0);
		assert_int_equal(fake_platform_mapped(), 0);
		assert_string_equal(segment.data, "written");
		assert_ptr_equal(virtqueue_take_back(&queue.ring), &fake);
		memset(segment.data, 0, 8);
		assert_int_equal(virtio_queue_restart(&queue), 0);
	}
	assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_int_equal(fake_platform_mapped(), 0);
	assert_int_equal(virtio_device_reset(&fake.device), 0);
	assert_ptr_equal(virtqueue_take_back(&queue.ring), &fake);
	detach();
}

/* PLAT-03 */
static void test_without_the_feature_the_hooks_are_left_alone(void **state)
{
	struct virtio_segment segment;
	struct virtqueue_buffer one = {&segment, &fake, 0, 1};

	(void)state;
	fake.offered &= ~VIRTIO_F_ACCESS_PLATFORM;
	open_queue(1);
	segment = fake_platform_buffer(8);
	assert_int_equal(virtio_queue_add(&queue, &one, 1), 1);
	assert_int_equal(fake_platform_map_calls(), 0);
	assert_null(queue.mapping);
	detach();
}

/* PLAT-06 */
static void test_a_device_that_insists_is_refused_without_hooks(void **state)
{
	(void)state;
	fake_platform_bounce(false);
	fake.insists_on = VIRTIO_F_ACCESS_PLATFORM;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("insists on ACCESS_PLATFORM"));
	detach();
}

/* PLAT-06: what is not named is not linked. */
static void test_a_device_that_insists_is_refused_where_the_mapping_is_not_named(void **state)
{
	(void)state;
	fake.support.mapping = NULL;
	fake.insists_on = VIRTIO_F_ACCESS_PLATFORM;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("name virtio_mapping_by_hooks"));
	assert_int_equal(fake_platform_map_calls(), 0);
	detach();
}

static void test_without_memory_for_it_there_is_no_queue(void **state)
{
	unsigned before = fake_platform_live();

	(void)state;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	fake_platform_fail_allocation(3); /* after the slots and the ring */
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, SIZE, 1), VIRTIO_ERR_NO_MEMORY);
	assert_true(fake_platform_logged("no memory for the mapping"));
	assert_int_equal(fake_platform_live(), before);
	detach();
}

/* More than the hook is asked for at once goes in two bursts. */
static void test_many_segments_are_mapped_in_bursts(void **state)
{
	struct virtio_segment segments[16][5];
	struct virtqueue_buffer buffers[16];

	(void)state;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	assert_int_equal(virtio_device_add_queue(&fake.device, &queue, 0, 16, 5), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
	for (unsigned i = 0; i < 16; i++) {
		for (unsigned n = 0; n < 5; n++)
			segments[i][n] = fake_platform_buffer(8);
		buffers[i] = (struct virtqueue_buffer){segments[i], &buffers[i], 5, 0};
	}
	unsigned calls = fake_platform_map_calls();
	assert_int_equal(virtio_queue_add(&queue, buffers, 16), 16);
	assert_int_equal(fake_platform_map_calls() - calls, 2);
	assert_int_equal(fake_platform_mapped(), 16 * 5);
	detach();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_go_both_ways_through_the_mapping),
		TEST(test_a_burst_is_mapped_and_unmapped_at_once),
		TEST(test_singles_are_mapped_like_other_buffers),
		TEST(test_memory_of_the_drivers_own_is_not_mapped),
		TEST(test_wrong_buffers_are_refused_and_nothing_stays_mapped),
		TEST(test_when_little_can_be_mapped_fewer_go_in),
		TEST(test_a_broken_ring_is_told_also_when_it_is_full),
		TEST(test_a_reset_unmaps_what_the_device_held),
		TEST(test_without_the_feature_the_hooks_are_left_alone),
		TEST(test_a_device_that_insists_is_refused_without_hooks),
		TEST(test_a_device_that_insists_is_refused_where_the_mapping_is_not_named),
		TEST(test_without_memory_for_it_there_is_no_queue),
		TEST(test_many_segments_are_mapped_in_bursts),
	};
	return fake_transport_run_over_rings(tests);
}
