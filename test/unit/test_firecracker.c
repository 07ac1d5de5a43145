/* SPDX-License-Identifier: ISC */
/*
 * The drivers on Firecracker, or a fake of its MMIO devices: version 2 only, few features, every step of 3.1.1 by
 * itself, suppression by event indices alone, and no way back from a device in use (docs/hypervisors.md).
 */
#include <string.h>
#include <virtio/blk.h>
#include <virtio/device.h>
#include <virtio/helper.h>
#include <virtio/net.h>
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/net.h>
#include <virtio/spec/split.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/disk.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"

#define COMMON (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX)
#define SECTORS 4

static struct fake_virtio_mmio fake;
static struct fake_disk disk;
static struct virtio_device device;
static struct virtio_net net;
static struct virtio_blk blk;
static struct virtio_rng rng;

#define requestq (&fake.queues[0].ring)

static void start(uint32_t type, uint64_t features)
{
	fake_virtio_mmio_start(&fake, 2, type, features);
	fake.firecracker = true;
	assert_int_equal(virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all), 0);
	assert_ptr_equal(device.transport, &virtio_mmio_modern_ops);
}

static void start_disk(uint64_t features)
{
	start(VIRTIO_ID_BLOCK, features);
	fake_region_store(&fake.config[VIRTIO_BLK_CONFIG_CAPACITY], 4, FAKE_DISK_SECTORS);
	fake_disk_start(&disk, requestq);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
}

/* Firecracker resets no device in use; a test does. */
static void forget_disk(void)
{
	fake.firecracker = false;
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
}

static struct virtio_blk_request request_of(enum virtio_blk_operation type, struct virtio_segment *segments)
{
	return (struct virtio_blk_request){.type = type, .segments = segments, .segment_count = SECTORS};
}

static void scatter(struct virtio_segment segments[SECTORS])
{
	for (unsigned i = 0; i < SECTORS; i++)
		segments[i] = fake_platform_buffer(512);
}

/* It passes over, in silence, what does not come one step at a time; the fake fails the test there. */
static void test_firecracker_sees_one_status_bit_at_a_time(void **state)
{
	(void)state;
	start_disk(COMMON);
	assert_int_equal(fake.status, 0xf);
	assert_int_equal(fake.accepted, COMMON);
	forget_disk();
}

/* SEG_MAX is not offered, and one data segment is what it then takes: longer requests go in parts. */
static void test_firecracker_takes_one_segment_a_request(void **state)
{
	(void)state;
	struct virtio_segment segments[SECTORS];
	struct virtio_blk_request read = request_of(VIRTIO_BLK_READ, segments), *request = &read;
	start_disk(COMMON);
	disk.max_segments = 1;
	assert_int_equal(blk.max_segments, 1);
	scatter(segments);
	assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
	assert_int_equal(fake_disk_serve(&disk), SECTORS);
	assert_int_equal(virtio_blk_completed(&blk, &request, 1), 1);
	assert_int_equal(read.result, 0);
	for (unsigned i = 0; i < SECTORS; i++)
		assert_memory_equal(segments[i].data, disk.medium[i], 512);
	forget_disk();
}

/* With EVENT_IDX interrupts are asked for, and not asked for, by indices. */
static void test_firecracker_obeys_event_indices(void **state)
{
	(void)state;
	struct virtio_segment segments[SECTORS];
	struct virtio_blk_request read = request_of(VIRTIO_BLK_READ, segments), *request = &read;
	start_disk(COMMON);
	scatter(segments);
	assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
	fake_disk_serve(&disk);
	assert_int_equal(requestq->interrupts, 0);
	assert_int_equal(virtio_blk_completed(&blk, &request, 1), 1);
	assert_false(virtio_blk_enable_interrupts(&blk));
	assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
	fake_disk_serve(&disk);
	assert_int_equal(requestq->interrupts, 1);
	assert_int_equal(virtio_blk_completed(&blk, &request, 1), 1);
	forget_disk();
}

/* Without EVENT_IDX it interrupts however loudly our flags say no, which does nothing but cost time. */
static void test_firecracker_interrupts_whatever_the_flags_say(void **state)
{
	(void)state;
	struct virtio_segment segments[SECTORS];
	struct virtio_blk_request read = request_of(VIRTIO_BLK_READ, segments), *request = &read;
	start_disk(VIRTIO_F_VERSION_1);
	scatter(segments);
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
		fake_disk_serve(&disk);
		fake.interrupt |= 1;
		assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
		assert_int_equal(virtio_blk_completed(&blk, &request, 1), 1);
		fake.interrupt |= 1;
		assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
		assert_int_equal(virtio_blk_completed(&blk, &request, 1), 0);
	}
	forget_disk();
}

