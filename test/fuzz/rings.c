/* SPDX-License-Identifier: ISC */
/* The device's end of a virtqueue, honest or not. Nothing in the ring is believed here either: it may be scribbled. */
#include "rings.h"

#include <virtio/spec/features.h>
#include <virtio/spec/packed.h>
#include <virtio/spec/split.h>

#include "runtime.h"

#define FLAGS (PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED)

static uint16_t load16(const void *memory, size_t offset)
{
	struct le16 value;

	memcpy(&value, (const uint8_t *)memory + offset, sizeof value);
	return le16_to(value);
}

static void store16(void *memory, size_t offset, uint16_t value)
{
	struct le16 raw = le16_from(value);

	memcpy((uint8_t *)memory + offset, &raw, sizeof raw);
}

void fuzz_ring_start(struct fuzz_ring *ring, struct virtqueue *vq)
{
	*ring = (struct fuzz_ring){
		.vq = vq,
		.packed = (vq->ops->feature & VIRTIO_F_RING_PACKED) != 0,
		.wrap_seen = true,
		.wrap_used = true,
	};
}

static bool add_part(struct fuzz_chain *chain, uint64_t address, uint32_t length, bool writable)
{
	if (chain->count == FUZZ_PARTS)
		return false;
	chain->parts[chain->count].address = address;
	chain->parts[chain->count].length = length;
	chain->parts[chain->count++].writable = writable;
	*(writable ? &chain->writable : &chain->readable) += length;
	return true;
}

/* ---- split ---- */

/* Follow a chain from HEAD through a TABLE of SIZE descriptors. */
static bool split_follow(struct fuzz_chain *chain, const uint8_t *table, unsigned size, unsigned head)
{
	struct virtq_desc desc;
	unsigned flags;

	do {
		if (head >= size)
			return false;
		memcpy(&desc, table + head * sizeof desc, sizeof desc);
		flags = le16_to(desc.flags);
		if (flags & VIRTQ_DESC_F_INDIRECT) {
			const uint8_t *inner = fuzz_runtime_pointer(le64_to(desc.addr), le32_to(desc.len));
			unsigned inner_size = le32_to(desc.len) / (unsigned)sizeof desc;

			/* Only the ring's own descriptors may be indirect, and a scribbled length may hold none. */
			return inner && inner_size > 0 && size != inner_size && chain->count == 0 &&
			       !(load16(inner, 12) & VIRTQ_DESC_F_INDIRECT) &&
			       split_follow(chain, inner, inner_size, 0);
		}
		if (!add_part(chain, le64_to(desc.addr), le32_to(desc.len), flags & VIRTQ_DESC_F_WRITE))
			return false;
		head = le16_to(desc.next);
	} while (flags & VIRTQ_DESC_F_NEXT);
	return true;
}

static bool split_take(struct fuzz_ring *ring, struct fuzz_chain *chain)
{
	const struct virtqueue *vq = ring->vq;

	if (load16(vq->driver, 2) == ring->seen)
		return false;
	chain->id = load16(vq->driver, 4 + 2 * (size_t)(ring->seen & vq->mask));
	ring->seen++;
	return split_follow(chain, vq->descriptors, vq->size, chain->id);
}

static void split_put(struct fuzz_ring *ring, uint32_t id, uint32_t length)
{
	struct virtq_used_elem element = {le32_from(id), le32_from(length)};
	uint8_t *device = ring->vq->device;

	memcpy(device + 4 + sizeof element * (ring->used & ring->vq->mask), &element, sizeof element);
	store16(device, 2, ++ring->used);
}

/* ---- packed ---- */

static bool packed_available(const struct fuzz_ring *ring, unsigned flags)
{
	return (flags & FLAGS) == (unsigned)(ring->wrap_seen ? PVIRTQ_DESC_F_AVAIL : PVIRTQ_DESC_F_USED);
}

static void advance(const struct fuzz_ring *ring, uint16_t *slot, bool *wrap, unsigned slots)
{
	unsigned at = *slot + slots % (ring->vq->size + 1u);

	if (at >= ring->vq->size) {
		at -= ring->vq->size;
		*wrap = !*wrap;
	}
	*slot = (uint16_t)at;
}

static bool packed_indirect(struct fuzz_chain *chain, const struct pvirtq_desc *list)
{
	const uint8_t *table = fuzz_runtime_pointer(le64_to(list->addr), le32_to(list->len));
	unsigned count = le32_to(list->len) / (unsigned)sizeof *list;
	struct pvirtq_desc desc;

	for (unsigned i = 0; table && i < count; i++) {
		memcpy(&desc, table + i * sizeof desc, sizeof desc);
		if (!add_part(chain, le64_to(desc.addr), le32_to(desc.len), le16_to(desc.flags) & PVIRTQ_DESC_F_WRITE))
			return false;
	}
	return table != NULL;
}

