/* SPDX-License-Identifier: ISC */
/* What follows for a pair of queues where frames may have offloads: header, limits, buffers (VIRTIO 5.1.6). */
#include "driver/net_internal.h"

#define NET_RECEIVE_TSO (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)
#define NET_RECEIVE_LARGE (NET_RECEIVE_TSO | VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6)
/* Those that give the header of a received frame a meaning, and of one to transmit. */
#define NET_RECEIVE_OFFLOADS (VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT)
#define NET_TRANSMIT_OFFLOADS (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT)
/* 5.1.6.3.1: without merging, a buffer for large frames has 65601 bytes with the header. */
#define NET_LARGE_BUFFER (65601u - VIRTIO_NET_HDR_SIZE)
#define NET_FRAMES_MERGED 2048u /* bytes of each, where a received frame may fill several */

void virtio_net_offload_settle(struct virtio_net_pair *pair, const struct virtio_net_options *options)
{
	const uint64_t features = pair->net->features;
	pair->merge = (features & VIRTIO_NET_F_MRG_RXBUF) != 0;
	if (pair->merge)
		pair->header_size = VIRTIO_NET_HDR_SIZE;
	if (features & VIRTIO_NET_F_HASH_REPORT)
		pair->header_size = VIRTIO_NET_HDR_SIZE_HASH;
	pair->transmit.longest_gso = VIRTIO_NET_LONGEST;
	if (features & NET_RECEIVE_LARGE) {
		pair->receive.longest_gso = VIRTIO_NET_LONGEST + VIRTIO_NET_VLAN;
		pair->receive.least = VIRTIO_NET_HEADROOM + NET_LARGE_BUFFER;
	}
	if (pair->merge)
		pair->receive.least = VIRTIO_NET_LEAST_BUFFER;
	if (features & NET_RECEIVE_OFFLOADS)
		pair->receive.offload = options->offload;
	/* Also where only the wish is there: a checksum that the device does not complete is completed in software. */
	if ((options->wanted | options->required) & (NET_TRANSMIT_OFFLOADS | NET_SEND_LARGE))
		pair->transmit.offload = options->offload;
}

/*
 * A frame that does not fit all buffers together never comes: half of them must do for the longest. There is a buffer,
 * or virtio_net_pair_start would have refused the ring.
 */
static uint32_t least_merged(const struct virtio_net_pair *pair)
{
	uint32_t buffers = pair->receive.queue.ring.size >> (pair->own_header ? 1 : 0);
	uint32_t least = VIRTIO_NET_HEADROOM + 2 * pair->receive.longest_gso / buffers;
	return least > pair->receive.least ? least : pair->receive.least;
}

uint32_t virtio_net_merged_size(const struct virtio_net_pair *pair, uint32_t limit)
{
	uint32_t least = least_merged(pair);
	limit = limit ? limit : NET_FRAMES_MERGED;
	return limit > least ? limit : least;
}
