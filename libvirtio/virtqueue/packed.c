/* SPDX-License-Identifier: ISC */
/*
 * The packed virtqueue (VIRTIO 2.8): one ring of descriptors that both sides write. We make a list of slots available
 * by flags that go with our lap (the wrap counter); the device overwrites the slot that comes next in its own order
 * with the id of a buffer that it has used, and flags of its lap. Whatever we must know of a buffer is in its slot of
 * vq->slots, by id; of the ring only used flags, ids and lengths are read, each once.
 *
 * What the device may see when. Flags are stored with release, after the rest of their slot; those of a list's first
 * slot after all of the list; those of the first list in a batch by publish, after the whole batch, and until then
 * the device, which goes from slot to slot, cannot get past it. So a device that reads ahead sees no slot half-written.
 */
#include "base/barrier.h"
#include "virtqueue/internal.h"
#include "virtqueue/packed_slots.h"

static inline void describe(struct pvirtq_desc *desc, const struct virtio_segment *segment, unsigned id)
{
	desc->addr = le64_from(segment->device_address);
	desc->len = le32_from(segment->length);
	desc->id = le16_from((uint16_t)id);
}

/*
 * Flags for a list's first slot, now that the rest of it is there: kept back if it is the first of a batch, with flags
 * in the slot that say nothing in this lap.
 */
static inline unsigned withhold(struct virtqueue *vq, unsigned flags)
{
	if (vq->added != vq->published)
		return flags;
	vq->withheld = (uint16_t)flags;
	return packed_used_flags(vq->added) ^ PACKED_FLAGS;
}

/*
 * The fast path: add a run of buffers that the device writes (WRITABLE 1) or reads (0), a constant here, so that there
 * is a loop for each. Ends at COUNT, at the ring's end, or when it is full. Returns how many went in.
 */
VIRTQUEUE_INLINE unsigned add_run(
	struct virtqueue *vq, const struct virtqueue_single *single, unsigned count, unsigned writable)
{
	struct pvirtq_desc *desc = packed_slot(vq, vq->added);
	unsigned flags = packed_available_flags(vq->added) | writable * PVIRTQ_DESC_F_WRITE;
	unsigned first = withhold(vq, flags);
	struct virtqueue_slot *slots = vq->slots;
	unsigned room = vq->size - (vq->added & (unsigned)PVIRTQ_SLOT);
	uint16_t id = vq->free_head;

	room = room < vq->free_count ? room : vq->free_count;
	room = room < count ? room : count;
	for (const struct virtqueue_single *end = single + room; single < end; single++, desc++) {
		struct virtqueue_slot *slot = &slots[id];

		describe(desc, &single->segment, id);
		slot->token = single->token;
		slot->writable = writable * single->segment.length;
		id = slot->next;
		/* Release: the slot is there before the flags that make it available (2.8.21.1). */
		virtio_store_release16(&desc->flags, (uint16_t)first);
		first = flags;
	}
	vq->free_head = id;
	vq->free_count = (uint16_t)(vq->free_count - room);
	vq->unpublished = (uint16_t)(vq->unpublished + room);
	vq->added = packed_advance(vq, vq->added, room);
	return room;
}

VIRTQUEUE_ALONE unsigned add_readable(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count)
{
	return add_run(vq, singles, count, 0);
}

VIRTQUEUE_ALONE unsigned add_writable(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count)
{
	return add_run(vq, singles, count, 1);
}

/*
 * Look at BUFFER's segments before anything is written: flags of a slot that turned out wrong would lie in the
 * device's way. Returns the bytes that it may write, or VIRTIO_ERR_INVALID.
 */
static int64_t measure(const struct virtqueue_buffer *buffer)
{
	unsigned count = virtqueue_segments(buffer);
	uint64_t bytes = 0;
	uint64_t readable = 0;

	for (unsigned i = 0; i < count; i++) {
		if (buffer->segments[i].length == 0)
			return VIRTIO_ERR_INVALID;
		bytes += buffer->segments[i].length;
		if (i < buffer->readable)
			readable = bytes;
	}
	return bytes > UINT32_MAX ? VIRTIO_ERR_INVALID : (int64_t)(bytes - readable);
}

