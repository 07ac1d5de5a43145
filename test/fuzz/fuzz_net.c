/* SPDX-License-Identifier: ISC */
/*
 * virtio-net (VIRTIO 5.1) with a device that does as it likes: lengths, headers, merged frames, offloads. Commands are
 * in net_commands.h. The target keeps account of who has which frame.
 */
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "net_commands.h"
#include "session.h"

#define FRAMES 12        /* of the target's own */
#define CAPACITY 1600    /* bytes of each */
#define MOST_HELD 512    /* frames that the target has at a time, those of the driver included */
#define MOST_SEGMENTS 64 /* of a frame that was received */

static struct virtio_net net;
static struct virtio_net_frame frames[FRAMES];
static struct virtio_net_frame *held[MOST_HELD]; /* the first segments of what is ours just now */
static unsigned held_count;

/* Whether any of our frames has FRAME as one of its segments. */
static bool is_held(const struct virtio_net_frame *frame)
{
	for (unsigned i = 0; i < held_count; i++) {
		const struct virtio_net_frame *part = held[i];

		for (unsigned left = part->segments; left > 0 && part; left--, part = part->next)
			if (part == frame)
				return true;
	}
	return false;
}

/* Each segment of FRAME comes to us once, and its data lies in its buffer. */
static void take(struct virtio_net_frame *frame)
{
	const struct virtio_net_frame *part = frame;

	fuzz_check(frame->segments >= 1 && frame->segments <= MOST_SEGMENTS && held_count < MOST_HELD);
	for (unsigned left = frame->segments; left > 0; left--, part = part->next) {
		fuzz_check(part && !is_held(part));
		fuzz_check((uint64_t)part->offset + part->length <= part->capacity);
	}
	held[held_count++] = frame;
}

static void forget_some(unsigned first, unsigned count)
{
	memmove(held + first, held + first + count, (held_count - first - count) * sizeof *held);
	held_count -= count;
}

static void start_frames(void)
{
	held_count = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		struct virtio_segment memory = fuzz_runtime_buffer(CAPACITY);

		virtio_net_frame_init(&frames[i], memory.data, memory.device_address, CAPACITY);
		take(&frames[i]);
	}
}

static int attach(struct fuzz_device *device)
{
	struct fuzz_input *input = device->input;
	unsigned how = fuzz_byte(input);
	const struct virtio_net_options options = {
		.ring_size = (uint16_t)(how & 1 ? 0 : 1u << (fuzz_byte(input) & 7)),
		.max_segments = fuzz_byte(input) & 31,
		.own_receive_frames = how & 2,
		.refuse_mtu = how & 4,
		.wanted = fuzz_u64(input),
		.offload = how & 8 ? NULL : &virtio_net_offload,
		.control = how & 16 ? NULL : &virtio_net_control,
		.pairs = fuzz_byte(input) & 3,
		.receive_buffer = how & 32 ? 128u + fuzz_u16(input) % 2000u : 0,
	};

	start_frames();
	return virtio_net_attach(&net, &device->driver, &options);
}

static int attach_plainly(struct fuzz_device *device)
{
	start_frames();
	return virtio_net_attach(&net, &device->driver, NULL);
}

static void reclaim(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	fuzz_check(frame >= frames && frame < frames + FRAMES);
	frame->segments = 1;
	frame->next = NULL;
	take(frame);
}

/* The driver's own frames go with it. What is ours comes back, all of it, unless the device has it for ever. */
static int detach(struct fuzz_device *device)
{
	unsigned kept = 0;
	int result;

	(void)device;
	for (unsigned i = 0; i < held_count; i++)
		for (struct virtio_net_frame *part = held[i], *next = NULL; part; part = next) {
			next = part->segments == 1 && !part->next ? NULL : part->next;
			part->segments = 1;
			part->next = NULL;
			if (part >= frames && part < frames + FRAMES)
				kept++;
		}
	held_count = 0;
	result = virtio_net_detach(&net, reclaim, NULL);
	fuzz_check(result < 0 || kept + held_count == FRAMES);
	return result;
}

