/* SPDX-License-Identifier: ISC */
/* libvirtio/device/vectors.c: the rule for many queues, and devices that refuse some vectors. */
#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/transport.h"

#define QUEUES 6

static struct fake_transport fake;
static struct virtio_queue queues[QUEUES];

static int setup(void **state)
{
	fake_platform_setup(state);
	fake_transport_init(&fake, fake_platform(), VIRTIO_ID_NET, VIRTIO_F_VERSION_1);
	for (unsigned i = 0; i < QUEUES; i++)
		fake.queues[i].size = 16;
	return 0;
}

static void attach(uint16_t vectors)
{
	fake.device.msix = vectors != 0;
	fake.device.vectors = vectors;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	for (uint16_t i = 0; i < QUEUES; i++)
		assert_int_equal(virtio_device_add_queue(&fake.device, &queues[i], i, 0, 1), 0);
	assert_int_equal(virtio_device_ready(&fake.device), 0);
}

static void assert_vectors(const uint16_t *vectors)
{
	for (unsigned i = 0; i < QUEUES; i++) {
		assert_int_equal(queues[i].vector, vectors[i]);
		assert_int_equal(fake.queues[i].vector, vectors[i]);
	}
	virtio_device_detach(&fake.device);
}

static void test_each_queue_has_the_vector_after_its_number(void **state)
{
	(void)state;
	attach(QUEUES + 1);
	assert_int_equal(fake.config_vector, 0);
	assert_vectors((const uint16_t[]){1, 2, 3, 4, 5, 6});
	attach(20);
	assert_vectors((const uint16_t[]){1, 2, 3, 4, 5, 6});
}

static void test_the_last_vector_is_for_all_further_queues(void **state)
{
	(void)state;
	attach(4);
	assert_vectors((const uint16_t[]){1, 2, 3, 3, 3, 3});
	attach(2);
	assert_vectors((const uint16_t[]){1, 1, 1, 1, 1, 1});
	attach(1);
	assert_int_equal(fake.config_vector, 0);
	assert_vectors((const uint16_t[]){0, 0, 0, 0, 0, 0});
}

static void test_without_vectors_none_is_written(void **state)
{
	(void)state;
	attach(0);
	assert_int_equal(fake.vector_writes, 0);
	virtio_device_detach(&fake.device);
}

/* PCI-26 */
static void test_a_refused_vector_is_replaced_by_the_shared_one(void **state)
{
	(void)state;
	fake.refused_vectors = 1u << 2 | 1u << 5;
	attach(QUEUES + 1);
	assert_true(fake.device.msix);
	assert_vectors((const uint16_t[]){1, 0, 3, 4, 0, 6});
}

/* PCI-26 */
static void test_refusing_the_shared_vector_too_ends_msix(void **state)
{
	(void)state;
	fake.refused_vectors = 1u << 0;
	attach(QUEUES + 1);
	assert_false(fake.device.msix);
	assert_int_equal(fake.left_msix, 1);
	for (unsigned i = 0; i < QUEUES; i++)
		assert_int_equal(queues[i].vector, VIRTIO_NO_VECTOR);
	virtio_device_detach(&fake.device);
}

static void refuse_from_now_on(struct virtio_device *dev, struct virtio_queue *queue)
{
	assert_int_equal(virtio_device_add_queue(dev, queue, 0, 0, 1), 0);
	fake.refused_vectors = UINT32_MAX;
}

static void test_queues_that_had_a_vector_lose_it_with_msix(void **state)
{
	(void)state;
	fake.device.msix = true;
	fake.device.vectors = 3;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	refuse_from_now_on(&fake.device, &queues[0]);
	assert_int_equal(queues[0].vector, 1);
	assert_int_equal(virtio_device_add_queue(&fake.device, &queues[1], 1, 0, 1), 0);
	assert_false(fake.device.msix);
	assert_int_equal(queues[0].vector, VIRTIO_NO_VECTOR);
	assert_int_equal(queues[1].vector, VIRTIO_NO_VECTOR);
	virtio_device_detach(&fake.device);
}

static void test_where_the_only_vector_is_refused_there_is_none(void **state)
{
	(void)state;
	fake.device.msix = true;
	fake.device.vectors = 1;
	assert_int_equal(virtio_device_begin(&fake.device, 0, 0, NULL), 0);
	fake.refused_vectors = 1;
	assert_int_equal(virtio_device_add_queue(&fake.device, &queues[0], 0, 0, 1), 0);
	assert_int_equal(fake.left_msix, 1);
	assert_int_equal(queues[0].vector, VIRTIO_NO_VECTOR);
	virtio_device_detach(&fake.device);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_queue_has_the_vector_after_its_number),
		TEST(test_the_last_vector_is_for_all_further_queues),
		TEST(test_without_vectors_none_is_written),
		TEST(test_a_refused_vector_is_replaced_by_the_shared_one),
		TEST(test_refusing_the_shared_vector_too_ends_msix),
		TEST(test_queues_that_had_a_vector_lose_it_with_msix),
		TEST(test_where_the_only_vector_is_refused_there_is_none),
	};
	return fake_transport_run_over_rings(tests);
}
