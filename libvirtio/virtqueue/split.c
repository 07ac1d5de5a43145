/* SPDX-License-Identifier: ISC */
/*
 * The split virtqueue (VIRTIO 2.7): a table of descriptors, a ring in which we say which are available, a ring
 * in which the device says which it has used. The descriptors and the available ring are written here and never
 * read back; of the used ring each word is read once and believed only after a check against the slots.
 */
#include "base/barrier.h"
#include "virtqueue/internal.h"
#include "virtqueue/split_layout.h"
#include "virtqueue/split_ring.h"

static struct le16 *used_event(const struct virtqueue *vq)
{
	return (struct le16 *)(void *)((uint8_t *)vq->driver + split_used_event(vq->size));
}

static const struct le16 *avail_event(const struct virtqueue *vq)
{
	return (const struct le16 *)(const void *)((const uint8_t *)vq->device + split_avail_event(vq->size));
}

/*
 * The fast path: add a run of buffers that the device writes (WRITABLE 1) or reads (0), a constant here, so that there
 * is a loop for each. Ends at COUNT, at the ring's end, or when it is full. Returns how many went in.
 */
VIRTQUEUE_INLINE unsigned add_run(
	struct virtqueue *vq, const struct virtqueue_single *single, unsigned count, unsigned writable)
{
	struct virtq_desc *descriptors = vq->descriptors;
	struct virtqueue_slot *slots = vq->slots;
	unsigned position = vq->added & (unsigned)vq->mask;
	struct le16 *entry = ((struct available *)vq->driver)->ring + position;
	unsigned room = vq->size - position;
	unsigned head = vq->free_head;

	room = room < vq->free_count ? room : vq->free_count;
	room = room < count ? room : count;
	for (const struct virtqueue_single *end = single + room; single < end; single++) {
		struct virtqueue_slot *slot = &slots[head];

		split_describe(&descriptors[head], single->segment.device_address, single->segment.length,
			split_flags(writable * VIRTQ_DESC_F_WRITE, 0));
		*entry++ = le16_from((uint16_t)head);
		slot->token = single->token;
		slot->writable = writable * single->segment.length;
		head = slot->next;
	}
	vq->free_head = (uint16_t)head;
	vq->free_count = (uint16_t)(vq->free_count - room);
	vq->added = (uint16_t)(vq->added + room);
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
 * Describe BUFFER's COUNT elements in a table from DESC on, one behind the other, first those that the device reads
 * (2.7.4.2). Returns the bytes that the device may write, or VIRTIO_ERR_INVALID for an empty element, or too many bytes
 * (2.7.5.2).
 */
VIRTQUEUE_INLINE int64_t write_table(struct virtq_desc *desc, const struct virtqueue_buffer *buffer, unsigned count)
{
	const struct virtio_segment *segment = buffer->segments;
	int readable = buffer->readable;
	uint64_t flags = split_flags(VIRTQ_DESC_F_NEXT, 1);
	uint64_t bytes = 0;
	uint64_t read = 0;

	do {
		uint32_t length = segment->length;

		if (length == 0)
			return VIRTIO_ERR_INVALID;
		if (readable-- == 0) {
			flags |= split_flags(VIRTQ_DESC_F_WRITE, 0);
			read = bytes;
		}
		split_describe(desc, segment->device_address, length, flags);
		flags += split_flags(0, 1);
		bytes += length;
		segment++;
		desc++;
	} while (--count);
	if (bytes > UINT32_MAX)
		return VIRTIO_ERR_INVALID;
	desc[-1].flags = le16_from(buffer->writable ? VIRTQ_DESC_F_WRITE : 0);
	return buffer->writable ? (int64_t)(bytes - read) : 0;
}

/*
 * Add BUFFER as one descriptor of the ring, which points to a table with the elements (2.7.5.3). Each slot has a table
 * of its own from the start, so that it stays intact until the slot is free again.
 */
VIRTQUEUE_INLINE int add_indirect(struct virtqueue *vq, const struct virtqueue_buffer *buffer, unsigned count)
{
	unsigned head = vq->free_head;
	size_t offset = (size_t)head * vq->max_segments * sizeof(struct virtq_desc);
	int64_t writable;

	if (!vq->free_count)
		return 0;
	writable = write_table((struct virtq_desc *)(void *)(vq->tables + offset), buffer, count);
	if (writable < 0)
		return (int)writable;
	split_describe((struct virtq_desc *)vq->descriptors + head, vq->tables_address + offset,
		(uint32_t)(count * sizeof(struct virtq_desc)), split_flags(VIRTQ_DESC_F_INDIRECT, 0));
	return split_add_described(vq, buffer, 1, vq->slots[head].next, writable);
}

int virtqueue_split_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	return virtqueue_add_each(vq, buffers, count, virtqueue_split_add_chain, add_indirect);
}

