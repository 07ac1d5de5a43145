/* SPDX-License-Identifier: ISC */
/* The device of the fuzz targets: how it lies, and what it does to rings and memory. */
#include "device.h"

#include <limits.h>
#include <virtio/spec/features.h>
#include <virtio/spec/status.h>

#define WHOLE 255 /* in place of a length: all that fits */

static struct fuzz_device *present;

/* ---- serving ---- */

/* The ring of QUEUE, where the driver has one now; NULL: it has none. */
static struct fuzz_ring *find_ring(struct fuzz_device *device, unsigned queue)
{
	struct fuzz_queue *mine = &device->queues[queue];

	for (struct virtio_queue *theirs = device->driver.queues; theirs; theirs = theirs->next) {
		if (theirs->index != queue)
			continue;
		if (mine->ring.vq != &theirs->ring) {
			mine->held_count = 0;
			fuzz_ring_start(&mine->ring, &theirs->ring);
		}
		return &mine->ring;
	}
	mine->ring.vq = NULL;
	mine->held_count = 0;
	return NULL;
}

static void put(struct fuzz_device *device, struct fuzz_ring *ring, const struct fuzz_chain *chain, uint32_t length)
{
	fuzz_ring_put(ring, chain->id, chain->descriptors, length);
	device->last = *chain;
	device->isr |= VIRTIO_INTERRUPT_QUEUE;
}

static void keep(struct fuzz_queue *queue, const struct fuzz_chain *chain)
{
	if (queue->held_count < FUZZ_HELD)
		queue->held[queue->held_count++] = *chain;
}

static void serve_queue(struct fuzz_device *device, unsigned number)
{
	struct fuzz_ring *ring = find_ring(device, number);
	struct fuzz_queue *queue = &device->queues[number];
	struct fuzz_chain chain;

	while (ring && queue->held_count < FUZZ_HELD && fuzz_ring_take(ring, &chain)) {
		uint32_t length = device->kind->answer(device, number, &chain);

		if (length == UINT32_MAX)
			keep(queue, &chain);
		else
			put(device, ring, &chain, length);
	}
}

void fuzz_device_serve(struct fuzz_device *device)
{
	if (!(device->status & VIRTIO_STATUS_DRIVER_OK))
		return;
	for (unsigned i = 0; i < device->kind->queues; i++)
		serve_queue(device, i);
}

bool fuzz_device_deliver(struct fuzz_device *device, unsigned number, const void *bytes, uint32_t length)
{
	struct fuzz_ring *ring = find_ring(device, number);
	struct fuzz_queue *queue = &device->queues[number];
	struct fuzz_chain chain;

	if (!ring)
		return false;
	serve_queue(device, number);
	if (queue->held_count == 0)
		return false;
	chain = queue->held[0];
	memmove(queue->held, queue->held + 1, --queue->held_count * sizeof chain);
	fuzz_check(fuzz_chain_write(&chain, 0, bytes, length) == length);
	put(device, ring, &chain, length);
	return true;
}

/* ---- attacking ---- */

/* Write something into CHAIN: a message, or whatever the input has. How many bytes were written. */
static uint32_t fill(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	uint8_t bytes[FUZZ_MESSAGE];
	unsigned length = fuzz_byte(device->input);

	if (length == 0)
		length = device->kind->message(device, queue, chain, bytes);
	else if (length == WHOLE)
		return chain->writable;
	else
		fuzz_bytes(device->input, bytes, length);
	return fuzz_chain_write(chain, 0, bytes, length);
}

/* Take a buffer, and return or keep it. */
static void handle(struct fuzz_device *device, unsigned number, unsigned how)
{
	struct fuzz_ring *ring = find_ring(device, number);
	struct fuzz_queue *queue = &device->queues[number];
	struct fuzz_chain chain;
	uint32_t length;

	if (!ring || !fuzz_ring_take(ring, &chain))
		return;
	length = fill(device, number, &chain);
	if (how == 0)
		put(device, ring, &chain, length);
	else if (how == 1)
		put(device, ring, &chain, fuzz_u32(device->input));
	else
		keep(queue, &chain);
}

/* Return a buffer that was kept, one of those in the middle perhaps, and perhaps keep it nevertheless. */
static void return_kept(struct fuzz_device *device, unsigned number, bool forget)
{
	struct fuzz_ring *ring = find_ring(device, number);
	struct fuzz_queue *queue = &device->queues[number];
	unsigned at = fuzz_byte(device->input);

	if (!ring || queue->held_count == 0)
		return;
	at %= queue->held_count;
	put(device, ring, &queue->held[at], fill(device, number, &queue->held[at]));
	if (forget)
		queue->held[at] = queue->held[--queue->held_count];
}

static void change_config(struct fuzz_device *device)
{
	device->config[fuzz_byte(device->input) % FUZZ_CONFIG] = fuzz_byte(device->input);
	device->generation++;
	device->isr |= VIRTIO_INTERRUPT_CONFIG;
}

/* Write where the device has no business any more, or never had. */
static void write_anywhere(struct fuzz_device *device)
{
	uint8_t bytes[16];
	unsigned count = 1 + fuzz_below(device->input, sizeof bytes);
	unsigned where = fuzz_byte(device->input);
	size_t length = 0;
	uint8_t *memory;

	fuzz_bytes(device->input, bytes, count);
	if (where == 0) {
		(void)fuzz_chain_write(&device->last, 0, bytes, count);
		return;
	}
	memory = fuzz_runtime_piece(where, &length);
	if (memory && count <= length)
		memcpy(memory + fuzz_u16(device->input) % (length - count + 1), bytes, count);
}