static bool packed_take(struct fuzz_ring *ring, struct fuzz_chain *chain)
{
	struct pvirtq_desc desc;
	unsigned flags;
	bool whole = true;

	do {
		memcpy(&desc, (uint8_t *)ring->vq->descriptors + ring->seen * sizeof desc, sizeof desc);
		flags = le16_to(desc.flags);
		if (!packed_available(ring, flags))
			return false;
		whole = flags & PVIRTQ_DESC_F_INDIRECT
				? packed_indirect(chain, &desc)
				: add_part(chain, le64_to(desc.addr), le32_to(desc.len), flags & PVIRTQ_DESC_F_WRITE);
		chain->descriptors++;
		advance(ring, &ring->seen, &ring->wrap_seen, 1);
	} while (flags & PVIRTQ_DESC_F_NEXT && chain->descriptors < ring->vq->size && whole);
	chain->id = le16_to(desc.id);
	return whole;
}

static void packed_put(struct fuzz_ring *ring, uint32_t id, unsigned descriptors, uint32_t length)
{
	struct pvirtq_desc desc = {
		.len = le32_from(length),
		.id = le16_from((uint16_t)id),
		.flags = le16_from(ring->wrap_used ? FLAGS : 0),
	};

	memcpy((uint8_t *)ring->vq->descriptors + ring->used * sizeof desc, &desc, sizeof desc);
	advance(ring, &ring->used, &ring->wrap_used, descriptors);
}

/* ---- both ---- */

bool fuzz_ring_take(struct fuzz_ring *ring, struct fuzz_chain *chain)
{
	memset(chain, 0, offsetof(struct fuzz_chain, parts));
	return ring->packed ? packed_take(ring, chain) : split_take(ring, chain);
}

void fuzz_ring_put(struct fuzz_ring *ring, uint32_t id, unsigned descriptors, uint32_t length)
{
	if (ring->packed)
		packed_put(ring, id, descriptors, length);
	else
		split_put(ring, id, length);
}

static void scribble(struct fuzz_ring *ring, struct fuzz_input *input)
{
	struct virtqueue *vq = ring->vq;
	bool tables = vq->tables && fuzz_byte(input) & 1;
	uint8_t *memory = tables ? vq->tables : vq->descriptors;
	size_t bytes = tables ? vq->tables_bytes : vq->ring_bytes;
	size_t at = fuzz_u16(input) % bytes;
	size_t count = 1u + fuzz_below(input, 8);

	for (size_t i = at; i < bytes && i < at + count; i++)
		memory[i] = fuzz_byte(input);
}

/* The words by which either side asks for silence, or for news. */
static void change_events(struct fuzz_ring *ring, struct fuzz_input *input)
{
	struct virtqueue *vq = ring->vq;

	if (ring->packed) {
		store16(vq->device, 0, fuzz_u16(input));
		store16(vq->device, 2, fuzz_byte(input));
		return;
	}
	store16(vq->device, 0, fuzz_byte(input) & VIRTQ_USED_F_NO_NOTIFY);
	store16(vq->device, 4 + sizeof(struct virtq_used_elem) * vq->size, fuzz_u16(input));
}

/* Move on without having used anything, or back. */
static void jump(struct fuzz_ring *ring, struct fuzz_input *input)
{
	unsigned steps = fuzz_byte(input);

	if (ring->packed) {
		advance(ring, &ring->used, &ring->wrap_used, steps);
		return;
	}
	ring->used = (uint16_t)(ring->used + (int8_t)steps);
	store16(ring->vq->device, 2, ring->used);
}

void fuzz_ring_attack(struct fuzz_ring *ring, struct fuzz_input *input)
{
	unsigned size = ring->vq->size;
	uint32_t id;

	switch (fuzz_below(input, 5)) {
	case 0:
		id = fuzz_byte(input);
		fuzz_ring_put(ring, id < 240 ? id % (size + 1) : fuzz_u32(input), 1, fuzz_u32(input));
		return;
	case 1:
		fuzz_ring_put(ring, fuzz_byte(input) % size, fuzz_byte(input), fuzz_byte(input));
		return;
	case 2:
		scribble(ring, input);
		return;
	case 3:
		change_events(ring, input);
		return;
	default:
		jump(ring, input);
	}
}

/* Go through the parts that are WRITABLE or not, from OFFSET on. */
static uint32_t copy(const struct fuzz_chain *chain, bool writable, uint32_t offset, uint8_t *out, const uint8_t *in,
	uint32_t length)
{
	uint32_t done = 0;

	for (unsigned i = 0; i < chain->count && done < length; i++) {
		uint32_t part = chain->parts[i].length;
		uint8_t *memory;

		if (chain->parts[i].writable != writable)
			continue;
		if (offset >= part) {
			offset -= part;
			continue;
		}
		part = part - offset < length - done ? part - offset : length - done;
		/* A part may be longer than what is there: then a table was scribbled over. */
		memory = fuzz_runtime_pointer(chain->parts[i].address + offset, part);
		if (!memory)
			break;
		if (in)
			memcpy(memory, in + done, part);
		else
			memcpy(out + done, memory, part);
		done += part;
		offset = 0;
	}
	return done;
}

uint32_t fuzz_chain_read(const struct fuzz_chain *chain, uint32_t offset, void *bytes, uint32_t length)
{
	return copy(chain, false, offset, bytes, NULL, length);
}

uint32_t fuzz_chain_write(const struct fuzz_chain *chain, uint32_t offset, const void *bytes, uint32_t length)
{
	return copy(chain, true, offset, NULL, bytes, length);
}
