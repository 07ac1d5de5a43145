/* SPDX-License-Identifier: ISC */
/* The drivers over both versions of the MMIO transport: attach, traffic, interrupts, detach, again. */
#include <string.h>
#include <virtio/blk.h>
#include <virtio/device.h>
#include <virtio/net.h>
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/net.h>
#include <virtio/spec/status.h>

#include "fake/cmocka.h"
#include "fake/disk.h"
#include "fake/platform.h"
#include "fake/virtio_mmio.h"

#define FRAME 100

static struct fake_virtio_mmio fake;
static struct fake_disk disk;
static struct virtio_device device;
static struct virtio_net net;
static struct virtio_blk blk;

static const uint64_t common_features[] = {
	[1] = VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
	[2] = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
};

static void start(uint32_t version, uint32_t type, uint64_t features)
{
	fake_platform_start();
	fake_virtio_mmio_start(&fake, version, type, common_features[version] | features);
	assert_int_equal(virtio_mmio_open(&device, fake_platform(), &fake.window, &virtio_support_all), 0);
}

/* What a device does with its line when it has used a buffer; the driver then acknowledges. */
static void interrupt(void)
{
	fake.interrupt |= 1;
	assert_int_equal(virtio_device_interrupt(&device), VIRTIO_INTERRUPT_QUEUE);
	assert_int_equal(fake.interrupt, 0);
}

static void receive_a_frame(uint32_t header)
{
	static struct fake_device_buffer buffer;
	struct virtio_net_frame *frame;
	uint8_t bytes[12 + FRAME];

	memset(bytes, 0, header);
	memset(bytes + header, 0x5a, FRAME);
	assert_int_equal(virtio_net_enable_receive_interrupts(&net), 0);
	assert_true(fake_device_take(&fake.queues[0].ring, &buffer));
	fake_device_write(&buffer, 0, bytes, header + FRAME);
	assert_true(fake_device_return(&fake.queues[0].ring, &buffer, header + FRAME));
	interrupt();
	assert_int_equal(virtio_net_receive(&net, &frame, 1), 1);
	assert_int_equal(frame->length, FRAME);
	assert_memory_equal(virtio_net_frame_data(frame), bytes + header, FRAME);
	assert_int_equal(virtio_net_release(&net, &frame, 1), 1);
}

static void transmit_a_frame(uint32_t header)
{
	static struct fake_device_buffer buffer;
	struct virtio_segment memory = fake_platform_buffer(VIRTIO_NET_HEADROOM + FRAME);
	struct virtio_net_frame frame, *frames[] = {&frame};
	uint8_t bytes[FRAME];

	virtio_net_frame_init(&frame, memory.data, memory.device_address, memory.length);
	frame.length = FRAME;
	memset(virtio_net_frame_data(&frame), 0x33, FRAME);
	unsigned before = fake.queues[1].notifications;
	assert_int_equal(virtio_net_transmit(&net, frames, 1), 1);
	assert_int_equal(fake.queues[1].notifications, before + 1);
	assert_int_equal(fake.queues[1].notified, 1);
	assert_true(fake_device_take(&fake.queues[1].ring, &buffer));
	assert_int_equal(buffer.readable_bytes, header + FRAME);
	fake_device_read(&buffer, header, bytes, FRAME);
	assert_memory_equal(bytes, virtio_net_frame_data(&frame), FRAME);
	fake_device_return(&fake.queues[1].ring, &buffer, 0);
	assert_int_equal(virtio_net_transmitted(&net, frames, 1), 1);
}

static void use_net(uint32_t version, uint64_t ring)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x01, 0x02, 0x03};
	uint32_t header = version == 2 ? 12 : 10;

	start(version, VIRTIO_ID_NET, ring | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS);
	memcpy(fake.config, mac, sizeof mac);
	fake.config[VIRTIO_NET_CONFIG_STATUS] = VIRTIO_NET_S_LINK_UP;
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(virtio_net_attach(&net, &device, NULL), 0);
		assert_memory_equal(net.mac, mac, sizeof mac);
		assert_true(fake.queues[0].notifications > 0); /* there are buffers to receive into */
		for (unsigned i = 0; i < 300; i++) {           /* more than the ring has entries */
			receive_a_frame(header);
			transmit_a_frame(header);
		}
		assert_int_equal(virtio_net_detach(&net, NULL, NULL), 0);
	}
	fake_platform_finish();
}

static void test_net_over_version_2(void **state)
{
	(void)state;
	use_net(2, 0);
	use_net(2, VIRTIO_F_RING_PACKED);
}

static void test_net_over_version_1(void **state)
{
	(void)state;
	use_net(1, 0);
}

static int execute(struct virtio_blk_request *request)
{
	struct virtio_blk_request *done = NULL;

	assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
	assert_int_equal(fake_disk_serve(&disk), 1);
	interrupt();
	assert_int_equal(virtio_blk_completed(&blk, &done, 1), 1);
	assert_ptr_equal(done, request);
	return done->result;
}

static void use_sector(uint64_t sector)
{
	struct virtio_segment segment = fake_platform_buffer(512);
	struct virtio_blk_request read = {
		.type = VIRTIO_BLK_READ, .sector = sector, .segments = &segment, .segment_count = 1};
	struct virtio_blk_request write = {
		.type = VIRTIO_BLK_WRITE, .sector = sector, .segments = &segment, .segment_count = 1};

	assert_int_equal(execute(&read), 0);
	assert_memory_equal(segment.data, disk.medium[sector], 512);
	memset(segment.data, 0x77, 512);
	assert_int_equal(execute(&write), 0);
	assert_memory_equal(segment.data, disk.medium[sector], 512);
}

static void use_blk(uint32_t version, uint64_t ring)
{
	start(version, VIRTIO_ID_BLOCK, ring | VIRTIO_BLK_F_FLUSH);
	fake_region_store(&fake.config[VIRTIO_BLK_CONFIG_CAPACITY], 4, FAKE_DISK_SECTORS);
	fake_disk_start(&disk, &fake.queues[0].ring);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
		assert_true(blk.capacity == FAKE_DISK_SECTORS);
		for (uint64_t sector = 0; sector < FAKE_DISK_SECTORS; sector++)
			use_sector(sector);
		assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	}
	fake_platform_finish();
}

static void test_blk_over_version_2(void **state)
{
	static const uint64_t rings[] = {
		0, VIRTIO_F_RING_PACKED, VIRTIO_F_IN_ORDER, VIRTIO_F_RING_PACKED | VIRTIO_F_IN_ORDER};

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		use_blk(2, rings[i]);
}

static void test_blk_over_version_1(void **state)
{
	(void)state;
	use_blk(1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net_over_version_2),
		cmocka_unit_test(test_net_over_version_1),
		cmocka_unit_test(test_blk_over_version_2),
		cmocka_unit_test(test_blk_over_version_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
