/* SPDX-License-Identifier: ISC */
/*
 * The network driver's beginning and end: features, MAC address, MTU, link status, queues (VIRTIO 5.1.3 to 5.1.5).
 * The frames pass through net_queues.c.
 */
#include <virtio/net.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/net.h>

#include "base/log.h"
#include "driver/net_internal.h"

#define NET_RECEIVEQ 0  /* 5.1.2 */
#define NET_TRANSMITQ 1 /* 5.1.2 */
#define NET_RING_SIZE 256
#define NET_SEGMENTS 4
#define NET_FEATURES (VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS)

/* Whether an MTU that the device tells is one to live with. */
static bool mtu_acceptable(const struct virtio_net *net, uint16_t mtu, bool refuse_mtu)
{
	if (mtu < VIRTIO_NET_MIN_MTU) {
		virtio_log(net->device->platform, VIRTIO_LOG_WARNING, "%s: its MTU of %u is too small, using %u",
			net->device->name, mtu, VIRTIO_NET_DEFAULT_MTU);
		return false;
	}
	return !refuse_mtu || mtu <= VIRTIO_NET_DEFAULT_MTU;
}

/*
 * Agree on features. To accept MTU is to promise to live with it (5.1.4.2), so where its value is out of the
 * question the device is reset and asked again without it.
 */
static int net_negotiate(struct virtio_net *net, bool refuse_mtu)
{
	struct virtio_device *dev = net->device;
	net->mtu = VIRTIO_NET_DEFAULT_MTU;
	int result = virtio_device_begin(dev, NET_FEATURES | VIRTIO_NET_F_MTU, 0, NULL);
	if (result < 0 || !virtio_device_has(dev, VIRTIO_NET_F_MTU))
		return result;
	uint16_t mtu;
	result = virtio_device_config16(dev, VIRTIO_NET_CONFIG_MTU, &mtu);
	if (result < 0)
		return result;
	if (!mtu_acceptable(net, mtu, refuse_mtu))
		return virtio_device_begin(dev, NET_FEATURES, 0, NULL);
	net->mtu = mtu;
	return 0;
}

/* What the features alone decide: the header (5.1.6.1) and the limits. */
static void net_settle(struct virtio_net *net)
{
	bool version_1 = virtio_device_has(net->device, VIRTIO_F_VERSION_1);
	net->header_size = version_1 ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_HDR_SIZE_LEGACY;
	net->own_header = !version_1 && !virtio_device_has(net->device, VIRTIO_F_ANY_LAYOUT);
	net->mtu_limit = net->mtu;
	net->transmit.longest = net->mtu + (uint32_t)VIRTIO_NET_ETHERNET;
	net->receive.longest = net->transmit.longest + VIRTIO_NET_VLAN;
}

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
	uint64_t seed = platform->now(platform->context) ^ ((uint64_t)net->device->function.address << 48);
	seed = (seed ^ (seed >> 31)) * UINT64_C(0x9e3779b97f4a7c15); /* odd: different seeds stay different */
	seed ^= seed >> 29;
	net->mac[0] = 0x02;
	for (unsigned i = 1; i < sizeof net->mac; i++)
		net->mac[i] = (uint8_t)(seed >> (8 * i));
}

static int net_read_mac(struct virtio_net *net)
{
	struct virtio_device *dev = net->device;
	if (virtio_device_has(dev, VIRTIO_NET_F_MAC)) {
		int result = virtio_device_read_config(dev, VIRTIO_NET_CONFIG_MAC, net->mac, sizeof net->mac, 1);
		if (result < 0 || mac_usable(net->mac))
			return result;
		virtio_log(dev->platform, VIRTIO_LOG_WARNING, "%s: its MAC address is zero or multicast", dev->name);
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
	return 0;
}

/* Both queues, each for the segments of a frame and, where it stands alone, the header. Short rings take fewer. */
static int net_add_queues(struct virtio_net *net, uint16_t ring_size)
{
	struct virtio_device *dev = net->device;
	uint16_t header = net->own_header ? 1 : 0;
	int result = virtio_device_add_queue(dev, &net->receive.queue, NET_RECEIVEQ, ring_size, (uint16_t)(1 + header));
	if (result < 0)
		return result;
	result = virtio_device_add_queue(
		dev, &net->transmit.queue, NET_TRANSMITQ, ring_size, (uint16_t)(net->max_segments + header));
	if (result < 0)
		return result;
	net->max_segments = (uint16_t)(net->transmit.queue.ring.max_segments - header);
	if (net->max_segments > 0 && net->receive.queue.ring.max_segments > header)
		return 0;
	virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: its virtqueues are too short for a frame and its header",
		dev->name);
	return VIRTIO_ERR_PROTOCOL;
}

static int net_make_frames(struct virtio_net *net)
{
	int result = virtio_net_frames_alloc(net);
	return result < 0 ? result : virtio_net_frames_post(net);
}

