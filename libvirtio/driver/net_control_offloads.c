/* SPDX-License-Identifier: ISC */
/* Switching receive offloads while the device runs (VIRTIO 5.1.6.5.8). */
#include "driver/net_control.h"

/* The features whose bit numbers the command uses. */
#define SWITCHABLE                                                                                              \
	(VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN | \
		VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6)

int virtio_net_set_receive_offloads(struct virtio_net *net, uint64_t offloads)
{
	struct le64 raw = le64_from(offloads);
	if (offloads & ~(net->features & SWITCHABLE))
		return VIRTIO_ERR_INVALID;
	int result = virtio_net_command_begin(net, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_CTRL_GUEST_OFFLOADS,
		VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET);
	if (result < 0)
		return result;
	__builtin_memcpy(virtio_net_command_data(net, sizeof raw), &raw, sizeof raw);
	return virtio_net_command_submit(net, NULL);
}
