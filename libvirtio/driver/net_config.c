/* SPDX-License-Identifier: ISC */
/* What the network device tells of itself: address, link, MTU, speed (VIRTIO 5.1.4). */
#include "device/log.h"
#include "driver/net_internal.h"

static bool mac_usable(const uint8_t mac[6])
{
	unsigned any = 0;
	for (unsigned i = 0; i < 6; i++)
		any |= mac[i];
	return any != 0 && (mac[0] & 1) == 0;
}

/* 5.1.4.2: a locally administered, unicast address, another one for each device and, with the clock, each start. */
static void mac_make_up(struct virtio_net *net)
{
	const struct virtio_platform *platform = net->device->platform;
	net->mac_made_up = true;
	if (net->options.address && mac_usable(net->options.address)) {
		__builtin_memcpy(net->mac, net->options.address, sizeof net->mac);
		return;
	}
	uint64_t seed = platform->now(platform->context) ^ ((uint64_t)net->device->function.address << 48);
	seed = (seed ^ (seed >> 31)) * UINT64_C(0x9e3779b97f4a7c15); /* odd: different seeds stay different */
	seed ^= seed >> 29;
	const struct le64 address = le64_from((seed & ~UINT64_C(0xff)) | 0x02);
	__builtin_memcpy(net->mac, &address, sizeof net->mac);
}

static int net_read_mac(struct virtio_net *net)
{
	struct virtio_device *dev = net->device;
	if (virtio_device_has(dev, VIRTIO_NET_F_MAC)) {
		int result = virtio_device_read_config(dev, VIRTIO_NET_CONFIG_MAC, net->mac, sizeof net->mac, 1);
		if (result < 0 || mac_usable(net->mac))
			return result;
		virtio_device_log(dev, VIRTIO_LOG_WARNING, "its MAC address is zero or multicast");
	}
	mac_make_up(net);
	return 0;
}

/* 5.1.4.2: without STATUS the link counts as up. */
static int net_read_link(struct virtio_net *net)
{
	uint16_t status = VIRTIO_NET_S_LINK_UP;
	if (virtio_device_has(net->device, VIRTIO_NET_F_STATUS)) {
		int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_STATUS, &status);
		if (result < 0)
			return result;
	}
	net->link_up = (status & VIRTIO_NET_S_LINK_UP) != 0;
	net->announce = status & VIRTIO_NET_S_ANNOUNCE && virtio_device_has(net->device, VIRTIO_NET_F_GUEST_ANNOUNCE);
	return 0;
}

/* 5.1.4.2: numbers out of range count as unknown. One line of the specification turns the modes round; 1 is full. */
static int net_read_speed(struct virtio_net *net)
{
	uint32_t speed = VIRTIO_NET_SPEED_UNKNOWN;
	uint8_t duplex = VIRTIO_NET_DUPLEX_UNKNOWN;
	if (virtio_device_has(net->device, VIRTIO_NET_F_SPEED_DUPLEX)) {
		int result = virtio_device_config32(net->device, VIRTIO_NET_CONFIG_SPEED, &speed);
		if (result == 0)
			result = virtio_device_config8(net->device, VIRTIO_NET_CONFIG_DUPLEX, &duplex);
		if (result < 0)
			return result;
	}
	net->speed = speed <= INT32_MAX ? speed : VIRTIO_NET_SPEED_UNKNOWN;
	net->duplex = duplex <= VIRTIO_NET_FULL_DUPLEX ? duplex : VIRTIO_NET_DUPLEX_UNKNOWN;
	return 0;
}

int virtio_net_read_config(struct virtio_net *net)
{
	int result = net_read_mac(net);
	if (result == 0)
		result = net_read_link(net);
	return result < 0 ? result : net_read_speed(net);
}

void virtio_net_set_mtu(struct virtio_net *net, uint16_t mtu)
{
	net->mtu = mtu < net->mtu_limit ? mtu : net->mtu_limit;
	/* Relaxed: other processors may transmit now, and need to see no more than one or the other number. */
	for (unsigned i = 0; i < net->pairs; i++)
		__atomic_store_n(&virtio_net_pair(net, i)->transmit.longest, net->mtu + (uint32_t)VIRTIO_NET_ETHERNET,
			__ATOMIC_RELAXED);
}

static int net_read_mtu(struct virtio_net *net)
{
	uint16_t mtu;
	if (!virtio_device_has(net->device, VIRTIO_NET_F_MTU))
		return 0;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_MTU, &mtu);
	if (result == 0 && mtu >= VIRTIO_NET_MIN_MTU)
		virtio_net_set_mtu(net, mtu);
	return result;
}

/* What is different now from what it was in BEFORE. */
static int net_changes(const struct virtio_net *net, const struct virtio_net *before)
{
	int changes = 0;
	if (net->link_up != before->link_up)
		changes |= VIRTIO_NET_CHANGED_LINK;
	if (net->mtu != before->mtu)
		changes |= VIRTIO_NET_CHANGED_MTU;
	if (net->speed != before->speed || net->duplex != before->duplex)
		changes |= VIRTIO_NET_CHANGED_SPEED;
	if (net->announce && !before->announce)
		changes |= VIRTIO_NET_CHANGED_ANNOUNCE;
	return changes;
}

int virtio_net_poll_config(struct virtio_net *net)
{
	const struct virtio_net before = {.mtu = net->mtu,
		.link_up = net->link_up,
		.announce = net->announce,
		.duplex = net->duplex,
		.speed = net->speed};
	int result = virtio_device_check(net->device);
	if (result == 0)
		result = net_read_link(net);
	if (result == 0)
		result = net_read_mtu(net);
	if (result == 0)
		result = net_read_speed(net);
	if (result < 0)
		return result;
	int changes = net_changes(net, &before);
	if (changes & ~VIRTIO_NET_CHANGED_ANNOUNCE)
		virtio_device_log(
			net->device, VIRTIO_LOG_INFO, "link %s, MTU %u", net->link_up ? "up" : "down", net->mtu);
	return changes;
}
