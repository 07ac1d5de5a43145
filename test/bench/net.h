/* SPDX-License-Identifier: ISC */
/* What the files of the network program share. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <virtio/helper.h>
#include <virtio/net.h>

#include "vhost_user/runtime.h"

#define NET_BURST 32
#define NET_POOL 512 /* frames to send */

/* What there is to work with. */
struct net_bench {
	struct runtime *runtime;
	struct virtio_net net;
	struct virtio_net_pool pool; /* for frames to send */
	bool sleep;                  /* wait for interrupts, do not poll */
	uint64_t pause;              /* nanoseconds to wait after a look in vain */
};

/*
 * net_check.c: send FRAMES frames of all lengths up to LONGEST bytes, at most WINDOW of them under way, to a device
 * that sends them back, and see that they come, in order, as they were. 0, or -1 after a line on stderr.
 */
int net_check(struct net_bench *bench, uint64_t frames, uint32_t longest, uint64_t window);

/* net_rate.c: for so many milliseconds send frames of SIZE bytes; take what comes; or send WINDOW and then send back
 * what comes. Tell how many there were. As above. */
int net_rate_transmit(struct net_bench *bench, uint32_t size, uint64_t milliseconds);
int net_rate_receive(struct net_bench *bench, uint64_t milliseconds);
int net_rate_forward(struct net_bench *bench, uint32_t size, uint64_t window, uint64_t milliseconds);

/* net_frames.c: take sent frames back into the pool. How many, or a negative error. */
int net_take_back(struct net_bench *bench);

/* net_frames.c: a frame of LENGTH bytes, all of them by NUMBER, in PIECES segments. NULL: the pool is empty. */
struct virtio_net_frame *net_make(struct net_bench *bench, uint32_t number, uint32_t length, unsigned pieces);

/* net_frames.c: put a frame that was not sent back into the pool. */
void net_drop(struct net_bench *bench, struct virtio_net_frame *frame);

/* net_frames.c: whether FRAME is as net_make would make it. Its number and length go to *NUMBER and *LENGTH. */
bool net_is_whole(const struct virtio_net_frame *frame, uint32_t *number, uint32_t *length);

#define NET_SHORTEST 60
#define NET_LONGEST 16384

#endif