/* From the agreement on features to DRIVER_OK, in the order of 3.1.1. */
static int net_start(struct virtio_net *net, const struct virtio_net_options *options)
{
	net_settle(net);
	int result = net_read_mac(net);
	if (result < 0 || (result = net_read_link(net)) < 0)
		return result;
	if ((result = net_add_queues(net, options->ring_size ? options->ring_size : NET_RING_SIZE)) < 0)
		return result;
	if (!options->own_receive_frames && (result = net_make_frames(net)) < 0)
		return result;
	if ((result = virtio_device_ready(net->device)) < 0)
		return result;
	/* Published only now: no notification is allowed before DRIVER_OK, and some devices receive nothing without. */
	virtio_queue_submit(&net->receive.queue);
	return 0;
}

static void net_announce(const struct virtio_net *net)
{
	const uint8_t *mac = net->mac;
	virtio_log(net->device->platform, VIRTIO_LOG_INFO, "%s: MAC %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, link %s",
		net->device->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], net->mtu,
		net->link_up ? "up" : "down");
}

/* Reset the device and free everything, save what a stuck device may still write. */
static int net_stop(struct virtio_net *net)
{
	int result = virtio_device_detach(net->device);
	if (result != VIRTIO_ERR_TIMEOUT)
		virtio_net_frames_free(net);
	net->device = NULL;
	return result;
}

/* What can be said before the device is touched. */
static int net_check(const struct virtio_device *dev, const struct virtio_net_options *options)
{
	if (dev->type != VIRTIO_ID_NET)
		return VIRTIO_ERR_NO_DEVICE;
	if (dev->queues || dev->live)
		return VIRTIO_ERR_BUSY;
	return options->max_segments > VIRTIO_NET_MAX_SEGMENTS ? VIRTIO_ERR_INVALID : 0;
}

static int net_try(struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options)
{
	int result = net_check(device, options);
	if (result < 0)
		return result;
	net->device = device;
	net->max_segments = options->max_segments ? options->max_segments : NET_SEGMENTS;
	result = net_negotiate(net, options->refuse_mtu);
	if (result == 0 && (result = net_start(net, options)) < 0)
		virtio_device_fail(device);
	if (result < 0)
		net_stop(net); /* its result does not matter: the first error is the one to tell */
	return result;
}

int virtio_net_attach(struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options)
{
	static const struct virtio_net_options defaults = {0};
	*net = (struct virtio_net){0};
	int result = net_try(net, device, options ? options : &defaults);
	if (result < 0)
		virtio_log(device->platform, VIRTIO_LOG_ERROR, "%s: the network driver cannot attach: %s", device->name,
			virtio_error_name(result));
	else
		net_announce(net);
	return result;
}

/* After the reset: hand over the runtime's frames that the device had not used. */
static void net_reclaim(struct virtio_net *net, struct virtio_net_direction *direction,
	void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context)
{
	struct virtio_net_frame *frame;
	while ((frame = direction->lost)) {
		direction->lost = frame->next;
		if (!net_frames_own(net, frame))
			reclaim(context, frame);
	}
	while ((frame = virtqueue_take_back(&direction->queue.ring)))
		if (!net_frames_own(net, frame))
			reclaim(context, frame);
}

int virtio_net_detach(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context)
{
	if (!net->device)
		return 0;
	bool stuck = virtio_device_reset(net->device) == VIRTIO_ERR_TIMEOUT;
	if (reclaim && !stuck) {
		net_reclaim(net, &net->receive, reclaim, context);
		net_reclaim(net, &net->transmit, reclaim, context);
	}
	int result = net_stop(net);
	return stuck ? VIRTIO_ERR_TIMEOUT : result;
}

/* A new MTU, within what the frames were made for. */
static int net_read_mtu(struct virtio_net *net)
{
	uint16_t mtu;
	if (!virtio_device_has(net->device, VIRTIO_NET_F_MTU))
		return 0;
	int result = virtio_device_config16(net->device, VIRTIO_NET_CONFIG_MTU, &mtu);
	if (result < 0 || mtu < VIRTIO_NET_MIN_MTU)
		return result;
	net->mtu = mtu < net->mtu_limit ? mtu : net->mtu_limit;
	net->transmit.longest = net->mtu + (uint32_t)VIRTIO_NET_ETHERNET;
	return 0;
}

int virtio_net_poll_config(struct virtio_net *net)
{
	bool link_up = net->link_up;
	uint16_t mtu = net->mtu;
	int result = virtio_device_check(net->device);
	if (result < 0 || (result = net_read_link(net)) < 0 || (result = net_read_mtu(net)) < 0)
		return result;
	if (link_up == net->link_up && mtu == net->mtu)
		return 0;
	virtio_log(net->device->platform, VIRTIO_LOG_INFO, "%s: link %s, MTU %u", net->device->name,
		net->link_up ? "up" : "down", net->mtu);
	return 1;
}
