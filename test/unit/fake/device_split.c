/* SPDX-License-Identifier: ISC */
/* The device's end of a split virtqueue (VIRTIO 2.7), written from the device's side of the specification. */
#include "fake/cmocka.h"
#include "fake/device.h"
#include "fake/platform.h"

#include <virtio/spec/split.h>

#include <stdlib.h>
#include <string.h>

#define TABLE_MAX (FAKE_DEVICE_MAX_ELEMENTS * sizeof(struct virtq_desc))

/* What a driver must leave alone while the device holds a buffer (2.7.13, 2.7.5.3.1). */
struct fake_device_watch {
	bool held;                    /* the device holds a buffer that starts at this descriptor */
	bool busy;                    /* this descriptor belongs to a buffer that the device holds */
	uint16_t head;                /* of that buffer */
	struct virtq_desc descriptor; /* a copy */
	struct virtq_desc *table;     /* a copy of the table, or NULL */
	unsigned table_entries;
};

static struct virtq_desc *descriptors(const struct fake_device_ring *ring)
{
	return fake_platform_pointer(ring->addresses.descriptors, sizeof(struct virtq_desc) * ring->size);
}

static struct le16 *driver_area(const struct fake_device_ring *ring)
{
	return fake_platform_pointer(ring->addresses.driver, 6 + 2 * (uint64_t)ring->size);
}

static uint8_t *device_area(const struct fake_device_ring *ring)
{
	return fake_platform_pointer(ring->addresses.device, 6 + 8 * (uint64_t)ring->size);
}

/* Words that both sides access: as atomics, since a test may run the two ends in threads. */
static uint16_t load16(const struct le16 *word)
{
	return le16_to((struct le16){__atomic_load_n(&word->value, __ATOMIC_ACQUIRE)});
}

static void store16(struct fake_device_ring *ring, size_t offset, uint16_t value)
{
	struct le16 raw = le16_from(value);

	memcpy(ring->used_copy + offset, &raw, sizeof raw);
	__atomic_store_n((uint16_t *)(void *)(device_area(ring) + offset), raw.value, __ATOMIC_RELEASE);
}

static void store32(struct fake_device_ring *ring, size_t offset, uint32_t value)
{
	struct le32 raw = le32_from(value);

	memcpy(ring->used_copy + offset, &raw, sizeof raw);
	__atomic_store_n((uint32_t *)(void *)(device_area(ring) + offset), raw.value, __ATOMIC_RELAXED);
}

static uint16_t available_flags(const struct fake_device_ring *ring)
{
	return load16(&driver_area(ring)[0]);
}

static uint16_t used_event(const struct fake_device_ring *ring)
{
	return load16(&driver_area(ring)[2 + ring->size]);
}

static size_t avail_event_offset(const struct fake_device_ring *ring)
{
	return 4 + 8 * (size_t)ring->size;
}

static bool has(const struct fake_device_ring *ring, uint64_t feature)
{
	return (ring->features & feature) != 0;
}

/* Fails unless LENGTH bytes at DATA are all zero. */
static void check_cleared(const void *data, size_t length, const char *what)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		if (bytes[i])
			fail_msg("%s is not cleared at byte %zu: %#x", what, i, bytes[i]);
}

static void split_attach(struct fake_device_ring *ring)
{
	uint16_t size = ring->size;

	if (size == 0 || size > VIRTQ_MAX_SIZE || (size & (size - 1)))
		fail_msg("a split virtqueue of %u entries", size);
	if (ring->addresses.descriptors % 16 || ring->addresses.driver % 2 || ring->addresses.device % 4)
		fail_msg("an area of the virtqueue is misaligned");
	/* RING-04 */
	check_cleared(descriptors(ring), sizeof(struct virtq_desc) * size, "the descriptor table");
	/* Not the flags and not used_event, in which the driver may already have asked for no interrupts. */
	check_cleared(&driver_area(ring)[1], 2 + 2 * (size_t)size, "the available ring");
	check_cleared(device_area(ring), 6 + 8 * (size_t)size, "the used ring");
	ring->used_bytes = 6 + 8 * (size_t)size;
	ring->used_copy = calloc(1, ring->used_bytes);
	ring->watches = calloc(size, sizeof *ring->watches);
	if (!ring->used_copy || !ring->watches)
		fail_msg("the test itself has no memory left");
}

