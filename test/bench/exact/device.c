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

/* The last element of a block request is its status. */
static void device_write_status(uint64_t address, uint32_t length, unsigned flags)
{
	if (flags & VIRTQ_DESC_F_WRITE && length == 1)
		*(uint8_t *)device_memory(address) = 0;
}

/* ---- split ---- */

static void device_split_use(struct device_ring *ring, uint32_t length)
{
	const struct virtq_desc *table = device_memory(ring->addresses.descriptors);
	unsigned entry = ring->next % ring->size;
	uint16_t head = le16_to(*device_word(ring->addresses.driver, 4 + 2 * (size_t)entry));
	struct virtq_used_elem *used = device_memory(ring->addresses.device + 4 + 8 * (uint64_t)entry);
	const struct virtq_desc *desc = &table[head];

	if (le16_to(desc->flags) & VIRTQ_DESC_F_INDIRECT)
		desc = table = device_memory(le64_to(desc->addr));
	while (le16_to(desc->flags) & VIRTQ_DESC_F_NEXT)
		desc = &table[le16_to(desc->next)];
	device_write_status(le64_to(desc->addr), le32_to(desc->len), le16_to(desc->flags));
	used->id = le32_from(head);
	used->len = le32_from(length);
	ring->next++;
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

static void device_packed_use(struct device_ring *ring, uint32_t length)
{
	struct pvirtq_desc *first = device_packed_next(ring), *last = first;
	unsigned flags = ring->wrapped ? 0 : PVIRTQ_DESC_F_AVAIL | PVIRTQ_DESC_F_USED;

	device_packed_step(ring);
	while (le16_to(last->flags) & PVIRTQ_DESC_F_NEXT) {
		last = device_packed_next(ring);
		device_packed_step(ring);
	}
	first->id = last->id;
	if (le16_to(last->flags) & PVIRTQ_DESC_F_INDIRECT) {
		struct pvirtq_desc *table = device_memory(le64_to(last->addr));
		last = &table[le32_to(last->len) / sizeof(*table) - 1];
	}
	device_write_status(le64_to(last->addr), le32_to(last->len), le16_to(last->flags));
	first->len = le32_from(length);
	first->flags = le16_from((uint16_t)flags);
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
		if (packed)
			device_packed_use(ring, length);
		else
			device_split_use(ring, length);
		used++;
	}
	if (used)
		ring->interrupts += packed ? device_packed_publish(ring) : device_split_publish(ring, used);
	return used;
}