void fuzz_device_act(struct fuzz_device *device)
{
	unsigned what = fuzz_byte(device->input);
	unsigned queue = (what >> 4) % device->kind->queues;
	struct fuzz_ring *ring = find_ring(device, queue);

	if (device->behaves) {
		fuzz_device_serve(device);
		return;
	}
	switch (what & 15u) {
	case 0:
		fuzz_device_serve(device);
		return;
	case 1:
	case 2:
	case 3:
		handle(device, queue, (what & 15u) - 1);
		return;
	case 4:
	case 5:
		return_kept(device, queue, (what & 15u) == 4);
		return;
	case 6:
		change_config(device);
		return;
	case 7:
		device->status |= VIRTIO_STATUS_NEEDS_RESET;
		return;
	case 8:
		device->isr = fuzz_byte(device->input);
		return;
	case 9:
		write_anywhere(device);
		return;
	case 10:
		if (ring)
			fuzz_ring_attack(ring, device->input);
		return;
	default: /* most of what a device does is right */
		handle(device, queue, 0);
	}
}

/* ---- lying ---- */

/* How many registers are touched until the next lie: 255 is for inputs that do without. */
static unsigned choose_quiet(struct fuzz_input *input)
{
	unsigned quiet = fuzz_byte(input);

	return quiet == UINT8_MAX ? UINT_MAX : quiet;
}

static bool time_for_a_lie(struct fuzz_device *device)
{
	if (device->behaves || fuzz_ended(device->input))
		return false;
	if (device->quiet > 0) {
		device->quiet--;
		return false;
	}
	device->quiet = choose_quiet(device->input);
	return true;
}

uint32_t fuzz_device_answer(struct fuzz_device *device, uint32_t value, unsigned width)
{
	uint32_t mask = UINT32_MAX >> (32 - 8 * width);

	fuzz_runtime_step();
	if (!time_for_a_lie(device))
		return value & mask;
	switch (fuzz_below(device->input, 5)) {
	case 0:
		return 0;
	case 1:
		return mask;
	case 2:
		return fuzz_u32(device->input) & mask;
	case 3:
		return (value ^ 1u << fuzz_below(device->input, 32)) & mask;
	default:
		fuzz_device_act(device);
		return value & mask;
	}
}

void fuzz_device_touched(void)
{
	fuzz_runtime_step();
	if (time_for_a_lie(present))
		fuzz_device_act(present);
	else if (present->behaves)
		fuzz_device_serve(present);
}

/* The clock: a good device works meanwhile. */
static void paused(void)
{
	fuzz_device_touched();
}

/* ---- starting ---- */

static uint64_t choose_features(struct fuzz_input *input, const struct fuzz_kind *kind)
{
	static const uint64_t common[] = {VIRTIO_F_RING_PACKED, VIRTIO_F_IN_ORDER, VIRTIO_F_EVENT_IDX,
		VIRTIO_F_INDIRECT_DESC, VIRTIO_F_ACCESS_PLATFORM, VIRTIO_F_RING_RESET, VIRTIO_F_NOTIFICATION_DATA,
		VIRTIO_F_NOTIF_CONFIG_DATA | VIRTIO_F_ANY_LAYOUT};
	uint64_t features = kind->needed | VIRTIO_F_VERSION_1;
	unsigned chosen = fuzz_byte(input);

	for (unsigned i = 0; i < 8; i++)
		features |= chosen >> i & 1 ? common[i] : 0;
	/* The bits of the type, low ones first, and those from 50 on. */
	return features | (kind->features & (fuzz_u32(input) | (uint64_t)fuzz_u16(input) << 48));
}

void fuzz_device_start(struct fuzz_device *device, const struct fuzz_kind *kind, struct fuzz_input *input)
{
	unsigned sizes;

	memset(device, 0, sizeof *device);
	device->kind = kind;
	device->input = input;
	device->bus = fuzz_byte(input) % FUZZ_BUSES;
	device->offered = choose_features(input, kind);
	memcpy(device->config, kind->config, kind->config_length);
	sizes = fuzz_byte(input);
	for (unsigned i = 0; i < kind->queues; i++)
		device->queues[i].size = (uint16_t)(1u << (sizes >> (i & 1 ? 4 : 0) & 7));
	present = device;
	device->platform = fuzz_runtime_start(paused);
	fuzz_runtime_fail(fuzz_byte(input));
	fuzz_runtime_set_mapping(device->offered & VIRTIO_F_ACCESS_PLATFORM);
	for (unsigned changes = fuzz_byte(input) & 7; changes > 0; changes--)
		device->config[fuzz_byte(input) % FUZZ_CONFIG] = fuzz_byte(input);
	device->quiet = choose_quiet(input);
	fuzz_bus_start(device);
}

void fuzz_device_behave(struct fuzz_device *device)
{
	device->behaves = true;
	device->offered &= ~VIRTIO_F_ACCESS_PLATFORM;
	device->offered |= device->kind->needed | VIRTIO_F_VERSION_1;
	memcpy(device->config, device->kind->config, device->kind->config_length);
	for (unsigned i = 0; i < device->kind->queues; i++)
		if (device->queues[i].size < 16)
			device->queues[i].size = 16;
	fuzz_runtime_fail(0);
	fuzz_pci_describe(device);
}
