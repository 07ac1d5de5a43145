/* SPDX-License-Identifier: ISC */
/*
 * The device's end of a packed virtqueue (VIRTIO 2.8), written from the device's side of the specification. Slots from
 * ring->used to ring->taken are the device's: it took them, and has not yet gone past them with used ones.
 */
#include "fake/cmocka.h"
#include "fake/device.h"
#include "fake/platform.h"

#include <virtio/spec/packed.h>

#include <stdlib.h>
#include <string.h>

#define TABLE_MAX (FAKE_DEVICE_MAX_ELEMENTS * sizeof(struct pvirtq_desc))
#define BOTH (PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED)
#define KNOWN_FLAGS (PVIRTQ_DESC_F_NEXT | PVIRTQ_DESC_F_WRITE | PVIRTQ_DESC_F_INDIRECT | BOTH)

/* What a driver must leave alone. The first part is kept for each slot, the second for each buffer id. */
struct fake_device_watch {
	bool busy;                     /* the slot is the device's */
	struct pvirtq_desc descriptor; /* a copy */

	bool held;                 /* the device holds a buffer of this id */
	uint64_t table_address;    /* of its table */
	struct pvirtq_desc *table; /* a copy of it, or NULL */
	unsigned table_entries;
};

static struct pvirtq_desc *slot_at(const struct fake_device_ring *ring, uint16_t place)
{
	struct pvirtq_desc *slots =
		fake_platform_pointer(ring->addresses.descriptors, sizeof(struct pvirtq_desc) * ring->size);

	return slots + (place & PVIRTQ_SLOT);
}

static struct pvirtq_event_suppress *driver_event(const struct fake_device_ring *ring)
{
	return fake_platform_pointer(ring->addresses.driver, sizeof(struct pvirtq_event_suppress));
}

static struct pvirtq_event_suppress *device_event(const struct fake_device_ring *ring)
{
	return fake_platform_pointer(ring->addresses.device, sizeof(struct pvirtq_event_suppress));
}

/* Words that both sides access: as atomics, since a test may run the two ends in threads. */
static uint16_t load16(const struct le16 *word)
{
	return le16_to((struct le16){__atomic_load_n(&word->value, __ATOMIC_ACQUIRE)});
}

static void store16(struct le16 *word, uint16_t value)
{
	__atomic_store_n(&word->value, le16_from(value).value, __ATOMIC_RELEASE);
}

static bool has(const struct fake_device_ring *ring, uint64_t feature)
{
	return (ring->features & feature) != 0;
}

static uint16_t advance(const struct fake_device_ring *ring, uint16_t place, unsigned slots)
{
	unsigned slot = (place & PVIRTQ_SLOT) + slots;
	unsigned wrap = place & PVIRTQ_WRAP;

	for (; slot >= ring->size; slot -= ring->size)
		wrap ^= PVIRTQ_WRAP;
	return (uint16_t)(slot | wrap);
}

/* How far PLACE is from the start of the lap of NOW: negative in the lap before. */
static int distance(const struct fake_device_ring *ring, uint16_t place, uint16_t now)
{
	int slot = place & PVIRTQ_SLOT;

	return (place & PVIRTQ_WRAP) == (now & PVIRTQ_WRAP) ? slot : slot - ring->size;
}

/* 2.8.10: whether going from OLD to NOW passes the place in EVENT. */
static bool passes(const struct fake_device_ring *ring, uint16_t event, uint16_t now, uint16_t old)
{
	return distance(ring, event, now) >= distance(ring, old, now) &&
	       distance(ring, event, now) < distance(ring, now, now);
}

static void check_cleared(const void *data, size_t length, const char *what)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < length; i++)
		if (bytes[i])
			fail_msg("%s is not cleared at byte %zu: %#x", what, i, bytes[i]);
}

static void packed_attach(struct fake_device_ring *ring)
{
	uint16_t size = ring->size;

	if (size == 0 || size > PVIRTQ_MAX_SIZE)
		fail_msg("a packed virtqueue of %u entries", size);
	if (ring->addresses.descriptors % 16 || ring->addresses.driver % 4 || ring->addresses.device % 4)
		fail_msg("an area of the virtqueue is misaligned");
	check_cleared(slot_at(ring, 0), sizeof(struct pvirtq_desc) * size, "the descriptor ring");
	/* Not the flags, in which the driver may already have asked for no interrupts. */
	check_cleared(&driver_event(ring)->off_wrap, 2, "the driver's event structure");
	check_cleared(device_event(ring), sizeof(struct pvirtq_event_suppress), "the device's event structure");
	ring->taken = PVIRTQ_WRAP;
	ring->used = PVIRTQ_WRAP;
	ring->published = PVIRTQ_WRAP;
	ring->used_bytes = sizeof(struct pvirtq_event_suppress);
	ring->used_copy = calloc(1, ring->used_bytes);
	ring->watches = calloc(size, sizeof *ring->watches);
	if (!ring->used_copy || !ring->watches)
		fail_msg("the test itself has no memory left");
}

