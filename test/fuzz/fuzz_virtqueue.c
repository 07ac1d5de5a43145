/* SPDX-License-Identifier: ISC */
/*
 * Each kind of virtqueue by itself (VIRTIO 2.7, 2.8): buffers of all shapes, and a device that is honest until the
 * input makes it attack. Whatever it does, each buffer comes back once, with no more bytes than it has, and every entry
 * of the ring is accounted for; while it is honest nothing is lost, nothing comes too early, and no call fails.
 */
#include <virtio/spec/features.h>

#include "device.h"

#define MOST_ENTRIES 64
#define BUFFERS 96
#define MOST_SEGMENTS 5
#define SEGMENT 64 /* bytes at most */

/* A buffer; its address is its token. */
static struct buffer {
	bool out;          /* the ring has it */
	unsigned entries;  /* of the ring that it takes */
	uint32_t writable; /* bytes */
	uint32_t length;   /* that the device said, when it returned it honestly */
} buffers[BUFFERS];

static struct {
	struct fuzz_input *input;
	struct virtqueue vq;
	struct fuzz_ring ring;
	struct virtio_segment memory;
	bool honest, in_order;
	unsigned out;                          /* buffers that the ring has */
	unsigned published;                    /* of them, those that the device may know of */
	struct fuzz_chain taken[MOST_ENTRIES]; /* by the device, not returned */
	unsigned taken_count;
	unsigned returned; /* honestly, and not taken by us */
} now;

/* A buffer that is not in the ring, or one that is: then whoever adds it is wrong, and we do not. */
static struct buffer *choose_buffer(void)
{
	struct buffer *buffer = &buffers[fuzz_byte(now.input) % BUFFERS];

	for (unsigned i = 0; buffer->out && i < BUFFERS; i++)
		buffer = buffer == &buffers[BUFFERS - 1] ? buffers : buffer + 1;
	return buffer->out ? NULL : buffer;
}

static void add(void)
{
	struct virtio_segment segments[8];
	struct buffer *buffer = choose_buffer();
	unsigned how = fuzz_byte(now.input);
	struct virtqueue_buffer one = {segments, how == 255 ? NULL : buffer, how & 3, how >> 2 & 3};
	unsigned count = (unsigned)one.readable + one.writable;
	uint32_t writable = 0;
	int result;

	for (unsigned i = 0; i < count; i++) {
		segments[i] = now.memory;
		segments[i].length = how == 254 ? 0 : 1u + fuzz_byte(now.input) % SEGMENT;
		writable += i >= one.readable ? segments[i].length : 0;
	}
	if (!buffer)
		return;
	result = virtqueue_add(&now.vq, &one, 1);
	fuzz_check(result <= 1);
	fuzz_check(!now.honest || result != VIRTIO_ERR_PROTOCOL);
	if (result != 1)
		return;
	fuzz_check(one.token && count > 0 && count <= now.vq.max_segments);
	*buffer = (struct buffer){.out = true, .entries = count > 1 && now.vq.tables ? 1 : count, .writable = writable};
	now.out++;
}

/* BUFFER has come back. */
static struct buffer *take(void *token)
{
	struct buffer *buffer = token;

	fuzz_check(buffer >= buffers && buffer < buffers + BUFFERS && buffer->out);
	buffer->out = false;
	now.out--;
	return buffer;
}

static void get(void)
{
	struct virtqueue_used used[8];
	unsigned most = fuzz_byte(now.input) % 9u;
	int count = virtqueue_get(&now.vq, used, most);

	fuzz_check(count <= (int)most);
	if (now.honest)
		fuzz_check(count == (int)(now.returned < most ? now.returned : most));
	for (int i = 0; i < count; i++) {
		const struct buffer *buffer = take(used[i].token);

		fuzz_check(used[i].length <= buffer->writable);
		if (now.honest)
			fuzz_check(used[i].length == buffer->length);
	}
	now.returned -= now.honest ? (unsigned)count : 0;
	now.published -= now.honest ? (unsigned)count : 0;
}

/* The device takes what it finds. */
static void device_take(void)
{
	struct fuzz_chain *chain = &now.taken[now.taken_count];

	if (now.taken_count < MOST_ENTRIES && fuzz_ring_take(&now.ring, chain))
		now.taken_count++;
}