static void receive(struct virtio_net_pair *pair, unsigned most)
{
	struct virtio_net_frame *got[8];
	int count = held_count + most > MOST_HELD ? 0 : virtio_net_pair_receive(pair, got, most);

	for (int i = 0; i < count; i++) {
		take(got[i]);
		fuzz_check(got[i]->length >= 1 && got[i]->offset >= VIRTIO_NET_HEADROOM);
		(void)virtio_net_checksum_complete(got[i]);
	}
}

static void release(struct fuzz_device *device, struct virtio_net_pair *pair)
{
	unsigned at = fuzz_byte(device->input), count = 1 + fuzz_byte(device->input) % 4;
	struct virtio_net_frame *frame;
	int taken;

	if (held_count < 4)
		return;
	at %= held_count - 3;
	frame = held[at];
	if (frame->offset < VIRTIO_NET_HEADROOM)
		virtio_net_frame_reset(frame);
	taken = virtio_net_pair_release(pair, held + at, count);
	fuzz_check(taken <= (int)count);
	if (taken > 0)
		forget_some(at, (unsigned)taken);
}

/* Ask for something, sensible or not, of one of our frames. */
static void dress(struct fuzz_device *device, struct virtio_net_frame *frame)
{
	static const uint8_t types[] = {VIRTIO_NET_GSO_NONE, VIRTIO_NET_GSO_TCPV4, VIRTIO_NET_GSO_TCPV6,
		VIRTIO_NET_GSO_UDP, VIRTIO_NET_GSO_TCPV4 | VIRTIO_NET_GSO_ECN, VIRTIO_NET_GSO_UDP | VIRTIO_NET_GSO_ECN};
	unsigned how = fuzz_byte(device->input);

	if (how & 1)
		frame->length = fuzz_u16(device->input) % (frame->capacity + 2);
	frame->flags = how & 2 ? VIRTIO_NET_NEEDS_CHECKSUM : 0;
	frame->gso_type = how & 4 ? types[fuzz_byte(device->input) % sizeof types] : 0;
	if (!(how & 6))
		return;
	frame->checksum_start = fuzz_byte(device->input);
	frame->checksum_offset = how & 8 ? fuzz_u16(device->input) : fuzz_byte(device->input);
	frame->gso_size = fuzz_u16(device->input);
	frame->header_length = fuzz_byte(device->input);
}

static void transmit(struct fuzz_device *device, struct virtio_net_pair *pair)
{
	unsigned at = fuzz_byte(device->input), count = 1 + fuzz_byte(device->input) % 3;
	uint32_t lengths[3];
	int taken;

	if (held_count < 4)
		return;
	at %= held_count - 3;
	for (unsigned i = 0; i < count; i++) {
		lengths[i] = held[at + i]->length;
		dress(device, held[at + i]);
	}
	taken = virtio_net_pair_transmit(pair, held + at, count);
	fuzz_check(taken <= (int)count);
	for (unsigned i = taken > 0 ? (unsigned)taken : 0; i < count; i++)
		held[at + i]->length = lengths[i]; /* as it was when it was ours before */
	if (taken > 0)
		forget_some(at, (unsigned)taken);
}

static void transmitted(struct virtio_net_pair *pair)
{
	struct virtio_net_frame *done[8];
	int count = held_count + 8 > MOST_HELD ? 0 : virtio_net_pair_transmitted(pair, done, 8);

	for (int i = 0; i < count; i++)
		take(done[i]);
}

static void interrupts(struct virtio_net_pair *pair)
{
	(void)!virtio_net_pair_enable_receive_interrupts(pair);
	(void)!virtio_net_pair_enable_transmit_interrupts(pair);
	virtio_net_pair_disable_receive_interrupts(pair);
	virtio_net_pair_disable_transmit_interrupts(pair);
}