static void packed_detach(struct fake_device_ring *ring)
{
	for (unsigned i = 0; i < ring->size; i++)
		free(ring->watches[i].table);
	free(ring->watches);
	free(ring->used_copy);
}

/* PKD-20: what the driver may have in its event structure (2.8.10), and that it left ours alone. */
static void check_events(const struct fake_device_ring *ring)
{
	uint16_t flags = load16(&driver_event(ring)->flags);
	uint16_t off_wrap = load16(&driver_event(ring)->off_wrap);

	if (ring->lied)
		return;
	if (flags > (has(ring, VIRTIO_F_EVENT_IDX) ? PVIRTQ_EVENT_F_DESC : PVIRTQ_EVENT_F_DISABLE))
		fail_msg("the driver's event flags are %#x", flags);
	if (flags == PVIRTQ_EVENT_F_DESC && (off_wrap & PVIRTQ_SLOT) >= ring->size)
		fail_msg("the driver wants to hear of slot %u of %u", off_wrap & PVIRTQ_SLOT, ring->size);
	if (memcmp(device_event(ring), ring->used_copy, ring->used_bytes) != 0)
		fail_msg("the driver wrote to the device's event structure");
}

/* 2.8.1: whether the slot at PLACE is available, in the lap of PLACE. */
static bool is_available(const struct fake_device_ring *ring, uint16_t place)
{
	unsigned expected = place & PVIRTQ_WRAP ? PVIRTQ_DESC_F_AVAIL : PVIRTQ_DESC_F_USED;

	return (load16(&slot_at(ring, place)->flags) & BOTH) == expected;
}

/* Where the list that starts at PLACE ends. Its first slot is available, so all of it must be (2.8.6). */
static uint16_t end_of_list(const struct fake_device_ring *ring, uint16_t place)
{
	for (unsigned i = 0; i < ring->size; i++) {
		bool last = !(load16(&slot_at(ring, place)->flags) & PVIRTQ_DESC_F_NEXT);

		if (!is_available(ring, place) && !ring->lied)
			fail_msg("slot %u goes on a list, and is not available", place & PVIRTQ_SLOT);
		place = advance(ring, place, 1);
		if (last)
			return place;
	}
	fail_msg("a list without end");
	return place;
}

static unsigned packed_available(struct fake_device_ring *ring)
{
	unsigned waiting = 0;

	check_events(ring);
	for (uint16_t place = ring->taken; is_available(ring, place) && waiting < ring->size; waiting++)
		place = end_of_list(ring, place);
	return waiting;
}

static uint16_t packed_position(struct fake_device_ring *ring)
{
	uint16_t place = ring->taken;

	for (unsigned i = 0; is_available(ring, place) && i < ring->size; i++)
		place = end_of_list(ring, place);
	return place;
}

static void add_element(struct fake_device_buffer *buffer, const struct pvirtq_desc *desc)
{
	struct fake_device_element *element = &buffer->elements[buffer->count];
	bool writable = (le16_to(desc->flags) & PVIRTQ_DESC_F_WRITE) != 0;
	uint32_t length = le32_to(desc->len);
	uint32_t *sum = writable ? &buffer->writable_bytes : &buffer->readable_bytes;

	if (buffer->count == FAKE_DEVICE_MAX_ELEMENTS)
		fail_msg("a list of more than %u elements", FAKE_DEVICE_MAX_ELEMENTS);
	if (length == 0)
		fail_msg("element %u is empty", buffer->count);
	if (buffer->writable_bytes && !writable)
		fail_msg("element %u, which the device reads, comes after one that it writes", buffer->count);
	if ((uint64_t)buffer->readable_bytes + buffer->writable_bytes + length > UINT32_MAX)
		fail_msg("a list of more than 2^32-1 bytes");
	element->address = le64_to(desc->addr);
	element->data = fake_platform_pointer(element->address, length);
	element->length = length;
	element->writable = writable;
	*sum += length;
	buffer->count++;
}