/* A list of the ring's own slots from vq->added on (2.8.6), each with flags of the lap that it lies in. */
static void write_direct(struct virtqueue *vq, const struct virtqueue_buffer *buffer, uint16_t id)
{
	unsigned count = virtqueue_segments(buffer);
	uint16_t place = vq->added;
	unsigned head = 0;

	for (unsigned i = 0; i < count; i++, place = packed_advance(vq, place, 1)) {
		struct pvirtq_desc *desc = packed_slot(vq, place);
		unsigned flags = packed_available_flags(place);

		flags |= i < buffer->readable ? 0 : PVIRTQ_DESC_F_WRITE;
		flags |= i + 1 < count ? PVIRTQ_DESC_F_NEXT : 0;
		describe(desc, &buffer->segments[i], id);
		if (i == 0)
			head = flags;
		else /* Release: as in add_run. */
			virtio_store_release16(&desc->flags, (uint16_t)flags);
	}
	/* Release: the list is there before its first slot is available (2.8.6). */
	virtio_store_release16(&packed_slot(vq, vq->added)->flags, (uint16_t)withhold(vq, head));
}

/*
 * Describe BUFFER's COUNT elements in a table from DESC on, one behind the other (2.8.7). Nobody sees it yet, so it is
 * measured on the way: results as measure.
 */
VIRTQUEUE_INLINE int64_t write_table(struct pvirtq_desc *desc, const struct virtqueue_buffer *buffer, unsigned count)
{
	const struct virtio_segment *segment = buffer->segments;
	int readable = buffer->readable;
	uint64_t flags = 0;
	uint64_t bytes = 0;
	uint64_t read = 0;

	do {
		uint32_t length = segment->length;
		struct le64 rest; /* length, id and flags in one store */

		if (length == 0)
			return VIRTIO_ERR_INVALID;
		if (readable-- == 0) {
			flags = (uint64_t)PVIRTQ_DESC_F_WRITE << 48;
			read = bytes;
		}
		rest = le64_from(length + flags); /* nothing to carry: the flags lie above the length */
		desc->addr = le64_from(segment->device_address);
		__builtin_memcpy((uint8_t *)desc + offsetof(struct pvirtq_desc, len), &rest, sizeof rest);
		bytes += length;
		segment++;
		desc++;
	} while (--count);
	if (bytes > UINT32_MAX)
		return VIRTIO_ERR_INVALID;
	return buffer->writable ? (int64_t)(bytes - read) : 0;
}

/* BUFFER, of which the device may write WRITABLE bytes, takes the next DESCRIPTORS slots, with the first free id. */
VIRTQUEUE_INLINE int add_described(
	struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned descriptors, int64_t writable)
{
	struct virtqueue_slot *slot = &vq->slots[vq->free_head];

	slot->token = buffer->token;
	slot->writable = (uint32_t)writable;
	slot->descriptors = (uint16_t)descriptors;
	vq->free_head = slot->next;
	vq->free_count = (uint16_t)(vq->free_count - descriptors);
	vq->unpublished++;
	vq->added = packed_advance(vq, vq->added, descriptors);
	return 1;
}

/* Add BUFFER as a list of COUNT of the ring's own slots. */
VIRTQUEUE_ALONE int add_direct(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned count)
{
	int64_t writable;

	if (count > vq->free_count)
		return 0;
	writable = measure(buffer);
	if (writable < 0)
		return (int)writable;
	write_direct(vq, buffer, vq->free_head);
	return add_described(vq, buffer, count, writable);
}

/*
 * Add BUFFER as one slot of the ring, which points to a table with the elements. Each id has a table of its own from
 * the start, so that it stays intact until the id is free again.
 */
