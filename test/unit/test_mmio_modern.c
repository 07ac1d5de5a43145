/* SPDX-License-Identifier: ISC */
/* libvirtio/transport/mmio_modern.c, and mmio_common.c: the registers of version 2, each at its time. */
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
static struct virtio_queue queue;

static int setup(void **state)
{
	(void)state;
	fake_platform_start();
	fake_virtio_mmio_start(&fake, 2, VIRTIO_ID_NET, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1);
	return 0;
}

static void begin(void)
{
	assert_int_equal(virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all), 0);
	assert_int_equal(virtio_device_begin(&device, 1, 0, NULL), 0);
}

static int add(uint16_t index)
{
	return virtio_device_add_queue(&device, &queue, index, 64, 1);
}

static void detach(void)
{
	assert_int_equal(virtio_device_detach(&device), 0);
	assert_int_equal(fake_platform_live(), 0);
}

static void submit_one(void)
{
	struct virtio_segment segment = fake_platform_buffer(16);
	struct virtqueue_buffer buffer = {.segments = &segment, .token = &fake, .writable = 1};
	assert_int_equal(virtio_queue_add(&queue, &buffer, 1), 1);
	virtio_queue_submit(&queue);
}

/* INIT-14, MMIO-07: the fake wants the selector each time */
static void test_both_feature_words_are_read_and_written(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_FEATURE(63);
	begin();
	assert_true(device.offered == fake.offered);
	assert_true(fake.accepted == (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | 1));
	assert_int_equal(fake.status, 0xb);
}

/* INIT-14, MMIO-17, ADM-01, ERR-06: the fake fails the test when anything beyond 63 is accepted */
static void test_nothing_that_has_no_meaning_here_is_accepted(void **state)
{
	(void)state;
	fake.offered = UINT64_MAX & ~VIRTIO_F_RING_PACKED;
	fake.offered_beyond = UINT64_MAX;
	begin();
	const uint64_t known =
		VIRTIO_F_ORDER_PLATFORM | VIRTIO_F_NOTIFICATION_DATA | VIRTIO_F_RING_RESET | VIRTIO_F_SUSPEND;
	for (unsigned bit = 36; bit < 50; bit++) /* IN_ORDER is 35 */
		assert_true(known >> bit & 1 || !(fake.accepted >> bit & 1));
}

/* MMIO-08, MMIO-16: the fake starts the upper halves with rubbish, and finds the ring by what was written */
static void test_a_queue_gets_its_size_and_addresses_before_it_is_ready(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(1), 0);
	assert_true(fake.queues[1].ready);
	assert_false(fake.queues[0].ready);
	assert_int_equal(fake.queues[1].size, 64);
	assert_true(fake.queues[1].ring.addresses.descriptors == queue.ring.addresses.descriptors);
	assert_true(fake.queues[1].ring.addresses.driver == queue.ring.addresses.driver);
	assert_true(fake.queues[1].ring.addresses.device == queue.ring.addresses.device);
	detach();
}

static void test_addresses_above_4_gib_arrive_whole(void **state)
{
	(void)state;
	fake_platform_next_address(0x123456789000);
	begin();
	assert_int_equal(add(0), 0);
	assert_true(fake.queues[0].ring.addresses.descriptors >= 0x123456789000);
	assert_true(fake.queues[0].ring.addresses.descriptors == queue.ring.addresses.descriptors);
	detach();
}

/* MMIO-16: the upper halves are written also when they are 0 */
static void test_addresses_below_4_gib_arrive_whole(void **state)
{
	(void)state;
	fake_platform_next_address(0x10000);
	begin();
	assert_int_equal(add(0), 0);
	assert_true(fake.queues[0].ring.addresses.descriptors < UINT32_MAX);
	assert_true(fake.queues[0].ring.addresses.descriptors == queue.ring.addresses.descriptors);
	detach();
}

