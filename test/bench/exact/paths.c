/* SPDX-License-Identifier: ISC */
/* What a unikernel does with a device once it is attached, compiled like the library. */
#include "paths.h"

#define MAC_LENGTH 6

bool path_ring_give(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count)
{
	return virtqueue_add_singles(vq, singles, count, true) == (int)count && virtqueue_publish(vq);
}

int path_ring_take(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	return virtqueue_get(vq, used, count);
}

bool path_ring_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	return virtqueue_add(vq, buffers, count) == (int)count && virtqueue_publish(vq);
}

/* Destination and source of an Ethernet frame change places. */
static void turn_round(const struct virtio_net_frame *frame)
{
	uint8_t *addresses = virtio_net_frame_data(frame);
	uint8_t destination[MAC_LENGTH];

	__builtin_memcpy(destination, addresses, MAC_LENGTH);
	__builtin_memcpy(addresses, addresses + MAC_LENGTH, MAC_LENGTH);
	__builtin_memcpy(addresses + MAC_LENGTH, destination, MAC_LENGTH);
}

int path_echo(struct virtio_net *net, unsigned most)
{
	struct virtio_net_frame *frames[PATHS_BURST];
	int count = virtio_net_transmitted(net, frames, most);

	if (count > 0)
		virtio_net_release(net, frames, (unsigned)count);
	count = virtio_net_receive(net, frames, most);
	for (int i = 0; i < count; i++)
		turn_round(frames[i]);
	return count > 0 ? virtio_net_transmit(net, frames, (unsigned)count) : count;
}

int path_transmit(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	return virtio_net_transmit(net, frames, count);
}

int path_transmitted(struct virtio_net *net, struct virtio_net_frame **frames, unsigned most)
{
	return virtio_net_transmitted(net, frames, most);
}

int path_submit(struct virtio_blk_queue *queue, struct virtio_blk_request *const *requests, unsigned count)
{
	return virtio_blk_queue_submit(queue, requests, count);
}

int path_completed(struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count)
{
	return virtio_blk_queue_completed(queue, requests, count);
}
