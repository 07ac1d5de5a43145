/* SPDX-License-Identifier: ISC */
/*
 * The rules by which bhyve kills the machine, crashes or goes silent (docs/hypervisors.md), broken on purpose: those of
 * ports, registers and rings. The fake must see each; otherwise that the drivers pass in test_bhyve.c would mean
 * nothing.
 */
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/pci.h>
#include <virtio/spec/status.h>

#include "fake/bhyve_rogue.h"
#include "fake/cmocka.h"
#include "fake/platform.h"

static void test_0xcf8_takes_32_bit_accesses_only(void **state)
{
	(void)state;
	struct virtio_region config = bhyve_ports(0xcf8, 8);
	virtio_region_write32(&config, 0, 0x80000000);
	assert_int_equal(virtio_region_read32(&config, 4), 0x12751275);
	virtio_region_write16(&config, 0, 0);
	bhyve_rogue_assert_killed("0xCF8");
	bhyve_start();
	virtio_region_write8(&config, 3, 0x80);
	bhyve_rogue_assert_killed("0xCF8");
}

static void test_configuration_space_takes_aligned_accesses_only(void **state)
{
	(void)state;
	struct virtio_region config = bhyve_ports(0xcf8, 8);
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write32(&config, 0, 0x80000000 | 2 << 11);
	assert_int_equal(virtio_region_read16(&config, 6), 0x1000);
	bhyve_assert_alive();
	virtio_region_read16(&config, 5);
	bhyve_rogue_assert_killed("aligned");
}

static void test_msix_is_enabled_by_one_16_bit_write(void **state)
{
	(void)state;
	struct virtio_region config = bhyve_ports(0xcf8, 8);
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write32(&config, 0, 0x80000000 | 2 << 11 | 0x40);
	virtio_region_write16(&config, 6, 0x8000);
	assert_true(bhyve_msix(bhyve_rogue.model));
	virtio_region_write32(&config, 4, 0x80000000);
	bhyve_rogue_assert_killed("16-bit write");
}

static void test_registers_take_their_exact_width(void **state)
{
	(void)state;
	static const uint8_t widths[20] = {[0] = 4, [4] = 4, [8] = 4, [12] = 2, [14] = 2, [16] = 2, [18] = 1, [19] = 1};
	for (unsigned offset = 0; offset < 20; offset++) {
		bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
		virtio_region_read8(&bhyve_rogue.ports, offset);
		assert_int_equal(bhyve_killed() == NULL, widths[offset] == 1);
		bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
		virtio_region_read16(&bhyve_rogue.ports, offset);
		assert_int_equal(bhyve_killed() == NULL, widths[offset] == 2);
		bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
		virtio_region_read32(&bhyve_rogue.ports, offset);
		assert_int_equal(bhyve_killed() == NULL, widths[offset] == 4);
	}
	bhyve_rogue_assert_killed("exact width");
}

static void test_no_access_crosses_the_end_of_bar_0(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	assert_int_equal(bhyve_rogue.model->bar_size, 0x40);
	virtio_region_read32(&bhyve_rogue.ports, 0x3e);
	bhyve_rogue_assert_killed("end of BAR 0");
}

static void test_configuration_begins_at_20_or_with_msix_at_24(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	assert_int_equal(virtio_region_read8(&bhyve_rogue.ports, 20), 0x58);
	assert_int_equal(virtio_region_read16(&bhyve_rogue.ports, 21), 0xfc9c);
	virtio_region_read32(&bhyve_rogue.ports, 29);
	bhyve_rogue_assert_killed("behind the device's configuration");
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	bhyve_rogue.model->pci[0x43] |= 0x80;
	assert_int_equal(virtio_region_read16(&bhyve_rogue.ports, 20), VIRTIO_NO_VECTOR);
	virtio_region_write16(&bhyve_rogue.ports, 20, 77);
	assert_int_equal(virtio_region_read16(&bhyve_rogue.ports, 20), 77);
	assert_int_equal(virtio_region_read8(&bhyve_rogue.ports, 24), 0x58);
	bhyve_assert_alive();
	virtio_region_read8(&bhyve_rogue.ports, 20);
	bhyve_rogue_assert_killed("exact width");
}

static void test_configuration_is_not_written(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write16(&bhyve_rogue.ports, 20, VIRTIO_NO_VECTOR); /* a vector, without MSI-X: the MAC address */
	bhyve_rogue_assert_killed("write to the device's configuration");
}

static void test_the_entropy_device_has_nothing_at_20(void **state)
{
	(void)state;
	for (unsigned offset = 20; offset < 32; offset++) {
		bhyve_rogue_machine(VIRTIO_ID_ENTROPY, BHYVE_OLD);
		virtio_region_read8(&bhyve_rogue.ports, offset);
		bhyve_rogue_assert_killed("entropy");
	}
}

static void test_features_are_written_exactly_once(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, 0);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 0);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, 0);
	bhyve_assert_alive();
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, 0);
	bhyve_rogue_assert_killed("once for each reset");
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_NEW);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 7);
	bhyve_rogue_assert_killed("never written");
}

static void test_only_what_is_offered_is_accepted_and_not_notify_on_empty(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, (uint32_t)VIRTIO_F_EVENT_IDX);
	bhyve_rogue_assert_killed("not offered");
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write32(
		&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, (uint32_t)VIRTIO_F_NOTIFY_ON_EMPTY);
	bhyve_rogue_assert_killed("NOTIFY_ON_EMPTY");
}

