/* SPDX-License-Identifier: ISC */
/*
 * Runs each path of the library a fixed number of times, so that tools/lib/costs.py, with valgrind's help, can count
 * its instructions: everything within `measured` but the device's end. Prints a line for each: name, items, register
 * writes, interrupts. A path that does not do what it should ends the program.
 */
#include <stdio.h>
#include <stdlib.h>

#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "machine.h"
#include "paths.h"

#define ROUNDS 64      /* that are counted: with bursts of 32, eight laps around a ring of 256 */
#define WARM_UP 16     /* before: until rings and free lists are as they will stay */
#define BLOCK 4096     /* bytes of a read */
#define FRAME_BYTES 60 /* of an Ethernet frame */
#define DISK_SECTORS 1024
#define RECEIVEQ 0
#define TRANSMITQ 1

static struct machine machine;

static struct run {
	unsigned burst;
	bool interrupts; /* asked for before waiting, as a driver that sleeps does */
	struct virtqueue vq;
	struct device_ring ring;
	struct virtio_net net;
	struct virtio_blk blk;
	struct virtqueue_single singles[PATHS_BURST];
	struct virtio_segment segments[PATHS_BURST];
	struct virtio_net_frame frame_store[PATHS_BURST];
	struct virtio_net_frame *frames[PATHS_BURST];
	struct virtio_blk_request request_store[PATHS_BURST];
	struct virtio_blk_request *requests[PATHS_BURST];
	uint8_t memory[PATHS_BURST][BLOCK];
} run;

static void demand(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "exact: %s\n", what);
	exit(1);
}

/* ---- the rounds ---- */

static void round_pair(void)
{
	struct virtqueue_used used[PATHS_BURST];

	run.ring.notifications += path_ring_give(&run.vq, run.singles, run.burst);
	demand(device_use(&run.ring, run.burst, BLOCK) == run.burst, "the device misses buffers");
	demand(path_ring_take(&run.vq, used, run.burst) == (int)run.burst, "buffers do not come back");
}

static void round_echo(void)
{
	demand(!run.interrupts || !virtio_net_enable_receive_interrupts(&run.net), "frames before they came");
	demand(device_use(&machine.rings[RECEIVEQ], run.burst, FRAME_BYTES + 12) == run.burst,
		"the device has nowhere to put frames");
	if (run.interrupts)
		virtio_net_disable_receive_interrupts(&run.net);
	demand(path_echo(&run.net) == (int)run.burst, "frames do not come");
	demand(device_use(&machine.rings[TRANSMITQ], run.burst, 0) == run.burst, "frames do not go");
}

static void round_transmit(void)
{
	struct virtio_net_frame *sent[PATHS_BURST];

	demand(path_transmit(&run.net, run.frames, run.burst) == (int)run.burst, "frames are refused");
	demand(device_use(&machine.rings[TRANSMITQ], run.burst, 0) == run.burst, "frames do not go");
	demand(path_transmitted(&run.net, sent) == (int)run.burst, "frames do not come back");
}

static void round_block(void)
{
	struct virtio_blk_request *done[PATHS_BURST];

	demand(path_submit(&run.blk, run.requests, run.burst) == (int)run.burst, "requests are refused");
	demand(!run.interrupts || !virtio_blk_enable_interrupts(&run.blk), "requests are done before they are");
	demand(device_use(&machine.rings[0], run.burst, BLOCK + 1) == run.burst, "the device misses requests");
	if (run.interrupts)
		virtio_blk_disable_interrupts(&run.blk);
	demand(path_completed(&run.blk, done, run.burst) == (int)run.burst, "requests do not come back");
}

/* tools/lib/costs.py has valgrind start counting here, and tell the count at the end. */
static __attribute__((noinline)) void measured(void (*round)(void))
{
	for (unsigned i = 0; i < ROUNDS; i++)
		round();
}

/* ---- what they need ---- */

