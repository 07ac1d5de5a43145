/* SPDX-License-Identifier: ISC */
/* How many frames a second, and at what cost: out, in, or round and round, until a time is over or SIGTERM comes. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "net.h"
#include "vhost_user/transport.h"

#define PATIENCE UINT64_C(20000000) /* nanoseconds */
#define CLOCK_EVERY 64              /* turns without a look at the clock */
#define HEADERS 42                  /* bytes that are written into each frame to send: Ethernet, IPv4 and UDP */

/* What is going on. */
struct flow {
	struct net_bench *bench;
	uint64_t end;    /* when to stop */
	uint64_t frames; /* so far */
	uint64_t cycles; /* in turns with any */
	uint64_t idle;   /* turns without */
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static struct flow begin(struct net_bench *bench, uint64_t milliseconds)
{
	signal(SIGTERM, stop);
	return (struct flow){.bench = bench, .end = runtime_now() + milliseconds * 1000000};
}

static void pause_after(const struct flow *flow)
{
	uint64_t until = flow->bench->pause ? runtime_now() + flow->bench->pause : 0;

	while (until && runtime_now() < until)
		;
}

/* What tools/bench counts the instructions of. TURN moves frames: how many, or a negative error. */
__attribute__((noinline)) int net_rate_turns(struct flow *flow, int (*turn)(struct net_bench *bench));

int net_rate_turns(struct flow *flow, int (*turn)(struct net_bench *bench))
{
	int result = 0;

	for (unsigned turns = 1; result >= 0 && !stopped; turns++) {
		uint64_t start = runtime_cycles();
		result = turn(flow->bench);
		if (result > 0) {
			flow->frames += (unsigned)result;
			flow->cycles += runtime_cycles() - start;
		} else {
			flow->idle++;
			pause_after(flow);
		}
		if (turns % CLOCK_EVERY == 0 && runtime_now() >= flow->end)
			break;
	}
	return result;
}

static int finish(const struct flow *flow, int result)
{
	const struct vhost_user *user = (const struct vhost_user *)flow->bench->net.device;

	if (result < 0)
		return fprintf(stderr, "%s\n", virtio_error_name(result)), -1;
	printf("frames %" PRIu64 " cycles %" PRIu64 " idle %" PRIu64 " notifications %" PRIu64 "\n", flow->frames,
		flow->cycles, flow->idle, user->notifications);
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

/* What was sent goes out again, with its headers written anew: a sender that writes nothing would leave the device
 * the frames in its cache, as no real one does. */
static int send_again(struct net_bench *bench)
{
	static const uint8_t headers[HEADERS] = {
		0x02, 0x56, 0x48, 0, 0, 1, 0x02, 0x56, 0x48, 0, 0, 2, 0x88, 0xb5, 0x45};
	struct virtio_net_frame *frames[NET_BURST];
	int count = virtio_net_transmitted(&bench->net, frames, NET_BURST);

	for (int i = 0; i < count; i++)
		memcpy(virtio_net_frame_data(frames[i]), headers, sizeof headers);
	/* There is room: these came back. */
	return count > 0 ? virtio_net_transmit(&bench->net, frames, (unsigned)count) : count;
}

int net_rate_transmit(struct net_bench *bench, uint32_t size, uint64_t milliseconds)
{
	int result = fill_ring(bench, size, NET_POOL);
	struct flow flow = begin(bench, milliseconds);

	return finish(&flow, result < 0 ? result : net_rate_turns(&flow, send_again));
}

static int take(struct net_bench *bench)
{
	struct virtio_net_frame *frames[NET_BURST];
	int count = virtio_net_receive(&bench->net, frames, NET_BURST);

	return count > 0 ? virtio_net_release(&bench->net, frames, (unsigned)count) : count;
}

int net_rate_receive(struct net_bench *bench, uint64_t milliseconds)
{
	struct flow flow = begin(bench, milliseconds);

	return finish(&flow, net_rate_turns(&flow, take));
}

/* What came goes out again, what has gone out receives again. */
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

/* Those to start with are the pool's and do not receive: all of them must be back. */
static int take_back_all(struct flow *flow, int left)
{
	while (left > 0 && !stopped && runtime_now() < flow->end) {
		int result = net_take_back(flow->bench);
		if (result < 0)
			return result;
		left -= result;
	}
	return 0;
}

/* A device that gets ready while frames arrive may lose some: first see one come back, and no other behind it. */
static int greet(struct flow *flow, uint32_t size)
{
	int result = 0;

	for (bool answered = false; !answered && !stopped && result >= 0;) {
		uint64_t now = runtime_now(), until = now + PATIENCE;
		result = now < flow->end ? fill_ring(flow->bench, size, 1) : VIRTIO_ERR_TIMEOUT;
		for (; result >= 0 && now < until; now = runtime_now()) {
			result = take(flow->bench);
			answered |= result > 0;
		}
	}
	return result;
}

int net_rate_forward(struct net_bench *bench, uint32_t size, uint64_t window, uint64_t milliseconds)
{
	struct flow flow = begin(bench, milliseconds);
	int result = greet(&flow, size);

	if (result >= 0)
		result = fill_ring(bench, size, window);
	if (result >= 0)
		result = take_back_all(&flow, result);
	return finish(&flow, result < 0 ? result : net_rate_turns(&flow, turn_round));
}
