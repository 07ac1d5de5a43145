/* SPDX-License-Identifier: ISC */
/*
 * Runs each path of the library a fixed number of times, so that tools/lib/costs.py, with valgrind's help, can count
 * its instructions: everything within `measured` but the device's end. Prints a line for each: name, items, register
 * writes, interrupts. A path that does not do what it should ends the program. With the argument "growth": how the cost
 * grows with bursts, rings, segments and queues.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <virtio/spec/features.h>
#include <virtio/spec/ids.h>

#include "machine.h"
#include "paths.h"

#define BURST 32       /* of most paths */
#define RING 256       /* entries of most rings */
#define SEGMENTS 32    /* of a buffer, at most */
#define QUEUES 8       /* of a disk, at most */
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
	unsigned queues; /* of the disk */
	struct virtqueue_single singles[PATHS_BURST];
	struct virtqueue_buffer buffers[PATHS_BURST];
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

static void round_buffers(void)
{
	struct virtqueue_used used[PATHS_BURST];

	run.ring.notifications += path_ring_add(&run.vq, run.buffers, run.burst);
	demand(device_use(&run.ring, run.burst, BLOCK) == run.burst, "the device misses buffers");
	demand(path_ring_take(&run.vq, used, run.burst) == (int)run.burst, "buffers do not come back");
}

/* What a unikernel asks for at once. */
static unsigned most(void)
{
	return run.burst > BURST ? run.burst : BURST;
}

static void round_echo(void)
{
	demand(!run.interrupts || !virtio_net_enable_receive_interrupts(&run.net), "frames before they came");
	demand(device_use(&machine.rings[RECEIVEQ], run.burst, FRAME_BYTES + 12) == run.burst,
		"the device has nowhere to put frames");
	if (run.interrupts)
		virtio_net_disable_receive_interrupts(&run.net);
	demand(path_echo(&run.net, most()) == (int)run.burst, "frames do not come");
	demand(device_use(&machine.rings[TRANSMITQ], run.burst, 0) == run.burst, "frames do not go");
}

static void round_transmit(void)
{
	struct virtio_net_frame *sent[PATHS_BURST];

	demand(path_transmit(&run.net, run.frames, run.burst) == (int)run.burst, "frames are refused");
	demand(device_use(&machine.rings[TRANSMITQ], run.burst, 0) == run.burst, "frames do not go");
	demand(path_transmitted(&run.net, sent, most()) == (int)run.burst, "frames do not come back");
}

static void round_queue(unsigned number)
{
	struct virtio_blk_queue *queue = &run.blk.queues[number];
	struct virtio_blk_request *done[PATHS_BURST];

	demand(path_submit(queue, run.requests, run.burst) == (int)run.burst, "requests are refused");
	demand(!run.interrupts || !virtio_blk_queue_enable_interrupts(queue), "requests are done before they are");
	demand(device_use(&machine.rings[number], run.burst, BLOCK + 1) == run.burst, "the device misses requests");
	if (run.interrupts)
		virtio_blk_queue_disable_interrupts(queue);
	demand(path_completed(queue, done, run.burst) == (int)run.burst, "requests do not come back");
}

static void round_block(void)
{
	for (unsigned number = 0; number < run.queues; number++)
		round_queue(number);
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
	run = (struct run){.burst = burst, .interrupts = interrupts, .queues = 1};
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
	struct device_ring *rings[1 + MACHINE_QUEUES] = {&run.ring};
	unsigned notifications = 0, interrupts = 0;

	for (unsigned i = 0; i < MACHINE_QUEUES; i++)
		rings[1 + i] = &machine.rings[i];
	for (unsigned i = 0; i < WARM_UP; i++)
		round();
	for (unsigned i = 0; i <= MACHINE_QUEUES; i++)
		rings[i]->notifications = rings[i]->interrupts = 0;
	measured(round);
	for (unsigned i = 0; i <= MACHINE_QUEUES; i++) {
		notifications += rings[i]->notifications;
		interrupts += rings[i]->interrupts;
	}
	printf("%s %s\t%u\t%u\t%u\n", kind->name, name, ROUNDS * run.burst * run.queues, notifications, interrupts);
}

/* Rounds through a virtqueue alone, of SIZE entries, whose buffers have SEGMENTS segments. */
static void count_ring(const struct virtqueue_ops *kind, uint64_t more, uint16_t size, unsigned segments,
	const char *name, void (*round)(void))
{
	const uint64_t features = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | kind->feature | more;
	const struct virtqueue_config config = {.platform = &machine_platform,
		.ops = kind,
		.features = features,
		.size = size,
		.max_segments = (uint16_t)segments};

	machine_empty();
	demand(virtqueue_init(&run.vq, &config) == 0, "no virtqueue");
	device_attach(&run.ring, &run.vq.addresses, run.vq.size, features);
	count(kind, name, round);
	virtqueue_free(&run.vq);
}

static void count_pair(const struct virtqueue_ops *kind, unsigned burst, uint16_t size, const char *name)
{
	begin(burst, false);
	count_ring(kind, 0, size, 1, name, round_pair);
}