static void begin(unsigned burst, bool interrupts)
{
	run = (struct run){.burst = burst, .interrupts = interrupts};
	for (unsigned i = 0; i < PATHS_BURST; i++) {
		uint64_t address = (uintptr_t)run.memory[i];
		run.segments[i] = (struct virtio_segment){run.memory[i], address, BLOCK};
		run.singles[i] = (struct virtqueue_single){run.segments[i], &run.memory[i]};
		virtio_net_frame_init(&run.frame_store[i], run.memory[i], address, BLOCK);
		run.frame_store[i].length = FRAME_BYTES;
		run.frames[i] = &run.frame_store[i];
		run.request_store[i] = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .sector = i, .segments = &run.segments[i], .segment_count = 1};
		run.requests[i] = &run.request_store[i];
	}
}

static void count(const struct virtqueue_ops *kind, const char *name, void (*round)(void))
{
	struct device_ring *rings[] = {&run.ring, &machine.rings[0], &machine.rings[1]};
	unsigned notifications = 0, interrupts = 0;

	for (unsigned i = 0; i < WARM_UP; i++)
		round();
	for (unsigned i = 0; i < 3; i++)
		rings[i]->notifications = rings[i]->interrupts = 0;
	measured(round);
	for (unsigned i = 0; i < 3; i++) {
		notifications += rings[i]->notifications;
		interrupts += rings[i]->interrupts;
	}
	printf("%s %s\t%u\t%u\t%u\n", kind->name, name, ROUNDS * run.burst, notifications, interrupts);
}

static void count_pair(const struct virtqueue_ops *kind, unsigned burst, const char *name)
{
	const uint64_t features = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | kind->feature;
	const struct virtqueue_config config = {
		.platform = &machine_platform, .ops = kind, .features = features, .size = 256, .max_segments = 1};

	begin(burst, false);
	demand(virtqueue_init(&run.vq, &config) == 0, "no virtqueue");
	device_attach(&run.ring, &run.vq.addresses, run.vq.size, features);
	count(kind, name, round_pair);
	virtqueue_free(&run.vq);
}

static void count_net(
	const struct virtqueue_ops *kind, unsigned burst, bool interrupts, const char *name, void (*round)(void))
{
	begin(burst, interrupts);
	machine_open(&machine, VIRTIO_ID_NET, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, kind);
	demand(virtio_net_attach(&run.net, &machine.device, NULL) == 0, "no network");
	count(kind, name, round);
	virtio_net_detach(&run.net, NULL, NULL);
}

static void count_block(const struct virtqueue_ops *kind, unsigned burst, bool interrupts, const char *name)
{
	begin(burst, interrupts);
	machine_open(&machine, VIRTIO_ID_BLOCK, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, kind);
	machine.config[1] = DISK_SECTORS >> 8;
	demand(virtio_blk_attach(&run.blk, &machine.device, NULL) == 0, "no disk");
	count(kind, name, round_block);
	virtio_blk_detach(&run.blk, NULL, NULL);
}

static void count_all(const struct virtqueue_ops *kind)
{
	count_pair(kind, 1, "pair 1");
	count_pair(kind, PATHS_BURST, "pair 32");
	count_net(kind, 1, false, "echo 1", round_echo);
	count_net(kind, 16, false, "echo 16", round_echo);
	count_net(kind, PATHS_BURST, false, "echo 32", round_echo);
	count_net(kind, 1, true, "echo 1 interrupts", round_echo);
	count_net(kind, 16, true, "echo 16 interrupts", round_echo);
	count_net(kind, PATHS_BURST, false, "transmit 32", round_transmit);
	count_block(kind, 1, false, "read 1");
	count_block(kind, PATHS_BURST, false, "read 32");
	count_block(kind, 1, true, "read 1 interrupts");
	count_block(kind, PATHS_BURST, true, "read 32 interrupts");
}

int main(void)
{
	count_all(&virtqueue_split_ops);
	count_all(&virtqueue_packed_ops);
	return 0;
}