/* Its generation never moves: a capacity that the host changes is found by the interrupt, or by looking. */
static void test_firecracker_resizes_a_disk_without_a_new_generation(void **state)
{
	(void)state;
	start_disk(COMMON);
	fake_region_store(&fake.config[VIRTIO_BLK_CONFIG_CAPACITY], 4, 2 * FAKE_DISK_SECTORS);
	fake.interrupt |= 2;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_CONFIG);
	assert_int_equal(virtio_blk_poll_config(&blk), 1);
	assert_true(blk.capacity == 2 * FAKE_DISK_SECTORS);
	forget_disk();
}

/* The reset of a device in use answers FAILED, for ever: said at once, and nothing that it knows is given away. */
static void test_firecracker_does_not_reset_a_device_in_use(void **state)
{
	(void)state;
	start(VIRTIO_ID_ENTROPY, VIRTIO_F_VERSION_1);
	assert_int_equal(virtio_rng_attach(&rng, &device), 0);
	struct virtio_rng held = rng;
	unsigned live = fake_platform_live();
	uint64_t before = fake_platform_time();
	assert_int_equal(virtio_rng_detach(&rng), VIRTIO_ERR_TIMEOUT);
	assert_true(fake_platform_time() - before < VIRTIO_RESET_TIMEOUT / 10);
	assert_true(fake_platform_logged("the device does none"));
	assert_int_equal(fake_platform_live(), live);
	assert_int_equal(fake.status, 0xf | VIRTIO_STATUS_FAILED);
	/* And it stays so. */
	assert_int_equal(virtio_rng_attach(&rng, &device), VIRTIO_ERR_TIMEOUT);
	assert_int_equal(fake_platform_live(), live);
	/* The test knows better: nobody uses it. */
	fake_device_detach(requestq);
	virtqueue_free(&held.answers.queue.ring);
	fake_platform()->dma_free(fake_platform()->context, held.answers.memory,
		(size_t)held.answers.count * held.answers.size, held.answers.address);
}

/* Before it is in use a device is reset as any other, so an attach that failed can be tried again. */
static void test_firecracker_resets_a_device_that_was_never_in_use(void **state)
{
	(void)state;
	start(VIRTIO_ID_BLOCK, COMMON);
	fake_region_store(&fake.config[VIRTIO_BLK_CONFIG_CAPACITY], 4, FAKE_DISK_SECTORS);
	fake_platform_fail_allocation(1);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), VIRTIO_ERR_NO_MEMORY);
	assert_int_equal(fake_platform_live(), 0);
	fake_disk_start(&disk, requestq);
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	forget_disk();
}

/* The network card offers no control queue, no STATUS and no MTU. */
static void test_firecracker_has_a_card_without_control_queue(void **state)
{
	(void)state;
	static struct fake_device_buffer buffer;
	struct virtio_net_frame *frame;
	uint8_t bytes[12 + 60] = {0};
	start(VIRTIO_ID_NET, COMMON | VIRTIO_NET_F_MAC);
	memcpy(fake.config, "\x06\x00\xac\x10\x00\x02", 6);
	assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
	assert_true(net.link_up);
	assert_int_equal(net.mtu, 1500);
	assert_true(fake_device_take(&fake.queues[0].ring, &buffer));
	fake_device_write(&buffer, 0, bytes, sizeof bytes);
	fake_device_return(&fake.queues[0].ring, &buffer, sizeof bytes);
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_int_equal(frame->length, 60);
	fake.firecracker = false;
	assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_firecracker_sees_one_status_bit_at_a_time),
		TEST(test_firecracker_takes_one_segment_a_request),
		TEST(test_firecracker_obeys_event_indices),
		TEST(test_firecracker_interrupts_whatever_the_flags_say),
		TEST(test_firecracker_resizes_a_disk_without_a_new_generation),
		TEST(test_firecracker_does_not_reset_a_device_in_use),
		TEST(test_firecracker_resets_a_device_that_was_never_in_use),
		TEST(test_firecracker_has_a_card_without_control_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