/* It returns one of what it has taken, the oldest if it must. */
static void device_return(void)
{
	unsigned at = fuzz_byte(now.input);
	struct fuzz_chain chain;
	uint32_t length;

	if (now.taken_count == 0)
		return;
	at = now.in_order ? 0 : at % now.taken_count;
	chain = now.taken[at];
	memmove(now.taken + at, now.taken + at + 1, (--now.taken_count - at) * sizeof chain);
	length = fuzz_byte(now.input) % (chain.writable + 1);
	if (now.honest) {
		struct buffer *buffer = now.vq.slots[chain.id].token;

		buffer->length = length;
		fuzz_check(buffer->out && buffer->writable == chain.writable);
		now.returned++;
	}
	fuzz_ring_put(&now.ring, chain.id, chain.descriptors, length);
}

static void device_attack(void)
{
	now.honest = false;
	fuzz_ring_attack(&now.ring, now.input);
}

static void publish(void)
{
	now.published = now.out;
	(void)!virtqueue_publish(&now.vq);
}

static void ask(void)
{
	unsigned after = fuzz_byte(now.input) & 31;
	bool waiting = virtqueue_enable_interrupts(&now.vq, (uint16_t)after);
	unsigned least = after < now.published ? after : now.published;

	if (now.honest && !waiting)
		fuzz_check(now.returned < (least ? least : 1));
	if (now.honest && waiting)
		fuzz_check(now.returned > 0);
	if (fuzz_byte(now.input) & 1)
		virtqueue_disable_interrupts(&now.vq);
}

/* After a reset of the device: all comes back, each once, and all is as it was at first. */
static void restart(void)
{
	void *token;

	while ((token = virtqueue_take_back(&now.vq)))
		take(token);
	fuzz_check(now.out == 0);
	virtqueue_restart(&now.vq);
	fuzz_ring_start(&now.ring, &now.vq);
	now.honest = true;
	now.taken_count = now.returned = now.published = 0;
}

/* Every entry of the ring is free or a buffer's. */
static void check(void)
{
	unsigned entries = now.vq.free_count;

	for (unsigned i = 0; i < BUFFERS; i++)
		entries += buffers[i].out ? buffers[i].entries : 0;
	fuzz_check(entries == now.vq.size);
	fuzz_check(!now.honest || !now.vq.fault);
}

static void step(void)
{
	static void (*const steps[])(void) = {add, add, add, publish, publish, get, get, device_take, device_take,
		device_take, device_return, device_return, ask, device_attack};
	unsigned choice = fuzz_byte(now.input);

	if (choice == 255)
		restart();
	else
		steps[choice % (sizeof steps / sizeof steps[0])]();
	check();
}

static bool open_ring(void)
{
	static const struct virtqueue_ops *const kinds[] = {&virtqueue_split_ops, &virtqueue_packed_ops,
		&virtqueue_split_in_order_ops, &virtqueue_packed_in_order_ops};
	const struct virtio_platform *platform = fuzz_runtime_start(NULL);
	unsigned kind = fuzz_byte(now.input) & 3;
	const struct virtqueue_config config = {
		.platform = platform,
		.ops = kinds[kind],
		.features = (uint64_t)(fuzz_byte(now.input) & 3) << 28, /* INDIRECT_DESC, EVENT_IDX */
		.alignment = fuzz_byte(now.input) & 1 ? 4096 : 0,
		.size = (uint16_t)(kind & 1 ? fuzz_byte(now.input) % (MOST_ENTRIES + 1u)
					    : 1u << fuzz_byte(now.input) % 7u),
		.max_segments = fuzz_byte(now.input) % (MOST_SEGMENTS + 1u),
	};

	now.in_order = kind & 2;
	fuzz_runtime_fail(fuzz_byte(now.input));
	now.memory = fuzz_runtime_buffer(SEGMENT);
	return virtqueue_init(&now.vq, &config) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};

	memset(buffers, 0, sizeof buffers);
	memset(&now, 0, sizeof now);
	now.input = &input;
	if (open_ring()) {
		restart();
		while (!fuzz_ended(&input))
			step();
		restart();
		virtqueue_free(&now.vq);
	}
	fuzz_runtime_end();
	return 0;
}