VIRTQUEUE_INLINE int add_indirect(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned count)
{
	unsigned id = vq->free_head;
	size_t offset = (size_t)id * vq->max_segments * sizeof(struct pvirtq_desc);
	struct pvirtq_desc *desc = packed_slot(vq, vq->added);
	int64_t writable;
	unsigned flags;

	if (!vq->free_count)
		return 0;
	writable = write_table((struct pvirtq_desc *)(void *)(vq->tables + offset), buffer, count);
	if (writable < 0)
		return (int)writable;
	desc->addr = le64_from(vq->tables_address + offset);
	desc->len = le32_from((uint32_t)(count * sizeof(struct pvirtq_desc)));
	desc->id = le16_from((uint16_t)id);
	flags = withhold(vq, packed_available_flags(vq->added) | PVIRTQ_DESC_F_INDIRECT);
	/* Release: table and slot are there before the flags that make them available (2.8.21.1). */
	virtio_store_release16(&desc->flags, (uint16_t)flags);
	return add_described(vq, buffer, 1, writable);
}

int virtqueue_packed_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	return virtqueue_add_each(vq, buffers, count, add_direct, add_indirect);
}

int virtqueue_packed_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable)
{
	return virtqueue_add_runs(vq, singles, count, writable ? add_writable : add_readable);
}

/*
 * 2.8.10, 2.8.14: whether the device wants to hear of the slots from OLD up to vq->published. Slot numbers are
 * counted from the start of our lap, so that those of the lap before are negative.
 */
static bool wants_notification(const struct virtqueue *vq, uint16_t old)
{
	/* Relaxed, and once, both halves together: the fence before it orders it, and the device may be changing it. */
	uint32_t event = virtio_load_relaxed32(vq->device);
	uint32_t flags = event >> 16 & 3;
	uint16_t now = vq->published;
	unsigned lap = now & PVIRTQ_WRAP;

	/* The reserved value counts as a wish: a notification too many is harmless, one too few is not. */
	if (flags != PVIRTQ_EVENT_F_DESC || !vq->event_idx)
		return flags != PVIRTQ_EVENT_F_DISABLE;
	return virtqueue_event_passed(
		(uint16_t)((event & PVIRTQ_SLOT) - ((event & PVIRTQ_WRAP) == lap ? 0u : vq->size)), now & PVIRTQ_SLOT,
		(uint16_t)((old & PVIRTQ_SLOT) - ((old & (unsigned)PVIRTQ_WRAP) == lap ? 0u : vq->size)));
}

bool virtqueue_packed_publish(struct virtqueue *vq)
{
	uint16_t old = vq->published;

	if (vq->added == old || vq->fault)
		return false;
	/* Release: the device that sees the first slot sees the whole batch, and the tables (2.8.21.1). */
	virtio_store_release16(&packed_slot(vq, old)->flags, vq->withheld);
	vq->published = vq->added;
	vq->held = (uint16_t)(vq->held + vq->unpublished);
	vq->unpublished = 0;
	/* Full: the flags are out before we look, or the device and we may each miss what the other did (2.8.21.2). */
	virtio_fence_full();
	return wants_notification(vq, old);
}

/*
 * The fast path: take a run of up to COUNT used buffers of one slot; ends at the ring's end, where the device has not
 * come to yet, or at one that takes several slots or cannot be. Returns how many. What is not NULL is filled in: whole
 * entries, or TOKENS alone.
 */
VIRTQUEUE_INLINE unsigned take_run(
	struct virtqueue *vq, struct virtqueue_used *taken, void **tokens, unsigned count, bool lengths)
{
	const struct pvirtq_desc *desc = packed_slot(vq, vq->seen);
	struct virtqueue_slot *slots = vq->slots;
	unsigned expected = packed_used_flags(vq->seen);
	unsigned size = vq->size;
	unsigned room = size - (vq->seen & (unsigned)PVIRTQ_SLOT);
	uint16_t head = vq->free_head;
	unsigned left;