/* MMIO-08 */
static void test_a_queue_that_the_device_lacks_is_not_set_up(void **state)
{
	(void)state;
	begin();
	assert_int_equal(add(2), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(add(0xffff), VIRTIO_ERR_NO_DEVICE);
	detach();
}

/* HM-02 */
static void test_impossible_sizes_are_refused(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {0x8001, 0xffff, 0x10000, 0x10040, UINT32_MAX};
	for (unsigned i = 0; i < 5; i++) {
		fake.queues[0].size_max = sizes[i];
		begin();
		assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
		assert_false(fake.queues[0].ready);
		detach();
	}
}

/* MMIO-09, MMIO-10: the fake fails the test if it is touched */
static void test_a_queue_that_survived_the_reset_is_refused(void **state)
{
	(void)state;
	begin();
	fake.queues[0].ready = true;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at mmio 0xd0000000: virtqueue 0: it is in use after the reset"));
	fake.queues[0].ready = false;
	detach();
}

/* HM-02 */
static void test_a_queue_that_never_gets_ready_is_refused(void **state)
{
	(void)state;
	begin();
	fake.never_ready = true;
	assert_int_equal(add(0), VIRTIO_ERR_PROTOCOL);
	assert_true(fake_platform_logged("net at mmio 0xd0000000: virtqueue 0: the device does not take it"));
	detach();
}

/* NTF-05: queue 1, and behind it where the ring stands */
static void test_notifications_tell_where_the_ring_stands(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_NOTIFICATION_DATA;
	begin();
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	submit_one();
	assert_int_equal(fake.queues[1].notified, 0x10001);
	detach();
}

/* RRST-02, RRST-05: the fake checks that the register exists, and that nothing is touched before 0 was read */
static void test_one_queue_is_reset_and_used_again(void **state)
{
	(void)state;
	fake.offered |= VIRTIO_F_RING_RESET;
	begin();
	assert_int_equal(add(1), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(virtio_queue_reset(&queue), 0);
	assert_false(fake.queues[1].ready);
	assert_int_equal(virtio_queue_restart(&queue), 0);
	assert_true(fake.queues[1].ready);
	submit_one();
	assert_int_equal(fake.queues[1].notified, 1);
	detach();
}

/* NTF-05, MMIO-05: the fake checks the width */
static void test_a_notification_is_the_number_of_the_queue(void **state)
{
	(void)state;
	struct fake_device_buffer buffer;
	begin();
	assert_int_equal(add(1), 0);
	submit_one();
	assert_int_equal(fake.queues[1].notifications, 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	assert_int_equal(fake.queues[1].notifications, 1);
	assert_true(fake_device_take(&fake.queues[1].ring, &buffer));
	fake.queues[1].notified = 0;
	submit_one();
	assert_int_equal(fake.queues[1].notified, 1);
	detach();
}

/* CFG-02, MMIO-06 */
static void test_the_configuration_is_read_at_its_place(void **state)
{
	(void)state;
	uint64_t value;
	uint16_t half;
	begin();
	for (uint8_t i = 0; i < FAKE_VIRTIO_MMIO_CONFIG; i++)
		fake.config[i] = i;
	fake_region_forget(&fake.registers);
	assert_int_equal(virtio_device_config64(&device, 8, &value), 0);
	assert_true(value == 0x0f0e0d0c0b0a0908);
	assert_true(fake_region_accesses(&fake.registers, false, VIRTIO_MMIO_CONFIG_GENERATION) >= 2);
	assert_int_equal(virtio_device_config16(&device, 6, &half), 0);
	assert_int_equal(half, 0x0706);
	assert_int_equal(virtio_device_config64(&device, FAKE_VIRTIO_MMIO_CONFIG, &value), VIRTIO_ERR_UNSUPPORTED);
	for (unsigned i = 0; i < fake.registers.count; i++)
		if (fake.registers.trace[i].offset >= VIRTIO_MMIO_CONFIG)
			assert_int_equal(
				fake.registers.trace[i].width, fake.registers.trace[i].offset == 0x106 ? 2 : 4);
}

/* HM-04 */
static uint32_t (*real_read)(void *context, uint64_t offset, unsigned width);

static uint32_t read_restless(void *context, uint64_t offset, unsigned width)
{
	fake.generation++;
	return real_read(context, offset, width);
}

static void test_a_configuration_that_never_stands_still_is_refused(void **state)
{
	(void)state;
	uint64_t value;
	begin();
	real_read = fake.registers.read;
	fake.registers.read = read_restless;
	assert_int_equal(virtio_device_config64(&device, 8, &value), VIRTIO_ERR_PROTOCOL);
}

/* MMIO-12, MMIO-13, HM-03: the fake fails the test when anything else is acknowledged */
static void test_an_interrupt_is_acknowledged_once_and_only_what_is_known_of_it(void **state)
{
	(void)state;
	static const struct {
		uint32_t status;
		uint8_t cause;
	} cases[] = {{1, 1}, {2, 2}, {3, 3}, {0, 0}, {0xfffffffc, 0}, {0x80000001, 1}, {UINT32_MAX, 3}};
	begin();
	assert_int_equal(virtio_device_ready(&device), 0);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		fake.interrupt = cases[i].status;
		fake_region_forget(&fake.registers);
		assert_int_equal(virtio_device_interrupt(&device), cases[i].cause);
		assert_int_equal(fake.interrupt, cases[i].status & ~UINT32_C(3));
		assert_int_equal(
			fake_region_accesses(&fake.registers, true, VIRTIO_MMIO_INTERRUPT_ACK), cases[i].cause ? 1 : 0);
	}
}

/* MMIO-19: what is used after the acknowledgement signals again, and what was used before is there to be taken */
static void test_nothing_is_lost_around_the_acknowledgement(void **state)
{
	(void)state;
	struct fake_device_buffer buffer;
	struct virtqueue_used used[2];
	begin();
	assert_int_equal(add(0), 0);
	assert_int_equal(virtio_device_ready(&device), 0);
	submit_one();
	submit_one();
	assert_true(fake_device_take(&fake.queues[0].ring, &buffer));
	fake_device_return(&fake.queues[0].ring, &buffer, 4);
	fake.interrupt = 1;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	assert_true(fake_device_take(&fake.queues[0].ring, &buffer));
	fake_device_return(&fake.queues[0].ring, &buffer, 4);
	fake.interrupt |= 1;
	assert_int_equal(virtio_queue_get(&queue, used, 2), 2);
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	detach();
}

static void test_a_device_that_has_gone_is_noticed(void **state)
{
	(void)state;
	begin();
	assert_int_equal(virtio_device_ready(&device), 0);
	fake.gone = true;
	assert_int_equal(virtio_device_check(&device), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_device_detach(&device), 0);
}

/* RST-01, INIT-01, MMIO-11: the whole device is stopped by its reset, and can be used again */
static void test_a_reset_stops_all_queues_and_the_device_can_be_used_again(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 2; round++) {
		begin();
		assert_int_equal(add(0), 0);
		detach();
		assert_false(fake.queues[0].ready);
		assert_int_equal(fake.resets, 2 * round);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_notifications_tell_where_the_ring_stands),
		TEST(test_one_queue_is_reset_and_used_again),
		TEST(test_both_feature_words_are_read_and_written),
		TEST(test_nothing_that_has_no_meaning_here_is_accepted),
		TEST(test_a_queue_gets_its_size_and_addresses_before_it_is_ready),
		TEST(test_addresses_above_4_gib_arrive_whole),
		TEST(test_addresses_below_4_gib_arrive_whole),
		TEST(test_a_queue_that_the_device_lacks_is_not_set_up),
		TEST(test_impossible_sizes_are_refused),
		TEST(test_a_queue_that_survived_the_reset_is_refused),
		TEST(test_a_queue_that_never_gets_ready_is_refused),
		TEST(test_a_notification_is_the_number_of_the_queue),
		TEST(test_the_configuration_is_read_at_its_place),
		TEST(test_a_configuration_that_never_stands_still_is_refused),
		TEST(test_an_interrupt_is_acknowledged_once_and_only_what_is_known_of_it),
		TEST(test_nothing_is_lost_around_the_acknowledgement),
		TEST(test_a_device_that_has_gone_is_noticed),
		TEST(test_a_reset_stops_all_queues_and_the_device_can_be_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