/* A table of descriptors (2.8.7): one behind the other, as many as its length says, flags WRITE or none. */
static void take_table(struct fake_device_ring *ring, struct fake_device_buffer *buffer, const struct pvirtq_desc *desc)
{
	struct fake_device_watch *watch = &ring->watches[buffer->id];
	uint32_t bytes = le32_to(desc->len);

	if (!has(ring, VIRTIO_F_INDIRECT_DESC))
		fail_msg("an indirect descriptor without the feature");
	if (buffer->descriptors || le16_to(desc->flags) & PVIRTQ_DESC_F_NEXT)
		fail_msg("an indirect descriptor in a list");
	if (bytes % sizeof *desc || bytes == 0 || bytes > ring->size * sizeof *desc || bytes > TABLE_MAX)
		fail_msg("an indirect table of %u bytes in a virtqueue of %u", bytes, ring->size);
	watch->table_address = le64_to(desc->addr);
	watch->table_entries = bytes / (unsigned)sizeof *desc;
	watch->table = malloc(bytes);
	if (!watch->table)
		fail_msg("the test itself has no memory left");
	memcpy(watch->table, fake_platform_pointer(watch->table_address, bytes), bytes);
	for (unsigned i = 0; i < watch->table_entries; i++) {
		if (le16_to(watch->table[i].flags) & ~PVIRTQ_DESC_F_WRITE)
			fail_msg("flags %#x in an indirect table", le16_to(watch->table[i].flags));
		add_element(buffer, &watch->table[i]);
	}
	buffer->indirect = true;
}

/* The id is in the last slot, the one before END (2.8.6). */
static void take_id(struct fake_device_ring *ring, struct fake_device_buffer *buffer, uint16_t end)
{
	unsigned behind = end & PVIRTQ_SLOT ? end & PVIRTQ_SLOT : ring->size;

	buffer->id = le16_to(slot_at(ring, (uint16_t)(behind - 1))->id);
	if (buffer->id >= ring->size)
		fail_msg("buffer id %u in a virtqueue of %u", buffer->id, ring->size);
	if (ring->watches[buffer->id].held)
		fail_msg("buffer id %u is one that the device holds", buffer->id);
	ring->watches[buffer->id].held = true;
}

static bool packed_take(struct fake_device_ring *ring, struct fake_device_buffer *buffer)
{
	uint16_t end;

	check_events(ring);
	if (!is_available(ring, ring->taken))
		return false;
	/* Not the elements: there are many, and the rest of the struct says how many count. */
	memset(buffer, 0, offsetof(struct fake_device_buffer, elements));
	end = end_of_list(ring, ring->taken);
	take_id(ring, buffer, end);
	for (; ring->taken != end; ring->taken = advance(ring, ring->taken, 1)) {
		struct fake_device_watch *watch = &ring->watches[ring->taken & PVIRTQ_SLOT];
		const struct pvirtq_desc *desc = slot_at(ring, ring->taken);

		if (watch->busy)
			fail_msg("slot %u is the device's already", ring->taken & PVIRTQ_SLOT);
		watch->busy = true;
		watch->descriptor = *desc;
		if (le16_to(desc->flags) & ~KNOWN_FLAGS)
			fail_msg("descriptor flags %#x", le16_to(desc->flags));
		if (le16_to(desc->flags) & PVIRTQ_DESC_F_INDIRECT)
			take_table(ring, buffer, desc);
		else
			add_element(buffer, desc);
		buffer->descriptors++;
	}
	ring->held++;
	return true;
}

/* PKD-05: the slot at PLACE goes back to the driver, which must not have touched it. */
static void unwatch_slot(struct fake_device_ring *ring, uint16_t place)
{
	struct fake_device_watch *watch = &ring->watches[place & PVIRTQ_SLOT];

	if (!ring->lied && !watch->busy)
		fail_msg("the test uses slot %u, which the device does not have", place & PVIRTQ_SLOT);
	if (!ring->lied && memcmp(slot_at(ring, place), &watch->descriptor, sizeof watch->descriptor) != 0)
		fail_msg("the driver changed slot %u while it was the device's", place & PVIRTQ_SLOT);
	watch->busy = false;
}

/* Likewise the table of buffer ID. */
static void unwatch_table(struct fake_device_ring *ring, uint32_t id)
{
	struct fake_device_watch *watch;
	size_t bytes;

	if (id >= ring->size)
		return;
	watch = &ring->watches[id];
	bytes = watch->table_entries * sizeof(struct pvirtq_desc);
	if (!ring->lied && watch->table &&
		memcmp(fake_platform_pointer(watch->table_address, bytes), watch->table, bytes) != 0)
		fail_msg("the driver changed the indirect table of buffer %u while the device held it", id);
	free(watch->table);
	watch->table = NULL;
	watch->table_entries = 0;
	watch->held = false;
}

static uint16_t used_flags(const struct fake_device_ring *ring, bool written)
{
	return (uint16_t)((ring->used & PVIRTQ_WRAP ? BOTH : 0) | (written ? PVIRTQ_DESC_F_WRITE : 0));
}

