/* SPDX-License-Identifier: ISC */
/* The fake network device's control queue, by 5.1.6.5. */
#include "fake/net_control.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

struct fake_net_control fake_net_control;

static uint16_t max_pairs;

static void serve_on_wait(void *context)
{
	(void)context;
	fake_net_control_serve();
}

void fake_net_control_start(uint64_t features, uint16_t pairs)
{
	max_pairs = pairs;
	memset(&fake_net_control, 0, sizeof fake_net_control);
	fake_net_control.said = 0xdead;
	fake_net_start(features | VIRTIO_NET_F_CTRL_VQ);
	fake_net_config16(VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS, pairs);
	for (unsigned i = 2; i < FAKE_TRANSPORT_QUEUES; i++)
		fake_net.transport.queues[i].size = i <= 2u * (pairs ? pairs : 1) ? FAKE_TRANSPORT_QUEUE_SIZE : 0;
	fake_platform_on_wait(serve_on_wait, NULL);
}

struct fake_device_ring *fake_net_controlq(void)
{
	bool several = (fake_net.transport.accepted & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)) != 0;

	return &fake_net.transport.queues[several ? 2 * max_pairs : 2].ring;
}

/* What a command needs to be allowed, and how long its data is; UINT32_MAX: it varies. */
struct kind {
	uint8_t command_class, command;
	uint64_t features;
	uint32_t length;
};

static const struct kind kinds[] = {
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, VIRTIO_NET_F_CTRL_RX, 1},
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, VIRTIO_NET_F_CTRL_RX, 1},
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOMULTI, VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOUNI, VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
	{VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOBCAST, VIRTIO_NET_F_CTRL_RX_EXTRA, 1},
	{VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, VIRTIO_NET_F_CTRL_RX, UINT32_MAX},
	{VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CTRL_RX, 6},
	{VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_ADD, VIRTIO_NET_F_CTRL_VLAN, 2},
	{VIRTIO_NET_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN_DEL, VIRTIO_NET_F_CTRL_VLAN, 2},
	{VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, VIRTIO_NET_F_GUEST_ANNOUNCE, 0},
	{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, VIRTIO_NET_F_MQ, 2},
	{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG, VIRTIO_NET_F_RSS, UINT32_MAX},
	{VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG, VIRTIO_NET_F_HASH_REPORT, UINT32_MAX},
	{VIRTIO_NET_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, 8},
	{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, VIRTIO_NET_F_NOTF_COAL, 8},
	{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, VIRTIO_NET_F_NOTF_COAL, 8},
	{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, VIRTIO_NET_F_VQ_NOTF_COAL, 12},
	{VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, VIRTIO_NET_F_VQ_NOTF_COAL, 4},
};

static void check_command(void)
{
	const struct fake_net_control *got = &fake_net_control;

	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].command_class != got->command_class || kinds[i].command != got->command)
			continue;
		if ((fake_net.transport.accepted & kinds[i].features) != kinds[i].features)
			fail_msg("command %u of class %u was not agreed on", got->command, got->command_class);
		if (kinds[i].length != UINT32_MAX)
			assert_int_equal(got->length, kinds[i].length);
		return;
	}
	fail_msg("there is no command %u of class %u", got->command, got->command_class);
}

/* NET-L3: class and command alone, each piece alone (the table of addresses: two), the ack alone. */
static void check_layout(const struct fake_device_buffer *buffer, bool get)
{
	bool table = fake_net_control.command_class == VIRTIO_NET_CTRL_MAC &&
		     fake_net_control.command == VIRTIO_NET_CTRL_MAC_TABLE_SET;

	assert_int_equal(buffer->elements[0].length, 2);
	assert_int_equal(buffer->writable_bytes, get ? 9 : 1);
	assert_int_equal(buffer->elements[buffer->count - 1].length, 1);
	assert_int_equal(fake_net_control.pieces, table ? 2 : fake_net_control.length > 0);
}

bool fake_net_control_serve(void)
{
	struct fake_net_control *got = &fake_net_control;
	struct fake_device_ring *ring = fake_net_controlq();
	uint8_t bytes[2];
	bool get;

	if (!ring->ops || !fake_device_take(ring, &fake_net.buffer))
		return false;
	fake_device_read(&fake_net.buffer, 0, bytes, 2);
	got->command_class = bytes[0];
	got->command = bytes[1];
	got->length = fake_net.buffer.readable_bytes - 2;
	assert_true(got->length <= sizeof got->data);
	fake_device_read(&fake_net.buffer, 2, got->data, got->length);
	get = got->command_class == VIRTIO_NET_CTRL_NOTF_COAL && got->command == VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET;
	got->pieces = fake_net.buffer.count - (get ? 3 : 2);
	got->count++;
	check_command();
	check_layout(&fake_net.buffer, get);
	if (get)
		fake_device_write(&fake_net.buffer, 0, got->answer, 8);
	if (!got->silent)
		fake_device_write(&fake_net.buffer, get ? 8 : 0, &got->ack, 1);
	fake_device_return(ring, &fake_net.buffer, got->said);
	return true;
}
