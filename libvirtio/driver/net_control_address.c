/* SPDX-License-Identifier: ISC */
/* Commands about which frames are ours: our address, filters, announcing (VIRTIO 5.1.6.5.1 to 5.1.6.5.4). */
#include "driver/net_control.h"

static void mac_done(struct virtio_net *net, bool well)
{
	for (unsigned i = 0; well && i < sizeof net->mac; i++)
		net->mac[i] = (uint8_t)(net->control->argument >> (8 * i));
}

int virtio_net_set_mac(struct virtio_net *net, const uint8_t mac[6])
{
	uint64_t number = 0;
	for (unsigned i = 0; i < 6; i++)
		number |= (uint64_t)mac[i] << (8 * i);
	if (number == 0 || mac[0] & 1)
		return VIRTIO_ERR_INVALID;
	int result = virtio_net_command_begin(net, VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CTRL_RX,
		VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET);
	if (result < 0)
		return result;
	__builtin_memcpy(virtio_net_command_data(net, 6), mac, 6);
	net->control->argument = number;
	return virtio_net_command_submit(net, mac_done);
}

int virtio_net_set_receive_mode(struct virtio_net *net, unsigned mode, bool on)
{
	uint64_t feature = mode > VIRTIO_NET_CTRL_RX_ALLMULTI ? VIRTIO_NET_F_CTRL_RX_EXTRA : VIRTIO_NET_F_CTRL_RX;
	if (mode > VIRTIO_NET_CTRL_RX_NOBCAST)
		return VIRTIO_ERR_INVALID;
	int result = virtio_net_command_begin(net, feature, VIRTIO_NET_CTRL_RX, (uint8_t)mode);
	if (result < 0)
		return result;
	*(uint8_t *)virtio_net_command_data(net, 1) = on;
	return virtio_net_command_submit(net, NULL);
}

/* One table of 5.1.6.5.2: how many, and the addresses. A piece of its own, also when it is empty. */
static void put_table(struct virtio_net *net, const uint8_t *addresses, unsigned count)
{
	uint8_t *table = virtio_net_command_data(net, 4 + 6 * count);
	struct le32 entries = le32_from(count);
	__builtin_memcpy(table, &entries, sizeof entries);
	if (count > 0)
		__builtin_memcpy(table + 4, addresses, (size_t)6 * count);
}

VIRTIO_STATIC_ASSERT(NET_CONTROL_DATA + 4 + 4 + 6 * VIRTIO_NET_MAC_FILTER_MAX + 2 * 7 <= NET_CONTROL_MEMORY,
	"both tables fit the command's memory");

int virtio_net_set_mac_filter(struct virtio_net *net, const uint8_t *unicast, unsigned unicast_count,
	const uint8_t *multicast, unsigned multicast_count)
{
	if (unicast_count > VIRTIO_NET_MAC_FILTER_MAX || multicast_count > VIRTIO_NET_MAC_FILTER_MAX - unicast_count)
		return VIRTIO_ERR_TOO_LARGE;
	int result =
		virtio_net_command_begin(net, VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET);
	if (result < 0)
		return result;
	put_table(net, unicast, unicast_count);
	put_table(net, multicast, multicast_count);
	return virtio_net_command_submit(net, NULL);
}

int virtio_net_set_vlan(struct virtio_net *net, uint16_t id, bool receive)
{
	struct le16 raw = le16_from(id);
	if (id > 4095)
		return VIRTIO_ERR_INVALID;
	int result = virtio_net_command_begin(net, VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_CTRL_VLAN,
		receive ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL);
	if (result < 0)
		return result;
	__builtin_memcpy(virtio_net_command_data(net, sizeof raw), &raw, sizeof raw);
	return virtio_net_command_submit(net, NULL);
}

static void announce_done(struct virtio_net *net, bool well)
{
	if (well)
		net->announce = false;
}

int virtio_net_acknowledge_announce(struct virtio_net *net)
{
	int result = virtio_net_command_begin(
		net, VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK);
	return result < 0 ? result : virtio_net_command_submit(net, announce_done);
}
