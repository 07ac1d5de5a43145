/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/mmio_legacy.c: the registers of version 1; those of version 2 fail the test (MMIOL-07). */
#include <virtio/device.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/mmio.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"

static struct fake_virtio_mmio fake;
static struct virtio_device device;
static struct virtio_queue queues[2];

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_mmio_start(&fake, 1, VIRTIO_ID_NET, VIRTIO_F_ANY_LAYOUT | VIRTIO_F_EVENT_IDX | 1);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all), 0);
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
}

static int add(uint16_t index)
{
	return virtio_device_add_queue(&device, &queues[index], index, 64, 1);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

/* MMIOL-08: the fake refuses FEATURES_OK */
static void test_one_word_of_features_and_no_confirmation(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_VERSION_1; /* which it cannot offer */
	begin();
	assert_true(fake.accepted == (VIRTIO_F_ANY_LAYOUT | VIRTIO_F_EVENT_IDX | 1));
	assert_int_equal(fake.accepted_writes, 1);
	assert_int_equal(fake.status, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
}

/* MMIOL-01, MMIOL-02, MMIOL-03 */
static void test_a_queue_is_set_up_in_this_order(void **state)
{
	(void)state;
	static const struct {
		uint64_t offset;
		bool write;
	} order[] = {
		{VIRTIO_MMIO_LEGACY_PAGE_SIZE, true},
		{VIRTIO_MMIO_QUEUE_SEL, true},
		{VIRTIO_MMIO_LEGACY_QUEUE_PFN, false},
		{VIRTIO_MMIO_QUEUE_SIZE_MAX, false},
		{VIRTIO_MMIO_QUEUE_SEL, true},
		{VIRTIO_MMIO_LEGACY_QUEUE_PFN, false},
		{VIRTIO_MMIO_QUEUE_SIZE, true},
		{VIRTIO_MMIO_LEGACY_QUEUE_ALIGN, true},
		{VIRTIO_MMIO_LEGACY_QUEUE_PFN, true},
	};
	begin();
	fake_region_forget(&fake.registers);
	assert_int_equal(add(1), 0);
	assert_int_equal(fake.registers.count, sizeof order / sizeof order[0]);
	for (unsigned i = 0; i < fake.registers.count; i++) {
		assert_int_equal(fake.registers.trace[i].offset, order[i].offset);
		assert_int_equal(fake.registers.trace[i].write, order[i].write);
	}
	detach();
}

/* MMIOL-01: the fake fails the test if it is written when a virtqueue is set up */
static void test_the_page_size_is_told_again_after_each_reset_and_only_then(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 2; round++) {
		begin();
		assert_int_equal(add(0), 0);
		assert_int_equal(fake.page_size, 4096);
		assert_int_equal(add(1), 0);
		detach();
		assert_int_equal(fake_region_accesses(&fake.registers, true, VIRTIO_MMIO_LEGACY_PAGE_SIZE), round);
	}
}

/* MMIOL-04, MMIOL-05, MMIOL-06: the fake's end of the ring finds the areas by the page number */
static void test_the_driver_may_choose_the_size(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(0), 0);
	assert_int_equal(fake.queues[0].size, 64);
	assert_int_equal(fake.queues[0].align, 4096);
	assert_true((uint64_t)fake.queues[0].page * 4096 == queues[0].ring.addresses.descriptors);
	assert_true(fake.queues[0].ring.addresses.driver == queues[0].ring.addresses.driver);
	assert_true(fake.queues[0].ring.addresses.device == queues[0].ring.addresses.device);
	detach();
}

/* HM-04, MMIOL-03 */
static void test_a_queue_that_survived_the_reset_is_refused(void **state)
{
	(void)state;
	begin();
	fake.queues[0].page = 7;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at mmio 0xd0000000: virtqueue 0: it is in use after the reset"));
	detach();
}

static void test_a_queue_that_the_device_lacks_is_not_set_up(void **state)
{
	(void)state;
	begin();
	assert_int_equal(virtio_device_add_queue(&device, &queues[0], 3, 64, 1), VIRTIO_ERR_NO_DEVICE);
	detach();
}

static void test_memory_above_16_tib_is_refused(void **state)
{
	(void)state;
	fake_platform_next_address(UINT64_C(1) << 44);
	begin();
	assert_int_equal(add(0), VIRTIO_ERR_UNSUPPORTED);
	assert_true(fake_platform_logged("above 16 TiB"));
	assert_int_equal(fake_platform_live(), 0);
	detach();
}

static void test_the_last_page_below_16_tib_is_used(void **state)
{
	(void)state;
	fake_platform_next_address((UINT64_C(1) << 44) - (1 << 20));
	begin();
	assert_int_equal(add(0), 0);
	assert_true(fake.queues[0].page >= UINT32_MAX - 256);
	detach();
}

/* MMIO-18: the fake fails the test when ConfigGeneration is read */
static void test_the_configuration_has_no_generation(void **state)
{
	(void)state;
	uint64_t value;
	begin();
	for (uint8_t i = 0; i < FAKE_VIRTIO_MMIO_CONFIG; i++)
		fake.config[i] = i;
	assert_int_equal(virtio_device_config64(&device, 8, &value), 0);
	assert_true(value == 0x0f0e0d0c0b0a0908);
}

static void test_a_notification_is_the_number_of_the_queue(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	queues[1].notify(&queues[1]);
	assert_int_equal(fake.queues[1].notified, 1);
	detach();
}

static void *(*whole_alloc)(void *context, size_t size, size_t alignment, uint64_t *device_address);

static void *alloc_while_it_lies(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	fake.queues[0].page = 7;
	return whole_alloc(context, size, alignment, device_address);
}

/* HM-04: its size was asked for already, and it is about to be told where it is. */
static void test_a_queue_that_is_suddenly_in_use_is_refused(void **state)
{
	(void)state;
	begin();
	whole_alloc = fake_platform()->dma_alloc;
	fake_platform()->dma_alloc = alloc_while_it_lies;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("virtqueue 0: it is in use after the reset"));
	detach();
}

/* It would mean that there is no queue. */
static void test_memory_in_page_0_is_refused(void **state)
{
	(void)state;
	begin();
	fake_platform_next_address(0);
	assert_int_equal(add(0), VIRTIO_ERR_UNSUPPORTED);
	detach();
}
static void test_the_transport_is_for_the_version_that_it_was_made_for(void **state)
{
	(void)state;
	begin();
	detach();
	device.mmio_version = 2;
	assert_int_equal(virtio_mmio_legacy_ops.open(&device), VIRTIO_ERR_NO_DEVICE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_word_of_features_and_no_confirmation),
		TEST(test_a_queue_is_set_up_in_this_order),
		TEST(test_the_page_size_is_told_again_after_each_reset_and_only_then),
		TEST(test_the_driver_may_choose_the_size),
		TEST(test_a_queue_that_survived_the_reset_is_refused),
		TEST(test_a_queue_that_the_device_lacks_is_not_set_up),
		TEST(test_memory_above_16_tib_is_refused),
		TEST(test_the_last_page_below_16_tib_is_used),
		TEST(test_the_configuration_has_no_generation),
		TEST(test_a_notification_is_the_number_of_the_queue),
		TEST(test_a_queue_that_is_suddenly_in_use_is_refused),
		TEST(test_memory_in_page_0_is_refused),
		TEST(test_the_transport_is_for_the_version_that_it_was_made_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
