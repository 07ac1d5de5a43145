/* SPDX-License-Identifier: ISC */
/* How many frames a second: out, in, or round and round. */
#include <inttypes.h>
#include <stdio.h>

#include "net.h"
#include "vhost_user/transport.h"

#define CLOCK_EVERY 64 /* turns without a look at the clock */

/* What is going on. */
struct flow {
	struct net_bench *bench;
	uint64_t end;    /* when to stop */
	uint64_t frames; /* so far */
	unsigned turns;
};

static bool over(struct flow *flow)
{
	return flow->turns++ % CLOCK_EVERY == 0 && runtime_now() >= flow->end;
}

static struct flow begin(struct net_bench *bench, uint64_t milliseconds)
{
	return (struct flow){.bench = bench, .end = runtime_now() + milliseconds * 1000000};
}

static int finish(const struct flow *flow, int result)
{
	const struct vhost_user *user = (const struct vhost_user *)flow->bench->net.device;

	if (result < 0)
		return fprintf(stderr, "%s\n", virtio_error_name(result)), -1;
	printf("frames %" PRIu64 " notifications %" PRIu64 "\n", flow->frames, user->notifications);
	return 0;
}

/* Send WINDOW frames into the ring; how many it took, or a negative error. */
static int fill_ring(struct net_bench *bench, uint32_t size, uint64_t window)
{
	int taken = 1;
	uint32_t sent = 0;

	for (; sent < window && taken > 0; sent += (uint32_t)taken) {
		struct virtio_net_frame *frame = net_make(bench, sent, size, 1);
		if (!frame)
			break;
		taken = virtio_net_transmit(&bench->net, &frame, 1);
		if (taken <= 0)
			net_drop(bench, frame);
	}
	return taken < 0 ? taken : (int)sent;
}

int net_rate_transmit(struct net_bench *bench, uint32_t size, uint64_t milliseconds)
{
	struct flow flow = begin(bench, milliseconds);
	struct virtio_net_frame *frames[NET_BURST];
	int result = fill_ring(bench, size, NET_POOL);

	while (result >= 0 && !over(&flow)) {
		result = virtio_net_transmitted(&bench->net, frames, NET_BURST);
		if (result <= 0)
			continue;
		flow.frames += (unsigned)result;
		result =
			virtio_net_transmit(&bench->net, frames, (unsigned)result); /* there is room: these came back */
	}
	return finish(&flow, result);
}

int net_rate_receive(struct net_bench *bench, uint64_t milliseconds)
{
	struct flow flow = begin(bench, milliseconds);
	struct virtio_net_frame *frames[NET_BURST];
	int result = 0;

	while (result >= 0 && !over(&flow)) {
		result = virtio_net_receive(&bench->net, frames, NET_BURST);
		if (result <= 0)
			continue;
		flow.frames += (unsigned)result;
		result = virtio_net_release(&bench->net, frames, (unsigned)result);
	}
	return finish(&flow, result);
}

/* One turn: what came goes out again, what has gone out receives again. A negative error, or how many came. */
static int turn_round(struct net_bench *bench)
{
	struct virtio_net_frame *frames[NET_BURST];
	int came = virtio_net_receive(&bench->net, frames, NET_BURST);
	int sent = came > 0 ? virtio_net_transmit(&bench->net, frames, (unsigned)came) : came;

	if (sent < 0)
		return sent;
	if (came > sent)
		virtio_net_release(&bench->net, frames + sent, (unsigned)(came - sent));
	int back = virtio_net_transmitted(&bench->net, frames, NET_BURST);
	if (back > 0)
		back = virtio_net_release(&bench->net, frames, (unsigned)back);
	return back < 0 ? back : came;
}

int net_rate_forward(struct net_bench *bench, uint32_t size, uint64_t window, uint64_t milliseconds)
{
	struct flow flow = begin(bench, milliseconds);
	int result = fill_ring(bench, size, window);

	/* Those to start with are the pool's and do not receive: wait until all are back. */
	for (int left = result; left > 0 && result >= 0 && !over(&flow); left -= result)
		result = net_take_back(bench);
	while (result >= 0 && !over(&flow)) {
		result = turn_round(bench);
		if (result > 0)
			flow.frames += (unsigned)result;
	}
	return finish(&flow, result);
}
