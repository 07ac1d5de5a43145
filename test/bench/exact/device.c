/* SPDX-License-Identifier: ISC */
/* The device's end of a virtqueue, split (VIRTIO 2.7) and packed (2.8). */
#include "device.h"

#include <virtio/spec/features.h>
#include <virtio/spec/packed.h>
#include <virtio/spec/split.h>

static void *device_memory(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static struct le16 *device_word(uint64_t address, size_t offset)
{
	return device_memory(address + offset);
}

void device_attach(
	struct device_ring *ring, const struct virtqueue_addresses *addresses, uint16_t size, uint64_t features)
{
	*ring = (struct device_ring){.addresses = *addresses, .features = features, .size = size};
}

/* Where to tell of a buffer that begins at PLACE, after those that were not told of. */
static struct device_record device_record_from(struct device_ring *ring, uint16_t place)
{
	if (!ring->record.open)
		ring->record = (struct device_record){.place = place, .wrapped = ring->wrapped, .open = true};
	return ring->record;
}

/* The last element of a block request is its status. */
static void device_write_status(uint64_t address, uint32_t length, unsigned flags)
{
	if (flags & VIRTQ_DESC_F_WRITE && length == 1)
		*(uint8_t *)device_memory(address) = 0;
}

/* ---- split ---- */

static uint32_t device_split_writable(const struct virtq_desc *desc)
{
	return le16_to(desc->flags) & VIRTQ_DESC_F_WRITE ? le32_to(desc->len) : 0;
}

/* LAST: tell of this one in any case. */
static void device_split_use(struct device_ring *ring, uint32_t length, bool last)
{
	const struct virtq_desc *table = device_memory(ring->addresses.descriptors);
	struct device_record record = device_record_from(ring, ring->next);
	uint16_t head = le16_to(*device_word(ring->addresses.driver, 4 + 2 * (size_t)(ring->next % ring->size)));
	struct virtq_used_elem *used =
		device_memory(ring->addresses.device + 4 + 8 * (uint64_t)(record.place % ring->size));
	const struct virtq_desc *desc = &table[head];
	uint32_t writable;

	if (le16_to(desc->flags) & VIRTQ_DESC_F_INDIRECT)
		desc = table = device_memory(le64_to(desc->addr));
	writable = device_split_writable(desc);
	while (le16_to(desc->flags) & VIRTQ_DESC_F_NEXT) {
		desc = &table[le16_to(desc->next)];
		writable += device_split_writable(desc);
	}
	device_write_status(le64_to(desc->addr), le32_to(desc->len), le16_to(desc->flags));
	ring->next++;
	if (ring->features & VIRTIO_F_IN_ORDER && length == writable && !last)
		return;
	used->id = le32_from(head);
	used->len = le32_from(length);
	ring->record.open = false;
}

/* Publish, ask for a notification of whatever comes next, and see whether an interrupt is wanted (2.7.7, 2.7.10). */
static bool device_split_publish(struct device_ring *ring, unsigned used)
{
	uint16_t event = le16_to(*device_word(ring->addresses.driver, 4 + 2 * (size_t)ring->size));

	*device_word(ring->addresses.device, 2) = le16_from(ring->next);
	*device_word(ring->addresses.device, 4 + 8 * (size_t)ring->size) = le16_from(ring->next);
	if (ring->features & VIRTIO_F_EVENT_IDX)
		return (uint16_t)(ring->next - event - 1) < used;
	return !(le16_to(*device_word(ring->addresses.driver, 0)) & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

/* ---- packed ---- */

static struct pvirtq_desc *device_packed_next(struct device_ring *ring)
{
	return (struct pvirtq_desc *)device_memory(ring->addresses.descriptors) + ring->next;
}

static void device_packed_step(struct device_ring *ring)
{
	if (++ring->next == ring->size) {
		ring->next = 0;
		ring->wrapped = !ring->wrapped;
	}
}

static bool device_packed_available(struct device_ring *ring)
{
	unsigned flags = le16_to(device_packed_next(ring)->flags);
	unsigned mine = flags & (PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED);

	return mine == (ring->wrapped ? (unsigned)PVIRTQ_DESC_F_USED : PVIRTQ_DESC_F_AVAIL);
}

static uint32_t device_packed_writable(const struct pvirtq_desc *desc)
{
	return le16_to(desc->flags) & PVIRTQ_DESC_F_WRITE ? le32_to(desc->len) : 0;
}

/* The last of the elements of a table, and in *WRITABLE what may be written to them. */
static struct pvirtq_desc *device_packed_table(const struct pvirtq_desc *desc, uint32_t *writable)
{
	struct pvirtq_desc *table = device_memory(le64_to(desc->addr));
	unsigned count = le32_to(desc->len) / sizeof(*table);

	*writable = 0;
	for (unsigned i = 0; i < count; i++)
		*writable += device_packed_writable(&table[i]);
	return &table[count - 1];
}

static void device_packed_use(struct device_ring *ring, uint32_t length, bool tell)
{
	struct device_record record = device_record_from(ring, ring->next);
	struct pvirtq_desc *used = (struct pvirtq_desc *)device_memory(ring->addresses.descriptors) + record.place;
	struct pvirtq_desc *last = device_packed_next(ring);
	unsigned flags = record.wrapped ? 0 : PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED;
	uint32_t writable = device_packed_writable(last);
	struct le16 id;

	device_packed_step(ring);
	while (le16_to(last->flags) & PVIRTQ_DESC_F_NEXT) {
		last = device_packed_next(ring);
		writable += device_packed_writable(last);
		device_packed_step(ring);
	}
	id = last->id;
	if (le16_to(last->flags) & PVIRTQ_DESC_F_INDIRECT)
		last = device_packed_table(last, &writable);
	device_write_status(le64_to(last->addr), le32_to(last->len), le16_to(last->flags));
	if (ring->features & VIRTIO_F_IN_ORDER && length == writable && !tell)
		return;
	used->id = id;
	used->len = le32_from(length);
	used->flags = le16_from((uint16_t)flags);
	ring->record.open = false;
}

/* As split_publish (2.8.10): the slots from ring->at up to ring->next were used. */
static bool device_packed_publish(struct device_ring *ring)
{
	const struct pvirtq_event_suppress *wish = device_memory(ring->addresses.driver);
	struct pvirtq_event_suppress *ours = device_memory(ring->addresses.device);
	unsigned place = le16_to(wish->off_wrap);
	unsigned behind = (ring->next + ring->size - (place & PVIRTQ_SLOT) - 1u) % ring->size;

	ours->off_wrap = le16_from((uint16_t)(ring->next | (ring->wrapped ? 0 : PVIRTQ_WRAP)));
	ours->flags = le16_from(ring->features & VIRTIO_F_EVENT_IDX ? PVIRTQ_EVENT_F_DESC : PVIRTQ_EVENT_F_ENABLE);
	if (le16_to(wish->flags) == PVIRTQ_EVENT_F_DESC)
		return behind < (ring->next + (unsigned)ring->size - ring->at) % ring->size;
	return le16_to(wish->flags) == PVIRTQ_EVENT_F_ENABLE;
}

/* ---- either ---- */

unsigned device_use(struct device_ring *ring, unsigned count, uint32_t length)
{
	bool packed = ring->features & VIRTIO_F_RING_PACKED;
	unsigned used = 0;

	ring->at = ring->next;
	while (used < count && (packed ? device_packed_available(ring)
				       : ring->next != le16_to(*device_word(ring->addresses.driver, 2)))) {
		used++;
		if (packed)
			device_packed_use(ring, length, used == count);
		else
			device_split_use(ring, length, used == count);
	}
	if (used)
		ring->interrupts += packed ? device_packed_publish(ring) : device_split_publish(ring, used);
	return used;
}
