/* SPDX-License-Identifier: ISC */
/* libvirtio/driver/buffers.c: queues of small buffers that belong to a driver. */
#include "driver/buffers.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

static struct fake_transport fake;
static struct virtio_buffers buffers;
static struct fake_device_buffer taken;

/* A device that is live, with COUNT buffers of 32 bytes for a queue of SIZE entries. */
static void start(uint16_t size, uint16_t count)
{
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_ENTROPY, VIRTIO_F_VERSION_1);
	fake.queues[0].size = size;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	assert_int_equal(virtio_buffers_add_queue(&buffers, &fake.device, 0, count, 32), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void finish(void)
{
	assert_int_equal(virtio_device_detach(&fake.device), 0);
	virtio_buffers_free(&buffers, fake_platform());
	assert_int_equal(fake_platform_live(), 0);
}

static void test_there_are_as_many_buffers_as_the_queue_takes(void **state)
{
	(void)state;
	static const struct {
		uint16_t size, count, buffers;
	} cases[] = {{256, 1, 1}, {256, 64, 64}, {256, 200, 64}, {4, 64, 4}, {1, 16, 1}};
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		start(cases[i].size, cases[i].count);
		assert_int_equal(buffers.count, cases[i].buffers);
		for (unsigned n = 0; n < cases[i].buffers; n++)
			assert_ptr_equal(virtio_buffers_take(&buffers), buffers.memory + n * 32);
		assert_null(virtio_buffers_take(&buffers));
		virtio_buffers_put(&buffers, buffers.memory);
		assert_ptr_equal(virtio_buffers_take(&buffers), buffers.memory);
		finish();
	}
}

static void test_buffers_go_to_the_device_and_come_back(void **state)
{
	(void)state;
	uint8_t *buffer;
	uint32_t length;
	start(16, 2);
	uint8_t *first = virtio_buffers_take(&buffers);
	memcpy(first, "hello", 5);
	assert_int_equal(virtio_buffers_send(&buffers, first, 5), 0);
	assert_int_equal(virtio_buffers_offer_all(&buffers), 0);
	assert_null(virtio_buffers_take(&buffers));
	virtio_queue_submit(&buffers.queue);
	assert_true(fake_device_take(&fake.queues[0].ring, &taken));
	assert_int_equal(taken.readable_bytes, 5);
	assert_int_equal(taken.writable_bytes, 0);
	assert_memory_equal(taken.elements[0].data, "hello", 5);
	fake_device_return(&fake.queues[0].ring, &taken, 0);
	assert_int_equal(virtio_buffers_reclaim(&buffers), 0);
	assert_ptr_equal(virtio_buffers_take(&buffers), first);
	assert_true(fake_device_take(&fake.queues[0].ring, &taken));
	assert_int_equal(taken.writable_bytes, 32);
	fake_device_return(&fake.queues[0].ring, &taken, 9999);
	assert_int_equal(virtio_buffers_get(&buffers, &buffer, &length), 1);
	assert_int_equal(length, 32);
	assert_ptr_equal(buffer, first + 32);
	assert_int_equal(virtio_buffers_get(&buffers, &buffer, &length), 0);
	finish();
}

static void test_a_broken_ring_takes_no_buffer(void **state)
{
	(void)state;
	start(16, 2);
	uint8_t *buffer = virtio_buffers_take(&buffers);
	uint32_t length;
	fake_device_lie_used(&fake.queues[0].ring, 7, 1);
	assert_int_equal(virtio_buffers_get(&buffers, &buffer, &length), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_buffers_reclaim(&buffers), VIRTIO_ERR_PROTOCOL);
	assert_int_equal(virtio_buffers_offer(&buffers, buffer, 32), VIRTIO_ERR_PROTOCOL);
	assert_ptr_equal(virtio_buffers_take(&buffers), buffer);
	assert_int_equal(virtio_buffers_offer_all(&buffers), VIRTIO_ERR_PROTOCOL);
	finish();
}

static void test_what_was_never_set_up_is_not_freed(void **state)
{
	(void)state;
	struct virtio_buffers none = {.size = 0};
	virtio_buffers_free(&none, fake_platform());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_there_are_as_many_buffers_as_the_queue_takes),
		TEST(test_buffers_go_to_the_device_and_come_back),
		TEST(test_a_broken_ring_takes_no_buffer),
		TEST(test_what_was_never_set_up_is_not_freed),
	};
	return fake_transport_run_over_rings(tests);
}
