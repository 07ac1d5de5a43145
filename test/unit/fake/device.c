/* SPDX-License-Identifier: ISC */
/* The device's end of a virtqueue: what is the same for every kind of ring. */
#include "fake/device.h"

#include "fake/cmocka.h"

#include <string.h>

const struct fake_device_ops *const fake_device_rings[] = {&fake_device_split, &fake_device_packed, NULL};

const struct fake_device_ops *fake_device_kind(uint64_t features)
{
	const struct fake_device_ops *kind = NULL;

	for (const struct fake_device_ops *const *ring = fake_device_rings; *ring; ring++)
		if (((*ring)->features & features) == (*ring)->features)
			kind = *ring;
	return kind;
}

void fake_device_attach(struct fake_device_ring *ring, const struct fake_device_ops *ops,
	const struct virtqueue_addresses *addresses, uint16_t size, uint64_t features)
{
	*ring = (struct fake_device_ring){
		.ops = ops,
		.addresses = *addresses,
		.size = size,
		.features = features,
		.notify_each = true,
	};
	ops->attach(ring);
}

void fake_device_detach(struct fake_device_ring *ring)
{
	if (ring->ops)
		ring->ops->detach(ring);
	memset(ring, 0, sizeof *ring);
}

unsigned fake_device_available(struct fake_device_ring *ring)
{
	return ring->ops->available(ring);
}

uint16_t fake_device_position(struct fake_device_ring *ring)
{
	return ring->ops->position(ring);
}

bool fake_device_take(struct fake_device_ring *ring, struct fake_device_buffer *buffer)
{
	if (!ring->ops->take(ring, buffer))
		return false;
	buffer->turn = ring->turn++;
	if (ring->notify_each && (ring->features & VIRTIO_F_EVENT_IDX))
		ring->ops->notify_after(ring, 1);
	return true;
}

/* Copy between BYTES and the elements that are WRITABLE or not, seen as one stream. */
static void copy(const struct fake_device_buffer *buffer, bool writable, uint32_t offset, uint8_t *out,
	const uint8_t *in, uint32_t length)
{
	for (unsigned i = 0; i < buffer->count && length; i++) {
		const struct fake_device_element *element = &buffer->elements[i];
		uint32_t part = element->length;

		if (element->writable != writable)
			continue;
		if (offset >= part) {
			offset -= part;
			continue;
		}
		part = part - offset < length ? part - offset : length;
		if (in)
			memcpy(element->data + offset, in, part);
		else
			memcpy(out, element->data + offset, part);
		in = in ? in + part : NULL;
		out = out ? out + part : NULL;
		offset = 0;
		length -= part;
	}
	if (length)
		fail_msg("the buffer is %u bytes too short for the device", length);
}

void fake_device_read(const struct fake_device_buffer *buffer, uint32_t offset, void *bytes, uint32_t length)
{
	copy(buffer, false, offset, bytes, NULL, length);
}

void fake_device_write(const struct fake_device_buffer *buffer, uint32_t offset, const void *bytes, uint32_t length)
{
	copy(buffer, true, offset, NULL, bytes, length);
}

/* COUNT buffers from FIRST on go back. 2.7.9: it is the driver's good right to be told of the oldest. */
static void let_go(struct fake_device_ring *ring, const struct fake_device_buffer *first, unsigned count)
{
	bool in_order = (ring->features & VIRTIO_F_IN_ORDER) != 0;

	if (ring->held < count)
		fail_msg("the test returns %u buffers, and the device holds %u", count, ring->held);
	if (in_order && !ring->lied && first->turn != ring->turn - ring->held)
		fail_msg("the test returns buffer %u out of order", first->turn);
	ring->held -= count;
}

bool fake_device_return(struct fake_device_ring *ring, const struct fake_device_buffer *buffer, uint32_t length)
{
	fake_device_put(ring, buffer, length);
	return fake_device_publish(ring);
}

void fake_device_put(struct fake_device_ring *ring, const struct fake_device_buffer *buffer, uint32_t length)
{
	let_go(ring, buffer, 1);
	ring->ops->put_used(ring, buffer->id, buffer->descriptors, length, buffer->writable_bytes > 0);
}

void fake_device_put_batch(
	struct fake_device_ring *ring, const struct fake_device_buffer *buffers, unsigned count, uint32_t length)
{
	if (!(ring->features & VIRTIO_F_IN_ORDER))
		fail_msg("the test returns a batch of buffers that are in no order");
	let_go(ring, buffers, count);
	ring->ops->put_batch(ring, buffers, count, length);
}

bool fake_device_publish(struct fake_device_ring *ring)
{
	bool interrupt = ring->ops->publish_used(ring);

	ring->interrupts += interrupt;
	return interrupt;
}

void fake_device_want_notifications(struct fake_device_ring *ring, bool wanted)
{
	ring->notify_each = wanted;
	ring->ops->want_notifications(ring, wanted);
}

void fake_device_notify_after(struct fake_device_ring *ring, uint16_t after)
{
	ring->notify_each = false;
	ring->ops->notify_after(ring, after);
}

bool fake_device_interrupts_wanted(struct fake_device_ring *ring)
{
	return ring->ops->interrupts_wanted(ring);
}

void fake_device_stop_watching(struct fake_device_ring *ring)
{
	ring->lied = true;
}

void fake_device_lie_used(struct fake_device_ring *ring, uint32_t id, uint32_t length)
{
	fake_device_stop_watching(ring);
	ring->ops->put_used(ring, id, 1, length, true);
	fake_device_publish(ring);
}

void fake_device_break(struct fake_device_ring *ring)
{
	fake_device_lie_used(ring, UINT16_MAX, 0);
}

void fake_device_lie_index(struct fake_device_ring *ring, int steps)
{
	fake_device_stop_watching(ring);
	ring->used = (uint16_t)(ring->used + steps);
	fake_device_publish(ring);
}

void fake_device_lie_slots(struct fake_device_ring *ring, int steps)
{
	unsigned laps = ring->used & 0x8000u ? 0 : ring->size;
	unsigned slot = (ring->used & 0x7fffu) + laps + 2u * ring->size + (unsigned)steps;

	fake_device_stop_watching(ring);
	ring->used = (uint16_t)(slot % ring->size | (slot / ring->size % 2 ? 0 : 0x8000u));
	ring->published = ring->used;
}

void fake_device_scribble(struct fake_device_ring *ring, uint8_t value)
{
	fake_device_stop_watching(ring);
	ring->ops->scribble(ring, value);
}