int virtqueue_split_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable)
{
	return virtqueue_add_runs(vq, singles, count, writable ? add_writable : add_readable);
}

bool virtqueue_split_publish(struct virtqueue *vq)
{
	struct available *available = vq->driver;
	const struct used *used = vq->device;
	uint16_t old = vq->published;

	if (vq->added == old || vq->fault)
		return false;
	vq->published = vq->added;
	/* Release: the device that sees the index sees the entries, descriptors and tables (2.7.13.3). */
	virtio_store_release16(&available->head.idx, vq->added);
	/* Full: the index is out before we look, or the device and we may each miss what the other did (2.7.13.4). */
	virtio_fence_full();
	if (vq->event_idx)
		return virtqueue_event_passed(virtio_load_relaxed16(avail_event(vq)), vq->added, old);
	return !(virtio_load_relaxed16(&used->head.flags) & VIRTQ_USED_F_NO_NOTIFY);
}

/* What is wrong with a used entry that names buffer ID. */
static __attribute__((cold, noinline)) void break_by_id(struct virtqueue *vq, uint32_t id)
{
	virtqueue_break(vq, id < vq->size ? "used id of no buffer" : "used id out of range");
}

/*
 * Take a run of up to COUNT used entries that the device has written; ends at the ring's end, or at one that
 * cannot be. Returns how many. What is not NULL is filled in: whole entries, or TOKENS alone.
 */
VIRTQUEUE_INLINE unsigned take_run(
	struct virtqueue *vq, struct virtqueue_used *taken, void **tokens, unsigned count, bool lengths)
{
	struct virtqueue_slot *slots = vq->slots;
	unsigned position = vq->seen & (unsigned)vq->mask;
	const struct virtq_used_elem *entry = ((const struct used *)vq->device)->ring + position;
	unsigned size = vq->size;
	unsigned room = size - position;
	uint32_t head = vq->free_head;
	unsigned left;

	room = room < count ? room : count;
	for (left = room; left > 0; left--, entry++) {
		uint32_t id = virtio_load_relaxed32(&entry->id);
		struct virtqueue_slot *slot;

		if (id >= size || !slots[id].token) {
			break_by_id(vq, id);
			break;
		}
		slot = &slots[id];
		if (lengths)
			*taken++ = virtqueue_taken(slot, virtio_load_relaxed32(&entry->len));
		else
			*tokens++ = slot->token;
		slot->token = NULL;
		if (slot->descriptors != 1)
			slot = virtqueue_slots_chain(vq, slot);
		slot->next = (uint16_t)head;
		head = id;
	}
	vq->free_head = (uint16_t)head;
	vq->free_count = (uint16_t)(vq->free_count + (room - left));
	vq->seen = (uint16_t)(vq->seen + (room - left));
	return room - left;
}

VIRTQUEUE_ALONE unsigned take_used(struct virtqueue *vq, struct virtqueue_used *taken, unsigned count)
{
	return take_run(vq, taken, NULL, count, true);
}