	room = room < count ? room : count;
	for (left = room; left > 0 && packed_is_used(desc, expected); left--, desc++) {
		uint16_t id = virtio_load_relaxed16(&desc->id);
		struct virtqueue_slot *slot = &slots[id];

		if (id >= size || !slot->token || slot->descriptors != 1)
			break;
		if (lengths)
			*taken++ = virtqueue_taken(slot, virtio_load_relaxed32(&desc->len));
		else
			*tokens++ = slot->token;
		slot->token = NULL;
		slot->next = head;
		head = id;
	}
	room -= left;
	vq->free_head = head;
	vq->free_count = (uint16_t)(vq->free_count + room);
	vq->seen = packed_advance(vq, vq->seen, room);
	vq->held = (uint16_t)(vq->held - room);
	return room;
}

VIRTQUEUE_ALONE unsigned take_used(struct virtqueue *vq, struct virtqueue_used *taken, unsigned count)
{
	return take_run(vq, taken, NULL, count, true);
}

VIRTQUEUE_ALONE unsigned take_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return take_run(vq, NULL, tokens, count, false);
}

/* Take one used buffer of any length: 1, 0 when there is none, VIRTIO_ERR_PROTOCOL when it cannot be. */
VIRTQUEUE_ALONE int take_list(struct virtqueue *vq, struct virtqueue_used *taken)
{
	const struct pvirtq_desc *desc = packed_slot(vq, vq->seen);
	struct virtqueue_slot *slot;
	uint32_t length;
	unsigned id;

	if (!packed_is_used(desc, packed_used_flags(vq->seen)))
		return 0;
	id = virtio_load_relaxed16(&desc->id);
	length = virtio_load_relaxed32(&desc->len);
	if (id >= vq->size)
		return virtqueue_break(vq, "used id out of range");
	slot = &vq->slots[id];
	if (!slot->token)
		return virtqueue_break(vq, "used id of no buffer");
	*taken = virtqueue_taken(slot, length);
	vq->held--;
	vq->seen = packed_advance(vq, vq->seen, slot->descriptors);
	vq->free_count = (uint16_t)(vq->free_count + slot->descriptors);
	*slot = (struct virtqueue_slot){.descriptors = 1, .next = vq->free_head};
	vq->free_head = (uint16_t)id;
	return 1;
}
/* Take up to COUNT of the buffers that the device holds: runs, and between them what needs a closer look. */
VIRTQUEUE_ALONE int get_rest(struct virtqueue *vq, struct virtqueue_used *used, unsigned count, unsigned done)
{
	int result = 1;

	while (done < count && result > 0) {
		result = take_list(vq, used + done);
		if (result > 0)
			done += 1 + take_used(vq, used + done + 1, count - done - 1);
	}
	if (vq->held == 0 && packed_is_used(packed_slot(vq, vq->seen), packed_used_flags(vq->seen)))
		result = virtqueue_break(vq, "used buffer that it did not have");
	return done || result >= 0 ? (int)done : result;
}

static int packed_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	unsigned done;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	if (count > vq->held)
		count = vq->held;
	done = take_used(vq, used, count);
	return done < count || done == 0 ? get_rest(vq, used, count, done) : (int)done;
}

static int packed_get_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	unsigned done;
	int rest;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	if (count > vq->held)
		count = vq->held;
	done = take_tokens(vq, tokens, count);
	if (done == count && done)
		return (int)done;
	rest = virtqueue_get_tokens_slowly(vq, tokens + done, count - done);
	return done ? (int)done + (rest > 0 ? rest : 0) : rest;
}

/*
 * Whether the device has gone past the slot that lies AFTER - 1 behind vq->seen. Used buffers tell how far it went:
 * each takes as many slots as we know that it had. What cannot be counts as passed: virtqueue_get finds out.
 */