/* Buffers of SEGMENTS segments, that the device writes. */
static void count_buffers(const struct virtqueue_ops *kind, unsigned segments, uint64_t features, const char *name)
{
	begin(BURST / 4, false);
	for (unsigned i = 0; i < run.burst; i++)
		run.buffers[i] = (struct virtqueue_buffer){run.segments, &run.memory[i], 0, (uint16_t)segments};
	count_ring(kind, features, RING, segments, name, round_buffers);
}

static void count_net(
	const struct virtqueue_ops *kind, unsigned burst, bool interrupts, const char *name, void (*round)(void))
{
	const struct virtio_net_options options = {.wanted = VIRTIO_F_IN_ORDER};

	begin(burst, interrupts);
	machine_open(&machine, VIRTIO_ID_NET, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC, kind);
	demand(virtio_net_attach(&run.net, &machine.device, &options) == 0, "no network");
	count(kind, name, round);
	virtio_net_detach(&run.net, NULL, NULL);
}

static void count_block(
	const struct virtqueue_ops *kind, unsigned burst, bool interrupts, uint16_t queues, const char *name)
{
	const struct virtio_blk_options options = {.queues = queues};

	begin(burst, interrupts);
	machine_open(&machine, VIRTIO_ID_BLOCK,
		VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC | (queues > 1 ? VIRTIO_BLK_F_MQ : 0), kind);
	machine.config[1] = DISK_SECTORS >> 8;
	machine.config[VIRTIO_BLK_CONFIG_NUM_QUEUES] = QUEUES;
	demand(virtio_blk_attach(&run.blk, &machine.device, &options) == 0, "no disk");
	demand(run.blk.queue_count == queues, "other queues than asked for");
	run.queues = queues;
	count(kind, name, round_block);
	virtio_blk_detach(&run.blk, NULL, NULL);
}

static void count_all(const struct virtqueue_ops *kind)
{
	count_pair(kind, 1, RING, "pair 1");
	count_pair(kind, BURST, RING, "pair 32");
	count_net(kind, 1, false, "echo 1", round_echo);
	count_net(kind, 16, false, "echo 16", round_echo);
	count_net(kind, BURST, false, "echo 32", round_echo);
	count_net(kind, 1, true, "echo 1 interrupts", round_echo);
	count_net(kind, 16, true, "echo 16 interrupts", round_echo);
	count_net(kind, BURST, false, "transmit 32", round_transmit);
	count_block(kind, 1, false, 1, "read 1");
	count_block(kind, BURST, false, 1, "read 32");
	count_block(kind, 1, true, 1, "read 1 interrupts");
	count_block(kind, BURST, true, 1, "read 32 interrupts");
}

/* ---- growth ---- */

static void grow_bursts(const struct virtqueue_ops *kind)
{
	char name[64];

	for (unsigned burst = 1; burst <= PATHS_BURST; burst *= 2) {
		snprintf(name, sizeof name, "pair %u", burst);
		count_pair(kind, burst, RING, name);
	}
	for (unsigned burst = 1; burst <= PATHS_BURST; burst *= 2) {
		snprintf(name, sizeof name, "echo %u", burst);
		count_net(kind, burst, false, name, round_echo);
	}
	for (unsigned burst = 1; burst <= PATHS_BURST; burst *= 2) {
		snprintf(name, sizeof name, "read %u", burst);
		count_block(kind, burst, false, 1, name);
	}
}

static void grow_rings(const struct virtqueue_ops *kind)
{
	static const uint16_t sizes[] = {16, 64, 256, 1024, 4096, 32768};
	char name[64];

	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		snprintf(name, sizeof name, "pair 16, ring: %u", sizes[i]);
		count_pair(kind, 16, sizes[i], name);
	}
}

static void grow_segments(const struct virtqueue_ops *kind)
{
	char name[64];

	for (unsigned segments = 1; segments <= SEGMENTS; segments *= 2) {
		snprintf(name, sizeof name, "buffer 8, segments: %u", segments);
		count_buffers(kind, segments, 0, name);
	}
	for (unsigned segments = 2; segments <= SEGMENTS; segments *= 2) {
		snprintf(name, sizeof name, "buffer 8, in a table: %u", segments);
		count_buffers(kind, segments, VIRTIO_F_INDIRECT_DESC, name);
	}
}

static void grow_queues(const struct virtqueue_ops *kind)
{
	char name[64];

	for (uint16_t queues = 1; queues <= QUEUES; queues = (uint16_t)(queues * 2)) {
		snprintf(name, sizeof name, "read 32, queues: %u", queues);
		count_block(kind, BURST, false, queues, name);
	}
}

int main(int count, char **arguments)
{
	static const struct virtqueue_ops *const kinds[] = {&virtqueue_split_ops, &virtqueue_split_in_order_ops,
		&virtqueue_packed_ops, &virtqueue_packed_in_order_ops};
	bool growth = count > 1 && strcmp(arguments[1], "growth") == 0;

	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!growth) {
			count_all(kinds[i]);
		} else if (!(kinds[i]->feature & VIRTIO_F_IN_ORDER)) {
			grow_bursts(kinds[i]);
			grow_rings(kinds[i]);
			grow_segments(kinds[i]);
			grow_queues(kinds[i]);
		}
	}
	return 0;
}
