/* SPDX-License-Identifier: ISC */
/*
 * The network driver's beginning and end (VIRTIO 3.1.1, 5.1.5). What it agrees on is in net_negotiate.c, what the
 * device tells of itself in net_config.c, a pair of queues begins in net_pair.c, and the frames pass through
 * net_queues.c, few of them through net_chains.c.
 */
#include <virtio/net.h>
#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"
#include "driver/net_internal.h"

#define NET_SEGMENTS 4

/* From the agreement on features to DRIVER_OK, in the order of 3.1.1. */
static int net_start(struct virtio_net *net, const struct virtio_net_options *options)
{
	int result = virtio_net_read_config(net);
	if (result < 0)
		return result;
	net->pairs = net->active_pairs = 1;
	net->first.enabled = true;
	if ((result = virtio_net_pair_start(net, &net->first, 0, options)) < 0)
		return result;
	if (virtio_device_has(net->device, VIRTIO_NET_F_CTRL_VQ)) {
		net->control_ops = options->control;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nobody asks for CTRL_VQ without it */
		if ((result = net->control_ops->start(net, options)) < 0)
			return result;
	}
	return virtio_device_ready(net->device);
}

/* The device is live. */
static int net_go(struct virtio_net *net)
{
	/* Published only now: no notification is allowed before DRIVER_OK, and some devices receive nothing without. */
	for (unsigned i = 0; i < net->pairs; i++)
		virtio_queue_submit(&virtio_net_pair(net, i)->receive.queue);
	return net->control_ops ? net->control_ops->ready(net) : 0;
}

static void net_announce(const struct virtio_net *net)
{
	const uint8_t *mac = net->mac;
	virtio_device_log(net->device, VIRTIO_LOG_INFO, "MAC %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, link %s", mac[0],
		mac[1], mac[2], mac[3], mac[4], mac[5], net->mtu, net->link_up ? "up" : "down");
}

/* Reset the device and free everything, save what a device without a reset may still write. */
static int net_stop(struct virtio_net *net)
{
	int result = virtio_device_detach(net->device);
	bool stuck = result < 0;
	if (!stuck)
		virtio_net_frames_free(&net->first);
	if (net->control_ops)
		net->control_ops->stop(net, stuck);
	net->device = NULL;
	return result;
}

/* What can be said before the device is touched. */
static int net_check(const struct virtio_device *device, const struct virtio_net_options *options)
{
	int result = virtio_attach_check(device, VIRTIO_ID_NET);
	if (result == 0 && options->max_segments > VIRTIO_NET_MAX_SEGMENTS)
		return virtio_attach_refuse(device, VIRTIO_ERR_INVALID,
			VIRTIO_MESSAGE("options.max_segments is beyond VIRTIO_NET_MAX_SEGMENTS: not zeroed?"));
	return result;
}

static int net_try(struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options,
	uint64_t excluded)
{
	*net = (struct virtio_net){.device = device};
	net->options = *options;
	net->max_segments = options->max_segments ? options->max_segments : NET_SEGMENTS;
	int result = virtio_net_negotiate(net, options, excluded);
	if (result == 0 && ((result = net_start(net, options)) < 0 || (result = net_go(net)) < 0))
		virtio_device_fail(device);
	if (result < 0)
		net_stop(net); /* its result does not matter: the first error is the one to tell */
	return result;
}

int virtio_net_attach(struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options)
{
	static const struct virtio_net_options defaults = {0};
	options = options ? options : &defaults;
	int result = net_check(device, options);
	if (result < 0) {
		net->device = NULL;
		return result;
	}
	result = net_try(net, device, options, 0);
	/* Some offer a control queue, or more pairs, and have no such queue: once more, without. */
	if (result == VIRTIO_ERR_NO_DEVICE && net->control_ops && !(options->required & net->control_ops->features))
		result = net_try(net, device, options, VIRTIO_NET_F_CTRL_VQ);
	if (result < 0)
		virtio_attach_failed(device, result);
	else
		net_announce(net);
	net->options.address = NULL; /* it was ours to read during the call only */
	return result;
}

int virtio_net_detach(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context)
{
	if (!net->device)
		return 0;
	bool stuck = virtio_device_reset(net->device) < 0;
	for (unsigned i = 0; reclaim && !stuck && i < net->pairs; i++)
		virtio_net_pair_reclaim(virtio_net_pair(net, i), reclaim, context);
	return net_stop(net);
}