static void split_detach(struct fake_device_ring *ring)
{
	for (unsigned i = 0; i < ring->size; i++)
		free(ring->watches[i].table);
	free(ring->watches);
	free(ring->used_copy);
}

/* The used ring is the device's alone (2.7.8). */
static void check_used_ring(const struct fake_device_ring *ring)
{
	if (!ring->lied && memcmp(device_area(ring), ring->used_copy, ring->used_bytes) != 0)
		fail_msg("the driver wrote to the used ring");
}

static unsigned split_available(struct fake_device_ring *ring)
{
	uint16_t index = load16(&driver_area(ring)[1]);
	uint16_t flags = available_flags(ring);
	unsigned waiting = (uint16_t)(index - ring->taken);

	check_used_ring(ring);
	if (ring->lied)
		return waiting <= ring->size ? waiting : 0;
	if (has(ring, VIRTIO_F_EVENT_IDX) ? flags != 0 : flags > VIRTQ_AVAIL_F_NO_INTERRUPT)
		fail_msg("available flags are %#x", flags);
	if ((uint16_t)(index - ring->taken) < (uint16_t)(ring->newest - ring->taken))
		fail_msg("the available index went back from %u to %u", ring->newest, index);
	if (waiting + ring->held > ring->size)
		fail_msg("%u buffers available and %u in use in a virtqueue of %u", waiting, ring->held, ring->size);
	ring->newest = index;
	return waiting;
}

static uint16_t split_position(struct fake_device_ring *ring)
{
	return load16(&driver_area(ring)[1]);
}

static void add_element(struct fake_device_buffer *buffer, const struct virtq_desc *desc)
{
	struct fake_device_element *element = &buffer->elements[buffer->count];
	bool writable = (le16_to(desc->flags) & VIRTQ_DESC_F_WRITE) != 0;
	uint32_t length = le32_to(desc->len);
	uint32_t *sum = writable ? &buffer->writable_bytes : &buffer->readable_bytes;

	if (buffer->count == FAKE_DEVICE_MAX_ELEMENTS)
		fail_msg("a chain of more than %u elements, perhaps a loop", FAKE_DEVICE_MAX_ELEMENTS);
	if (length == 0)
		fail_msg("element %u is empty", buffer->count);
	if (buffer->writable_bytes && !writable)
		fail_msg("element %u, which the device reads, comes after one that it writes", buffer->count);
	if ((uint64_t)buffer->readable_bytes + buffer->writable_bytes + length > UINT32_MAX)
		fail_msg("a chain of more than 2^32-1 bytes");
	element->address = le64_to(desc->addr);
	element->data = fake_platform_pointer(element->address, length);
	element->length = length;
	element->writable = writable;
	*sum += length;
	buffer->count++;
}