static void step(struct fuzz_device *device, unsigned choice)
{
	struct virtio_net_pair *pair = virtio_net_pair(&net, choice / 8 % net.pairs);

	switch (choice % 8) {
	case 0:
	case 1:
		receive(pair, 1 + choice / 32 % 8);
		return;
	case 2:
		release(device, pair);
		return;
	case 3:
		transmit(device, pair);
		return;
	case 4:
		transmitted(pair);
		return;
	case 5:
		net_command(&net, device);
		return;
	case 6:
		(void)!virtio_net_poll_config(&net);
		fuzz_check(net.mtu >= VIRTIO_NET_MIN_MTU && net.active_pairs <= net.pairs);
		return;
	default:
		interrupts(pair);
	}
}

/* A frame with a header, or the answer to a command. */
static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	struct fuzz_input *input = device->input;
	unsigned how = fuzz_byte(input);
	struct virtio_net_hdr header = {.num_buffers = le16_from(1)};

	(void)queue;
	memset(bytes, 0, FUZZ_MESSAGE);
	if (chain->readable > 0)
		return chain->writable;
	if (how & 1)
		header.num_buffers = le16_from(fuzz_byte(input) & 7);
	if (how & 2) {
		header.flags = fuzz_byte(input);
		header.csum_start = le16_from(fuzz_byte(input));
		header.csum_offset = le16_from(fuzz_byte(input));
	}
	if (how & 4) {
		header.gso_type = fuzz_byte(input);
		header.gso_size = le16_from(fuzz_u16(input));
		header.hdr_len = le16_from(fuzz_byte(input));
	}
	memcpy(bytes, &header, sizeof header);
	fuzz_bytes(input, bytes + 20, fuzz_byte(input) & 63);
	return how & 8 ? fuzz_byte(input) : 80 + (how >> 4) * 24;
}

/* A good device sends what is to be sent, does as it is commanded, and keeps what it may write to. */
static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	static const uint8_t zeros[64];

	(void)device, (void)queue;
	if (chain->readable == 0)
		return UINT32_MAX;
	return fuzz_chain_write(chain, 0, zeros, sizeof zeros);
}

static void prove(struct fuzz_device *device)
{
	struct virtio_net_frame *frame = NULL;
	uint8_t bytes[VIRTIO_NET_HDR_SIZE_HASH + 64] = {0};
	uint32_t header = net.first.header_size;

	bytes[10] = 1; /* num_buffers, where there is one */
	memset(bytes + header, 0x42, 64);
	for (unsigned round = 0; round < 20; round++) {
		fuzz_check(fuzz_device_deliver(device, 0, bytes, header + 64));
		fuzz_check(virtio_net_receive(&net, &frame, 1) == 1);
		take(frame);
		fuzz_check(frame->length == 64 && memcmp(virtio_net_frame_data(frame), bytes + header, 64) == 0);
		forget_some(held_count - 1, 1);
		fuzz_check(virtio_net_transmit(&net, &frame, 1) == 1);
		fuzz_device_serve(device);
		fuzz_check(virtio_net_transmitted(&net, &frame, 1) == 1);
		fuzz_check(virtio_net_release(&net, &frame, 1) == 1);
	}
}

/* An address, a link that is up, three pairs, an MTU, speed and duplex mode, what RSS can do. */
static const uint8_t config[24] = {
	0x52, 0x54, 0, 1, 2, 3, 1, 0, 3, 0, 0xdc, 5, 0xe8, 3, 0, 0, 1, 40, 128, 0, 0xff, 1, 0, 0};

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_NET,
	.features = UINT64_MAX & ~(UINT64_C(0x3ffffff) << 24), /* all that a type may have */
	.config = config,
	.config_length = sizeof config,
	.queues = 7,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach_plainly, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