static void test_status_bits_stay_and_features_ok_is_unknown(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 3);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 1);
	bhyve_rogue_assert_killed("taken back");
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 0xb);
	bhyve_rogue_assert_killed("FEATURES_OK");
}

static void test_page_0_is_no_queue_and_rings_lie_in_memory(void **state)
{
	(void)state;
	bhyve_rogue_live(VIRTIO_ID_BLOCK, BHYVE_OLD, 0);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS, 0);
	bhyve_rogue_assert_killed("page 0");
	bhyve_rogue_machine(VIRTIO_ID_BLOCK, BHYVE_OLD);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS, 0x12345);
	bhyve_rogue_assert_killed("ring outside memory");
	bhyve_rogue_machine(VIRTIO_ID_BLOCK, BHYVE_OLD);
	virtio_region_write16(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_SELECT, 1);
	assert_int_equal(virtio_region_read16(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_SIZE), 0);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS, 1);
	bhyve_rogue_assert_killed("not there");
}

static void test_only_queues_with_memory_are_notified_after_driver_ok(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue_notify(1);
	bhyve_rogue_assert_killed("not there");
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	bhyve_rogue_notify(1);
	bhyve_rogue_assert_killed("without memory");
	bhyve_rogue_disk();
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 0);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS,
		(uint32_t)(bhyve_rogue.vq.addresses.descriptors >> 12));
	bhyve_rogue_notify(0);
	bhyve_rogue_assert_killed("before DRIVER_OK");
}

static void test_an_indirect_descriptor_must_be_negotiated(void **state)
{
	(void)state;
	bhyve_rogue_start(VIRTIO_ID_BLOCK, BHYVE_OLD, 0, 0, true);
	bhyve_rogue_request(VIRTIO_BLK_T_IN, 0);
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("indirect");
}

static void test_a_chain_has_512_descriptors_at_most(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	struct virtq_desc *descriptors = bhyve_rogue.vq.descriptors;
	for (unsigned i = 0; i < bhyve_rogue.vq.size; i++)
		descriptors[i] = (struct virtq_desc){.addr = le64_from(bhyve_rogue.parts[0].device_address),
			.len = le32_from(16),
			.flags = le16_from(VIRTQ_DESC_F_NEXT),
			.next = le16_from((uint16_t)((i + 1) % bhyve_rogue.vq.size))};
	((struct virtq_avail *)bhyve_rogue.vq.driver)->idx = le16_from(1);
	bhyve_rogue_notify(0);
	bhyve_rogue_assert_killed("more than 512");
}

static void test_indices_stay_within_the_queue(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	((struct virtq_avail *)bhyve_rogue.vq.driver)->idx = le16_from((uint16_t)(bhyve_rogue.vq.size + 1));
	bhyve_rogue_notify(0);
	bhyve_rogue_assert_killed("ahead");
	bhyve_rogue_disk();
	struct le16 *ring = (struct le16 *)((struct virtq_avail *)bhyve_rogue.vq.driver + 1);
	ring[0] = le16_from(bhyve_rogue.vq.size);
	((struct virtq_avail *)bhyve_rogue.vq.driver)->idx = le16_from(1);
	bhyve_rogue_notify(0);
	bhyve_rogue_assert_killed("outside the queue");
}

static void test_data_lies_in_memory(void **state)
{
	(void)state;
	bhyve_rogue_disk();
	bhyve_rogue.parts[1].device_address = 0xdead0000;
	bhyve_rogue_send(1, 2);
	bhyve_rogue_assert_killed("outside memory");
}

/* After the first broken rule the machine answers nothing, and remembers only that one. */
static void test_a_killed_machine_stays_dead(void **state)
{
	(void)state;
	bhyve_rogue_machine(VIRTIO_ID_NET, BHYVE_OLD);
	virtio_region_read8(&bhyve_rogue.ports, 0);
	assert_int_equal(virtio_region_read32(&bhyve_rogue.ports, 0), UINT32_MAX);
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 1);
	assert_int_equal(bhyve_rogue.model->status, 0);
	bhyve_rogue_assert_killed("exact width");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bhyve_rogue_setup, bhyve_rogue_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_0xcf8_takes_32_bit_accesses_only),
		TEST(test_configuration_space_takes_aligned_accesses_only),
		TEST(test_msix_is_enabled_by_one_16_bit_write),
		TEST(test_registers_take_their_exact_width),
		TEST(test_no_access_crosses_the_end_of_bar_0),
		TEST(test_configuration_begins_at_20_or_with_msix_at_24),
		TEST(test_configuration_is_not_written),
		TEST(test_the_entropy_device_has_nothing_at_20),
		TEST(test_features_are_written_exactly_once),
		TEST(test_only_what_is_offered_is_accepted_and_not_notify_on_empty),
		TEST(test_status_bits_stay_and_features_ok_is_unknown),
		TEST(test_page_0_is_no_queue_and_rings_lie_in_memory),
		TEST(test_only_queues_with_memory_are_notified_after_driver_ok),
		TEST(test_an_indirect_descriptor_must_be_negotiated),
		TEST(test_a_chain_has_512_descriptors_at_most),
		TEST(test_indices_stay_within_the_queue),
		TEST(test_data_lies_in_memory),
		TEST(test_a_killed_machine_stays_dead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