/* A table of descriptors (2.7.5.3): one level, entries linked from 0 on, as long as the descriptor says. */
static void take_table(struct fake_device_ring *ring, struct fake_device_buffer *buffer, const struct virtq_desc *desc)
{
	uint32_t bytes = le32_to(desc->len);
	unsigned entries = bytes / (unsigned)sizeof(struct virtq_desc);
	const struct virtq_desc *table = fake_platform_pointer(le64_to(desc->addr), bytes);
	struct fake_device_watch *watch = &ring->watches[buffer->id];
	unsigned at = 0;
	unsigned seen = 0;
	uint16_t flags;

	if (!has(ring, VIRTIO_F_INDIRECT_DESC))
		fail_msg("an indirect descriptor without the feature");
	if (le16_to(desc->flags) != VIRTQ_DESC_F_INDIRECT)
		fail_msg("an indirect descriptor with flags %#x", le16_to(desc->flags));
	if (bytes % sizeof(struct virtq_desc) || entries == 0 || entries > ring->size || bytes > TABLE_MAX)
		fail_msg("an indirect table of %u bytes in a virtqueue of %u", bytes, ring->size);
	do {
		if (at >= entries || seen++ >= entries)
			fail_msg("an indirect table goes on at entry %u of %u", at, entries);
		flags = le16_to(table[at].flags);
		if (flags & ~(VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE))
			fail_msg("flags %#x in an indirect table", flags);
		add_element(buffer, &table[at]);
		if (has(ring, VIRTIO_F_IN_ORDER) && flags & VIRTQ_DESC_F_NEXT && le16_to(table[at].next) != at + 1)
			fail_msg("entry %u of an indirect table is not followed by the next (2.7.9)", at);
		at = le16_to(table[at].next);
	} while (flags & VIRTQ_DESC_F_NEXT);
	buffer->indirect = true;
	watch->table_entries = entries;
	watch->table = malloc(bytes);
	if (!watch->table)
		fail_msg("the test itself has no memory left");
	memcpy(watch->table, table, bytes);
}

/* Note that descriptor INDEX belongs to BUFFER, and what is in it. */
static void watch_descriptor(struct fake_device_ring *ring, const struct fake_device_buffer *buffer, uint16_t index)
{
	struct fake_device_watch *watch;

	if (index >= ring->size)
		fail_msg("descriptor %u in a virtqueue of %u", index, ring->size);
	watch = &ring->watches[index];
	if (has(ring, VIRTIO_F_IN_ORDER) && index != ring->in_order)
		fail_msg("descriptor %u, and %u is the next in order (2.7.9)", index, ring->in_order);
	ring->in_order = (uint16_t)((index + 1) & (ring->size - 1));
	if (watch->busy)
		fail_msg("descriptor %u is in a buffer that the device holds, or twice in one", index);
	watch->busy = true;
	watch->head = (uint16_t)buffer->id;
	watch->descriptor = descriptors(ring)[index];
}

static bool split_take(struct fake_device_ring *ring, struct fake_device_buffer *buffer)
{
	uint16_t index;
	uint16_t flags;

	if (split_available(ring) == 0)
		return false;
	index = load16(&driver_area(ring)[2 + (ring->taken & (ring->size - 1))]);
	/* Not the elements: there are many, and the rest of the struct says how many count. */
	memset(buffer, 0, offsetof(struct fake_device_buffer, elements));
	buffer->id = index;
	do {
		const struct virtq_desc *desc;

		watch_descriptor(ring, buffer, index);
		desc = &ring->watches[index].descriptor;
		flags = le16_to(desc->flags);
		if (flags & ~(VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT))
			fail_msg("descriptor flags %#x", flags);
		if (flags & VIRTQ_DESC_F_INDIRECT)
			take_table(ring, buffer, desc);
		else
			add_element(buffer, desc);
		buffer->descriptors++;
		index = le16_to(desc->next);
	} while (flags & VIRTQ_DESC_F_NEXT);
	if (buffer->count > ring->size)
		fail_msg("a chain of %u elements in a virtqueue of %u", buffer->count, ring->size);
	ring->watches[buffer->id].held = true;
	ring->taken++;
	ring->held++;
	return true;
}

/*
 * Whether the driver left alone what belongs to the buffer that starts at ID; it is free to use it again from
 * now on.
 */