/* The flags of the first one since the last publication are kept back, so that all appear at once. */
static void packed_put_used(
	struct fake_device_ring *ring, uint32_t id, unsigned descriptors, uint32_t length, bool written)
{
	struct pvirtq_desc *desc = slot_at(ring, ring->used);
	uint16_t flags = used_flags(ring, written);

	check_events(ring);
	for (unsigned i = 0; i < descriptors; i++)
		unwatch_slot(ring, advance(ring, ring->used, i));
	unwatch_table(ring, id);
	__atomic_store_n(&desc->id.value, le16_from((uint16_t)id).value, __ATOMIC_RELAXED);
	__atomic_store_n(&desc->len.value, le32_from(length).value, __ATOMIC_RELAXED);
	if (ring->used == ring->published)
		ring->newest = flags;
	else
		store16(&desc->flags, flags);
	ring->used = advance(ring, ring->used, descriptors);
}

/* 2.8.9: one used slot, where that of the first would be; the next lies behind all of them. */
static void packed_put_batch(
	struct fake_device_ring *ring, const struct fake_device_buffer *buffers, unsigned count, uint32_t length)
{
	unsigned descriptors = 0;

	for (unsigned i = 0; i < count; i++) {
		descriptors += buffers[i].descriptors;
		unwatch_table(ring, buffers[i].id);
	}
	packed_put_used(ring, buffers[count - 1].id, descriptors, length, buffers[count - 1].writable_bytes > 0);
}

static bool packed_publish_used(struct fake_device_ring *ring)
{
	const struct pvirtq_event_suppress *event = driver_event(ring);
	uint16_t old = ring->published;
	uint16_t flags;

	if (ring->used == old)
		return false;
	store16(&slot_at(ring, old)->flags, ring->newest);
	ring->published = ring->used;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	flags = load16(&event->flags);
	if (flags == PVIRTQ_EVENT_F_DESC)
		return passes(ring, load16(&event->off_wrap), ring->used, old);
	return flags == PVIRTQ_EVENT_F_ENABLE;
}

static bool packed_interrupts_wanted(struct fake_device_ring *ring)
{
	uint16_t flags = load16(&driver_event(ring)->flags);

	if (flags == PVIRTQ_EVENT_F_DESC)
		return load16(&driver_event(ring)->off_wrap) == ring->used;
	return flags == PVIRTQ_EVENT_F_ENABLE;
}

static void set_event(struct fake_device_ring *ring, uint16_t off_wrap, uint16_t flags)
{
	struct pvirtq_event_suppress event = {.off_wrap = le16_from(off_wrap), .flags = le16_from(flags)};

	memcpy(ring->used_copy, &event, sizeof event);
	store16(&device_event(ring)->off_wrap, off_wrap);
	store16(&device_event(ring)->flags, flags);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void packed_notify_after(struct fake_device_ring *ring, uint16_t after)
{
	set_event(ring, advance(ring, ring->taken, after - 1u), PVIRTQ_EVENT_F_DESC);
}

static void packed_want_notifications(struct fake_device_ring *ring, bool wanted)
{
	if (wanted && has(ring, VIRTIO_F_EVENT_IDX))
		packed_notify_after(ring, 1);
	else
		set_event(ring, 0, wanted ? PVIRTQ_EVENT_F_ENABLE : PVIRTQ_EVENT_F_DISABLE);
}

/* Not the flags of slots: those tell whose they are, which is another lie. */
static void packed_scribble(struct fake_device_ring *ring, uint8_t value)
{
	for (unsigned i = 0; i < ring->size; i++) {
		const struct fake_device_watch *watch = &ring->watches[i];
		size_t bytes = watch->table_entries * sizeof(struct pvirtq_desc);

		if (watch->table)
			memset(fake_platform_pointer(watch->table_address, bytes), value, bytes);
		if (watch->busy)
			memset(slot_at(ring, (uint16_t)i), value, offsetof(struct pvirtq_desc, flags));
	}
	memset(driver_event(ring), value, sizeof(struct pvirtq_event_suppress));
}

const struct fake_device_ops fake_device_packed = {
	.name = "packed",
	.driver_end = &virtqueue_packed_ops,
	.features = VIRTIO_F_RING_PACKED,
	.any_size = true,
	.attach = packed_attach,
	.detach = packed_detach,
	.available = packed_available,
	.position = packed_position,
	.take = packed_take,
	.put_used = packed_put_used,
	.put_batch = packed_put_batch,
	.publish_used = packed_publish_used,
	.want_notifications = packed_want_notifications,
	.notify_after = packed_notify_after,
	.interrupts_wanted = packed_interrupts_wanted,
	.scribble = packed_scribble,
};
