/* SPDX-License-Identifier: ISC */
/* What a unikernel does with a device once it is attached: the code whose instructions are counted. */
#ifndef TEST_BENCH_EXACT_PATHS_H
#define TEST_BENCH_EXACT_PATHS_H

#include <virtio/blk.h>
#include <virtio/net.h>

#define PATHS_BURST 64 /* at most */

/* Add COUNT buffers and publish them. Whether the device wants to be notified. */
bool path_ring_give(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count);

/* Get COUNT used buffers back. How many. */
int path_ring_take(struct virtqueue *vq, struct virtqueue_used *used, unsigned count);

/* Add COUNT buffers of any shape and publish them. Whether the device wants to be notified. */
bool path_ring_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count);

/* Receive up to MOST frames, swap the addresses, transmit them; those sent before go back to the device. How many. */
int path_echo(struct virtio_net *net, unsigned most);

/* Transmit COUNT frames. How many went. */
int path_transmit(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/* Take up to MOST sent ones back. How many. */
int path_transmitted(struct virtio_net *net, struct virtio_net_frame **frames, unsigned most);

/* Submit COUNT requests. How many went. */
int path_submit(struct virtio_blk_queue *queue, struct virtio_blk_request *const *requests, unsigned count);

/* Take COUNT completed ones. How many. */
int path_completed(struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count);

#endif