static void unwatch(struct fake_device_ring *ring, uint32_t id)
{
	if (id >= ring->size || !ring->watches[id].held)
		return;
	for (unsigned i = 0; i < ring->size; i++) {
		struct fake_device_watch *watch = &ring->watches[i];
		size_t bytes = watch->table_entries * sizeof(struct virtq_desc);

		if (!watch->busy || watch->head != id)
			continue;
		if (!ring->lied && memcmp(&descriptors(ring)[i], &watch->descriptor, sizeof watch->descriptor) != 0)
			fail_msg("the driver changed descriptor %u while the device held it", i);
		if (!ring->lied && watch->table &&
			memcmp(fake_platform_pointer(le64_to(watch->descriptor.addr), bytes), watch->table, bytes) != 0)
			fail_msg("the driver changed the indirect table of descriptor %u while the device held it", i);
		free(watch->table);
		memset(watch, 0, sizeof *watch);
	}
}

static void split_put_used(
	struct fake_device_ring *ring, uint32_t id, unsigned descriptors_taken, uint32_t length, bool written)
{
	size_t entry = 4 + 8 * (size_t)(ring->used & (ring->size - 1));

	(void)descriptors_taken;
	(void)written;
	check_used_ring(ring);
	unwatch(ring, id);
	store32(ring, entry, id);
	store32(ring, entry + 4, length);
	ring->used++;
}

/* 2.7.9: the record lies where that of the first would; in the places of the others there is rubbish. */
static void split_put_batch(
	struct fake_device_ring *ring, const struct fake_device_buffer *buffers, unsigned count, uint32_t length)
{
	uint16_t first = ring->used;

	for (unsigned i = 0; i < count; i++)
		split_put_used(ring, UINT32_MAX, 0, UINT32_MAX, true);
	for (unsigned i = 0; i < count; i++)
		unwatch(ring, buffers[i].id);
	ring->used = first;
	split_put_used(ring, buffers[count - 1].id, 0, length, true);
	ring->used = (uint16_t)(first + count);
}

static bool split_publish_used(struct fake_device_ring *ring)
{
	uint16_t old = ring->published;

	store16(ring, 2, ring->used);
	ring->published = ring->used;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ring->used == old)
		return false;
	if (has(ring, VIRTIO_F_EVENT_IDX))
		return (uint16_t)(ring->used - used_event(ring) - 1) < (uint16_t)(ring->used - old);
	return !(available_flags(ring) & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

static bool split_interrupts_wanted(struct fake_device_ring *ring)
{
	if (has(ring, VIRTIO_F_EVENT_IDX))
		return used_event(ring) == ring->published;
	return !(available_flags(ring) & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

static void split_notify_after(struct fake_device_ring *ring, uint16_t after)
{
	store16(ring, avail_event_offset(ring), (uint16_t)(ring->taken + after - 1));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void split_want_notifications(struct fake_device_ring *ring, bool wanted)
{
	if (has(ring, VIRTIO_F_EVENT_IDX))
		split_notify_after(ring, wanted ? 1 : 0x8000);
	else
		store16(ring, 0, wanted ? 0 : VIRTQ_USED_F_NO_NOTIFY);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void split_scribble(struct fake_device_ring *ring, uint8_t value)
{
	for (unsigned i = 0; i < ring->size; i++) {
		const struct fake_device_watch *watch = &ring->watches[i];
		size_t bytes = watch->table_entries * sizeof(struct virtq_desc);

		if (watch->table)
			memset(fake_platform_pointer(le64_to(watch->descriptor.addr), bytes), value, bytes);
	}
	memset(descriptors(ring), value, sizeof(struct virtq_desc) * ring->size);
	memset(driver_area(ring), value, 6 + 2 * (size_t)ring->size);
}

const struct fake_device_ops fake_device_split = {
	.name = "split",
	.driver_end = &virtqueue_split_ops,
	.features = 0,
	.attach = split_attach,
	.detach = split_detach,
	.available = split_available,
	.position = split_position,
	.take = split_take,
	.put_used = split_put_used,
	.put_batch = split_put_batch,
	.publish_used = split_publish_used,
	.want_notifications = split_want_notifications,
	.notify_after = split_notify_after,
	.interrupts_wanted = split_interrupts_wanted,
	.scribble = split_scribble,
};