static bool has_passed(const struct virtqueue *vq, unsigned after)
{
	uint16_t place = vq->seen;
	unsigned slots = 0;

	while (slots < after) {
		const struct pvirtq_desc *desc = packed_slot(vq, place);
		unsigned id;

		if (!packed_is_used(desc, packed_used_flags(place)))
			return false;
		id = virtio_load_relaxed16(&desc->id);
		if (id >= vq->size || !vq->slots[id].token)
			return true;
		slots += vq->slots[id].descriptors;
		place = packed_advance(vq, place, vq->slots[id].descriptors);
	}
	return true;
}

/*
 * A buffer takes one slot or more, so after AFTER buffers the device is past that many slots, and it compares by
 * distance (2.8.10). With lists it may come there earlier, which the hint allows.
 */
unsigned virtqueue_packed_ask(struct virtqueue *vq, uint16_t after)
{
	struct pvirtq_event_suppress *event = vq->driver;

	if (after > vq->held)
		after = vq->held;
	if (after == 0)
		after = 1;
	if (vq->event_idx) {
		virtio_store_relaxed16(&event->off_wrap, packed_advance(vq, vq->seen, after - 1u));
		/* Release: the place is there before the flags that make it count. */
		virtio_store_release16(&event->flags, PVIRTQ_EVENT_F_DESC);
	} else {
		virtio_store_relaxed16(&event->flags, PVIRTQ_EVENT_F_ENABLE);
	}
	/* Full: the request is out before we look again, or a buffer used meanwhile would wait for ever (2.8.22). */
	virtio_fence_full();
	return after;
}

static bool packed_enable_interrupts(struct virtqueue *vq, uint16_t after)
{
	unsigned asked = virtqueue_packed_ask(vq, after);

	return vq->fault || has_passed(vq, asked);
}

void virtqueue_packed_disable_interrupts(struct virtqueue *vq)
{
	struct pvirtq_event_suppress *event = vq->driver;

	/* Relaxed: a hint. */
	virtio_store_relaxed16(&event->flags, PVIRTQ_EVENT_F_DISABLE);
}

/* Both wrap counters start at 1 (2.8.1). */
void virtqueue_packed_restart(struct virtqueue *vq)
{
	vq->added = PVIRTQ_WRAP;
	vq->published = PVIRTQ_WRAP;
	vq->seen = PVIRTQ_WRAP;
	vq->unpublished = 0;
	vq->held = 0;
	virtqueue_packed_disable_interrupts(vq);
}

static size_t align_up(size_t value)
{
	return (value + VIRTQUEUE_CACHE_LINE - 1) & ~(size_t)(VIRTQUEUE_CACHE_LINE - 1);
}

/* The event structures have a cache line each: one is ours to write, the other the device's. */
int virtqueue_packed_init(struct virtqueue *vq, const struct virtqueue_config *config)
{
	size_t driver = align_up(sizeof(struct pvirtq_desc) * vq->size);
	size_t device = driver + VIRTQUEUE_CACHE_LINE;
	int result;

	if (vq->size > PVIRTQ_MAX_SIZE)
		return VIRTIO_ERR_INVALID;
	result = virtqueue_allocate(vq, config, device + VIRTQUEUE_CACHE_LINE, VIRTQUEUE_CACHE_LINE);
	if (result < 0)
		return result;
	vq->driver = (uint8_t *)vq->descriptors + driver;
	vq->device = (uint8_t *)vq->descriptors + device;
	vq->addresses.driver = vq->addresses.descriptors + driver;
	vq->addresses.device = vq->addresses.descriptors + device;
	virtqueue_restart(vq);
	return 0;
}

const struct virtqueue_ops virtqueue_packed_ops = {
	.name = "packed",
	.feature = VIRTIO_F_RING_PACKED,
	.init = virtqueue_packed_init,
	.restart = virtqueue_packed_restart,
	.add = virtqueue_packed_add,
	.add_singles = virtqueue_packed_add_singles,
	.publish = virtqueue_packed_publish,
	.get = packed_get,
	.get_tokens = packed_get_tokens,
	.enable_interrupts = packed_enable_interrupts,
	.disable_interrupts = virtqueue_packed_disable_interrupts,
};
