/* SPDX-License-Identifier: ISC */
/* How many pairs of queues the device uses (VIRTIO 5.1.6.5.5). */
#include "driver/net_control.h"

void virtio_net_pairs_enable(struct virtio_net *net, uint16_t count)
{
	for (uint16_t i = 0; i < net->pairs; i++)
		/* Relaxed: who uses a pair hears of it by other ways, this only keeps the mistaken out. */
		__atomic_store_n(&virtio_net_pair(net, i)->enabled, i < count, __ATOMIC_RELAXED);
	net->active_pairs = count;
}

/* The argument: how many there are to be, and how many there were. */
static void pairs_done(struct virtio_net *net, bool well)
{
	uint64_t argument = net->control->argument;
	virtio_net_pairs_enable(net, (uint16_t)(well ? argument : argument >> 16));
}

int virtio_net_set_pairs(struct virtio_net *net, uint16_t pairs)
{
	struct le16 raw = le16_from(pairs);
	if (pairs == 0 || pairs > net->pairs)
		return VIRTIO_ERR_INVALID;
	int result =
		virtio_net_command_begin(net, VIRTIO_NET_F_MQ, VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET);
	if (result < 0)
		return result;
	__builtin_memcpy(virtio_net_command_data(net, sizeof raw), &raw, sizeof raw);
	net->control->argument = pairs | (uint64_t)net->active_pairs << 16;
	/* 5.1.6.5.5.1: those that go are not used once the device can see the command, new ones not before the ack. */
	if (pairs < net->active_pairs)
		virtio_net_pairs_enable(net, pairs);
	result = virtio_net_command_submit(net, pairs_done);
	if (result < 0)
		pairs_done(net, false);
	return result;
}