VIRTQUEUE_ALONE unsigned take_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return take_run(vq, NULL, tokens, count, false);
}

/* How many used entries there are to take, up to COUNT; or an error. */
VIRTQUEUE_ALONE int ready_to_take(struct virtqueue *vq, unsigned count)
{
	unsigned ready;

	if (vq->fault)
		return VIRTIO_ERR_PROTOCOL;
	ready = split_waiting(vq);
	if (ready > split_held(vq))
		return virtqueue_break(vq, "used index jumped");
	return (int)(count < ready ? count : ready);
}

/* Take up to COUNT used buffers in runs, up to the end of the ring, so two are enough. Fills in what take_run does. */
VIRTQUEUE_INLINE int take_runs(
	struct virtqueue *vq, struct virtqueue_used *taken, void **tokens, unsigned count, bool lengths)
{
	int ready = ready_to_take(vq, count);
	unsigned done;
	unsigned left;

	if (ready <= 0)
		return ready;
	done = lengths ? take_used(vq, taken, (unsigned)ready) : take_tokens(vq, tokens, (unsigned)ready);
	left = (unsigned)ready - done;
	if (left && !vq->fault)
		done += lengths ? take_used(vq, taken + done, left) : take_tokens(vq, tokens + done, left);
	return done ? (int)done : VIRTIO_ERR_PROTOCOL;
}

static int split_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	return take_runs(vq, used, NULL, count, true);
}

static int split_get_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return take_runs(vq, NULL, tokens, count, false);
}

bool virtqueue_split_enable_interrupts(struct virtqueue *vq, uint16_t after)
{
	struct available *available = vq->driver;

	if (after > split_held(vq))
		after = split_held(vq);
	if (after == 0)
		after = 1;
	if (vq->event_idx)
		virtio_store_relaxed16(used_event(vq), (uint16_t)(vq->seen + after - 1));
	else
		virtio_store_relaxed16(&available->head.flags, 0);
	/* Full: the request is out before we look again, or a buffer used meanwhile would wait for ever (2.7.14). */
	virtio_fence_full();
	return vq->fault || split_waiting(vq) >= after;
}

/*
 * With EVENT_IDX the flags stay 0 (2.7.7.1); an event that was passed already comes again after 65536 buffers
 * only.
 */
void virtqueue_split_disable_interrupts(struct virtqueue *vq)
{
	struct available *available = vq->driver;

	if (vq->event_idx)
		virtio_store_relaxed16(used_event(vq), (uint16_t)(vq->seen - 1));
	else
		virtio_store_relaxed16(&available->head.flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

int virtqueue_split_init(struct virtqueue *vq, const struct virtqueue_config *config)
{
	struct split_layout layout = virtqueue_split_layout(vq->size, config->alignment);
	int result;

	/* The largest power of two in 16 bits is the largest size. */
	if (vq->size & (vq->size - 1))
		return VIRTIO_ERR_INVALID;
	result = virtqueue_allocate(vq, config, layout.bytes, layout.alignment);
	if (result < 0)
		return result;
	vq->mask = (uint16_t)(vq->size - 1);
	vq->driver = (uint8_t *)vq->descriptors + layout.driver;
	vq->device = (uint8_t *)vq->descriptors + layout.device;
	vq->addresses.driver = vq->addresses.descriptors + layout.driver;
	vq->addresses.device = vq->addresses.descriptors + layout.device;
	virtqueue_restart(vq);
	return 0;
}

const struct virtqueue_ops virtqueue_split_ops = {
	.name = "split",
	.init = virtqueue_split_init,
	.restart = virtqueue_split_disable_interrupts,
	.add = virtqueue_split_add,
	.add_singles = virtqueue_split_add_singles,
	.publish = virtqueue_split_publish,
	.get = split_get,
	.get_tokens = split_get_tokens,
	.enable_interrupts = virtqueue_split_enable_interrupts,
	.disable_interrupts = virtqueue_split_disable_interrupts,
};
