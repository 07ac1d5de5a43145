/* SPDX-License-Identifier: ISC */
/*
 * The drivers on what Cloud Hypervisor has: modern PCI alone, with registers far above 4 GiB, and MSI-X in place of a
 * line (docs/hypervisors.md). A disk is driven through it, down to the fake registers and the fake table.
 */
#include <virtio/blk.h>
#include <virtio/device.h>
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "fake/cmocka.h"
#include "fake/disk.h"
#include "fake/msix.h"
#include "fake/platform.h"
#include "fake/virtio_pci.h"

#define INTERRUPT_LINE 0x3c
#define FEATURES                                                                                                   \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_MQ | \
		VIRTIO_BLK_F_TOPOLOGY)

_Static_assert(FAKE_VIRTIO_PCI_BAR >= UINT64_C(1) << 32, "the fake registers are where 32 bits do not reach");

static struct fake_virtio_pci fake;
static struct fake_msix msix;
static struct fake_disk disk;
static struct fake_device_ring ring;
static struct virtio_device device;
static struct virtio_blk blk;

static const struct virtio_msix_message messages[] = {{0xfee00000, 64}, {0xfee00000, 65}};

static void open_disk(void)
{
	fake_virtio_pci_start_modern(&fake, VIRTIO_ID_BLOCK, FEATURES);
	fake_region_store(&fake.config[VIRTIO_BLK_CONFIG_CAPACITY], 4, FAKE_DISK_SECTORS);
	/* No pin, and the line reads as firmware that never ran leaves it. */
	fake.function->config[INTERRUPT_LINE] = 0xff;
	fake.function->config[INTERRUPT_LINE + 1] = 0;
	fake_msix_start(&msix, fake.function, 2);
	assert_int_equal(virtio_pci_open(&device, fake_platform(), &fake.found, &virtio_support_all), 0);
}

/* The fake registers keep what the driver wrote; here a device begins to look at it. */
static void attach_disk(void)
{
	assert_int_equal(virtio_blk_attach(&blk, &device, NULL), 0);
	const uint64_t *at = fake.queues[0].addresses;
	const struct virtqueue_addresses addresses = {.descriptors = at[0], .driver = at[1], .device = at[2]};
	fake_device_attach(&ring, &fake_device_split, &addresses, fake.queues[0].size, fake.accepted);
	fake_disk_start(&disk, &ring);
}

static void detach_disk(void)
{
	assert_int_equal(virtio_blk_detach(&blk, NULL, NULL), 0);
	fake_device_detach(&ring);
	assert_int_equal(fake_platform_live(), 0);
}

static void read_a_sector(uint64_t sector)
{
	struct virtio_segment segment = fake_platform_buffer(512);
	struct virtio_blk_request read = {
		.type = VIRTIO_BLK_READ, .sector = sector, .segments = &segment, .segment_count = 1};
	struct virtio_blk_request *request = &read;

	assert_int_equal(virtio_blk_submit(&blk, &request, 1), 1);
	assert_int_equal(fake_disk_serve(&disk), 1);
	assert_int_equal(virtio_blk_completed(&blk, &request, 1), 1);
	assert_int_equal(read.result, 0);
	assert_memory_equal(segment.data, disk.medium[sector], 512);
}

/* A driver that took 32 bits of the BAR would look elsewhere. */
static void test_cloud_hypervisor_has_its_registers_above_4_gib(void **state)
{
	(void)state;
	open_disk();
	assert_ptr_equal(device.transport, &virtio_pci_modern_ops);
	attach_disk();
	for (uint64_t sector = 0; sector < FAKE_DISK_SECTORS; sector++)
		read_a_sector(sector);
	detach_disk();
}

/* A runtime that asks for the line is told that there is none. */
static void test_cloud_hypervisor_has_no_interrupt_line(void **state)
{
	(void)state;
	open_disk();
	assert_int_equal(virtio_pci_interrupt_pin(&device.function), 0);
	assert_int_equal(virtio_pci_interrupt_line(&device.function), VIRTIO_ERR_UNSUPPORTED);
}

static void test_cloud_hypervisor_interrupts_by_msix_alone(void **state)
{
	(void)state;
	struct virtio_msix_message message;
	open_disk();
	assert_int_equal(virtio_pci_use_msix(&device, messages, 2), 2);
	for (unsigned round = 0; round < 2; round++) {
		attach_disk();
		assert_int_equal(fake.config_vector, 0);
		assert_int_equal(fake.queues[0].vector, 1);
		assert_false(virtio_blk_enable_interrupts(&blk));
		read_a_sector(round);
		assert_int_equal(ring.interrupts, 1);
		assert_true(fake_msix_send(&msix, fake.queues[0].vector, &message));
		assert_int_equal(message.data, 65);
		detach_disk();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_platform_setup, fake_platform_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cloud_hypervisor_has_its_registers_above_4_gib),
		TEST(test_cloud_hypervisor_has_no_interrupt_line),
		TEST(test_cloud_hypervisor_interrupts_by_msix_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
