/* SPDX-License-Identifier: ISC */
/* What a unikernel does with a device once it is attached: the code whose instructions are counted. */
#ifndef TEST_BENCH_EXACT_PATHS_H
#define TEST_BENCH_EXACT_PATHS_H

#include <virtio/blk.h>
#include <virtio/net.h>

#define PATHS_BURST 32

/* Add COUNT buffers and publish them. Whether the device wants to be notified. */
bool path_ring_give(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count);

/* Get COUNT used buffers back. How many. */
int path_ring_take(struct virtqueue *vq, struct virtqueue_used *used, unsigned count);

/* Receive what there is, swap the addresses, transmit it; those sent before go back to the device. How many came. */
int path_echo(struct virtio_net *net);

/* Transmit COUNT frames. How many went. */
int path_transmit(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/* Take sent ones back. How many. */
int path_transmitted(struct virtio_net *net, struct virtio_net_frame **frames);

/* Submit COUNT requests. How many went. */
int path_submit(struct virtio_blk *blk, struct virtio_blk_request *const *requests, unsigned count);

/* Take COUNT completed ones. How many. */
int path_completed(struct virtio_blk *blk, struct virtio_blk_request **requests, unsigned count);

#endif
