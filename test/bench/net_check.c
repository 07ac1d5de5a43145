/* SPDX-License-Identifier: ISC */
/* Frames of all lengths, sent to a device that sends them back: each must come once, in order, as it was. */
#include <sched.h>
#include <stdio.h>

#include "net.h"

#define SECOND UINT64_C(1000000000)
#define HELLO UINT32_MAX /* the number of a frame that only asks whether somebody is there */
#define HELLO_EVERY (SECOND / 10)
#define PATIENCE (60 * SECOND) /* without any frame: the device hangs */

struct round_trip {
	struct net_bench *bench;
	uint32_t frames; /* to send */
	uint32_t longest;
	uint32_t window; /* under way at most */
	uint32_t sent;
	uint32_t received;
	bool answered; /* a hello came back */
};

static int complain(const char *what, uint32_t number)
{
	fprintf(stderr, "%s %u\n", what, number);
	return -1;
}

/* Every length comes once in so many frames, neighbours differ much. */
static uint32_t length_of(const struct round_trip *trip, uint32_t number)
{
	return NET_SHORTEST + (uint32_t)(number * UINT64_C(911) % (trip->longest - NET_SHORTEST + 1));
}

/* Every third frame is in three pieces. */
static unsigned pieces_of(uint32_t number)
{
	return number % 3 == 2 ? 3 : 1;
}

/* How many frames are on their way now, or a negative error. */
static int send_burst(struct round_trip *trip)
{
	struct virtio_net_frame *burst[NET_BURST];
	uint32_t room = trip->window - (trip->sent - trip->received), left = trip->frames - trip->sent;
	unsigned count = 0;

	while (count < NET_BURST && count < room && count < left) {
		uint32_t number = trip->sent + count;
		burst[count] = net_make(trip->bench, number, length_of(trip, number), pieces_of(number));
		if (!burst[count])
			break;
		count++;
	}
	int taken = count ? virtio_net_transmit(&trip->bench->net, burst, count) : 0;
	for (unsigned i = taken < 0 ? 0 : (unsigned)taken; i < count; i++)
		net_drop(trip->bench, burst[i]);
	trip->sent += taken < 0 ? 0 : (uint32_t)taken;
	return taken;
}

/* Its place in the order, and all its bytes. */
static int look_at(struct round_trip *trip, const struct virtio_net_frame *frame)
{
	uint32_t number, length;

	if (!net_is_whole(frame, &number, &length))
		return complain("not as it was sent: the frame for number", trip->received);
	if (number == HELLO) {
		trip->answered = true;
		return 0;
	}
	if (number != trip->received || length != length_of(trip, number))
		return complain("lost, doubled or out of order: number", trip->received);
	trip->received++;
	return 0;
}

/* How many frames came, or a negative error. */
static int receive_burst(struct round_trip *trip)
{
	struct virtio_net *net = &trip->bench->net;
	struct virtio_net_frame *frames[NET_BURST];
	int count = virtio_net_receive(net, frames, NET_BURST), wrong = 0;

	for (int i = 0; i < count && !wrong; i++)
		wrong = look_at(trip, frames[i]);
	if (count > 0 && virtio_net_release(net, frames, (unsigned)count) != count)
		return complain("a received frame cannot be released after", trip->received);
	return wrong ? wrong : count;
}

static void rest(struct round_trip *trip)
{
	const struct virtio_platform *platform = &trip->bench->runtime->platform;

	if (!trip->bench->sleep)
		sched_yield();
	else if (!virtio_net_enable_receive_interrupts(&trip->bench->net))
		platform->wait(platform->context, virtio_deadline(platform, HELLO_EVERY));
	virtio_net_disable_receive_interrupts(&trip->bench->net);
}

/* A device that gets ready while frames arrive may lose some: first see one come back. */
static int greet(struct round_trip *trip)
{
	uint64_t start = runtime_now(), next = 0;

	while (!trip->answered) {
		uint64_t now = runtime_now();
		if (now >= next) {
			struct virtio_net_frame *hello = net_make(trip->bench, HELLO, NET_SHORTEST, 1);
			if (hello && virtio_net_transmit(&trip->bench->net, &hello, 1) != 1)
				net_drop(trip->bench, hello);
			next = now + HELLO_EVERY;
		}
		if (net_take_back(trip->bench) < 0 || receive_burst(trip) < 0 || now - start > PATIENCE)
			return complain("no answer to a frame; received so far", trip->received);
		rest(trip);
	}
	return 0;
}

int net_check(struct net_bench *bench, uint64_t frames, uint32_t longest, uint64_t window)
{
	struct round_trip trip = {
		.bench = bench, .frames = (uint32_t)frames, .longest = longest, .window = (uint32_t)window};

	if (greet(&trip) < 0)
		return -1;
	for (uint64_t last = runtime_now(); trip.received < trip.frames;) {
		if (send_burst(&trip) < 0 || net_take_back(bench) < 0)
			return complain("the transmitq is broken at", trip.sent);
		int count = receive_burst(&trip);
		if (count < 0)
			return -1;
		if (count > 0)
			last = runtime_now();
		else if (runtime_now() - last > PATIENCE)
			return complain("nothing comes any more; received", trip.received);
		else
			rest(&trip);
	}
	return 0;
}
