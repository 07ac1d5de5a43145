/* SPDX-License-Identifier: ISC */
/* A driver for the fake bhyve that does whatever a test says. */
#include "fake/bhyve_rogue.h"

#include <string.h>

#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/pci.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

struct bhyve_rogue bhyve_rogue;

int bhyve_rogue_setup(void **state)
{
	(void)state;
	fake_platform_start();
	bhyve_start();
	memset(&bhyve_rogue.vq, 0, sizeof bhyve_rogue.vq);
	return 0;
}

int bhyve_rogue_teardown(void **state)
{
	virtqueue_free(&bhyve_rogue.vq);
	return fake_platform_teardown(state);
}

void bhyve_rogue_assert_killed(const char *rule)
{
	assert_non_null(bhyve_killed());
	if (!strstr(bhyve_killed(), rule))
		fail_msg("killed by \"%s\" and not by \"%s\"", bhyve_killed(), rule);
}

void bhyve_rogue_machine(uint32_t type, enum bhyve_version version)
{
	bhyve_start();
	bhyve_rogue.model = bhyve_add(type, version);
	bhyve_rogue.ports = bhyve_ports(bhyve_bar(bhyve_rogue.model), 0x100);
}

void bhyve_rogue_start(uint32_t type, enum bhyve_version version, uint32_t features, uint16_t queue, bool tables)
{
	bhyve_rogue_machine(type, version);
	struct virtqueue_config config = {
		.platform = fake_platform(),
		.ops = &virtqueue_split_ops,
		.features = tables ? VIRTIO_F_INDIRECT_DESC : 0,
		.alignment = 4096,
		.size = bhyve_rogue.model->queues[0].size,
		.max_segments = 64,
	};
	virtqueue_free(&bhyve_rogue.vq);
	assert_int_equal(virtqueue_init(&bhyve_rogue.vq, &config), 0);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DRIVER_FEATURES, features);
	virtio_region_write16(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_SELECT, queue);
	virtio_region_write32(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_ADDRESS,
		(uint32_t)(bhyve_rogue.vq.addresses.descriptors >> 12));
	virtio_region_write8(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_DEVICE_STATUS, 7);
	bhyve_assert_alive();
}

void bhyve_rogue_live(uint32_t type, enum bhyve_version version, uint32_t features)
{
	bhyve_rogue_start(type, version, features, 0, false);
}

void bhyve_rogue_notify(uint16_t index)
{
	virtio_region_write16(&bhyve_rogue.ports, VIRTIO_PCI_LEGACY_QUEUE_NOTIFY, index);
}

void bhyve_rogue_send_to(uint16_t queue, uint16_t readable, uint16_t writable)
{
	struct virtqueue_buffer buffer = {bhyve_rogue.parts, &bhyve_rogue.vq, readable, writable};
	assert_int_equal(virtqueue_add(&bhyve_rogue.vq, &buffer, 1), 1);
	(void)!virtqueue_publish(&bhyve_rogue.vq);
	bhyve_rogue_notify(queue);
}

void bhyve_rogue_send(uint16_t readable, uint16_t writable)
{
	bhyve_rogue_send_to(0, readable, writable);
}

void bhyve_rogue_request(uint32_t type, uint64_t sector)
{
	struct virtio_blk_req header = {.type = le32_from(type), .sector = le64_from(sector)};
	bhyve_rogue.parts[0] = fake_platform_buffer(16);
	memcpy(bhyve_rogue.parts[0].data, &header, sizeof header);
	bhyve_rogue.parts[1] = fake_platform_buffer(512);
	bhyve_rogue.parts[2] = fake_platform_buffer(1);
}

void bhyve_rogue_disk(void)
{
	bhyve_rogue_start(VIRTIO_ID_BLOCK, BHYVE_OLD, VIRTIO_F_INDIRECT_DESC, 0, true);
	bhyve_rogue_request(VIRTIO_BLK_T_IN, 0);
}
