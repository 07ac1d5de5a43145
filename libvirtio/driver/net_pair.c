/* SPDX-License-Identifier: ISC */
/* The beginning and the end of a pair of queues (VIRTIO 5.1.2, 5.1.6.6). */
#include "device/log.h"
#include "driver/net_internal.h"

#define NET_RING_SIZE 256

/* Both queues, each for the segments of a frame and, where it stands alone, the header. Short rings take fewer. */
static int pair_add_queues(struct virtio_net *net, struct virtio_net_pair *pair, uint16_t number, uint16_t ring_size)
{
	struct virtio_device *dev = net->device;
	uint16_t header = pair->own_header ? 1 : 0;
	int result = virtio_device_add_queue(
		dev, &pair->receive.queue, (uint16_t)(2 * number), ring_size, (uint16_t)(1 + header));
	if (result < 0)
		return result;
	result = virtio_device_add_queue(dev, &pair->transmit.queue, (uint16_t)(2 * number + 1), ring_size,
		(uint16_t)(net->max_segments + header));
	if (result < 0)
		return result;
	net->max_segments = (uint16_t)(pair->transmit.queue.ring.max_segments - header);
	if (net->max_segments > 0 && pair->receive.queue.ring.max_segments > header)
		return 0;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "its virtqueues are too short for a frame and its header");
	return VIRTIO_ERR_PROTOCOL;
}

int virtio_net_pair_start(
	struct virtio_net *net, struct virtio_net_pair *pair, uint16_t number, const struct virtio_net_options *options)
{
	virtio_net_pair_settle(net, pair, options);
	int result = pair_add_queues(net, pair, number, options->ring_size ? options->ring_size : NET_RING_SIZE);
	if (result < 0 || options->own_receive_frames)
		return result;
	result = virtio_net_frames_alloc(pair, options->receive_buffer);
	return result < 0 ? result : virtio_net_frames_post(pair);
}

/* Whether FRAME is one of those that the driver allocated, for whichever pair. */
static bool frame_is_ours(struct virtio_net *net, const struct virtio_net_frame *frame)
{
	for (unsigned i = 0; i < net->pairs; i++) {
		const struct virtio_net_pair *pair = virtio_net_pair(net, i);
		uintptr_t first = (uintptr_t)pair->pool;
		if ((uintptr_t)frame >= first && (uintptr_t)frame < first + pair->pool_count * sizeof *frame)
			return true;
	}
	return false;
}

/* A frame that was to be received into, or a segment of one, which nobody has any more; NULL: there are none left. */
static struct virtio_net_frame *take_received(struct virtio_net_direction *receive)
{
	struct virtio_net_frame **list = receive->lost ? &receive->lost : &receive->held;
	struct virtio_net_frame *frame = *list;
	if (frame)
		*list = frame->next;
	else if (!(frame = virtqueue_take_back(&receive->queue.ring)))
		return NULL;
	frame->segments = 1;
	frame->next = NULL;
	return frame;
}

void virtio_net_pair_reclaim(
	struct virtio_net_pair *pair, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context)
{
	struct virtio_net_frame *frame;
	while ((frame = take_received(&pair->receive)) || (frame = virtqueue_take_back(&pair->transmit.queue.ring)))
		if (!frame_is_ours(pair->net, frame))
			reclaim(context, frame);
}
