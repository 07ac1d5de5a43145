/* SPDX-License-Identifier: ISC */
/*
 * virtio-console, the bytes (VIRTIO 5.3.6). Each buffer is one descriptor, which is all that some devices take (bhyve).
 */
#include "driver/buffers.h"
#include "driver/console.h"

/* Back into the ring, for more input. */
static int recycle(struct virtio_console_port *port, uint8_t *buffer)
{
	return virtio_buffers_offer(&port->receive, buffer, port->receive.size);
}

int virtio_console_port_start(struct virtio_console_port *port)
{
	uint8_t *buffer;
	uint32_t length;
	int got = 1;

	if (port->input)
		virtio_buffers_put(&port->receive, port->input);
	port->input = NULL;
	/* At most once around: a device could go on filling them. */
	for (unsigned i = 0; i < port->receive.count && got > 0; i++) {
		got = virtio_buffers_get(&port->receive, &buffer, &length);
		if (got > 0)
			virtio_buffers_put(&port->receive, buffer);
	}
	if (got < 0 || virtio_buffers_offer_all(&port->receive) < 0)
		return VIRTIO_ERR_PROTOCOL;
	virtio_queue_submit(&port->receive.queue);
	return 0;
}

/* Fill free buffers with DATA. How many bytes that took. */
static int fill(struct virtio_console_port *port, const uint8_t *data, uint32_t length)
{
	struct virtio_buffers *transmit = &port->transmit;
	uint32_t done = 0;

	while (done < length) {
		uint32_t part = length - done < transmit->size ? length - done : transmit->size;
		uint8_t *buffer = virtio_buffers_take(transmit);
		if (!buffer)
			break;
		__builtin_memcpy(buffer, data + done, part);
		if (virtio_buffers_send(transmit, buffer, part) < 0)
			return VIRTIO_ERR_PROTOCOL;
		done += part;
	}
	return (int)done;
}

int virtio_console_write(struct virtio_console_port *port, const void *data, uint32_t length)
{
	if (!port->present)
		return VIRTIO_ERR_NO_DEVICE;
	int result = virtio_buffers_reclaim(&port->transmit);
	if (!result)
		result = fill(port, data, length);
	if (result > 0)
		virtio_queue_submit(&port->transmit.queue);
	return result;
}

/* The next buffer with bytes in it: 1, 0 when there is none, or an error. Empty ones go back, and *RECYCLED tells. */
static int next_input(struct virtio_console_port *port, bool *recycled)
{
	/* At most once around: a device could go on returning empty buffers. */
	for (unsigned i = 0; i < port->receive.count; i++) {
		int got = virtio_buffers_get(&port->receive, &port->input, &port->input_length);
		if (got <= 0)
			return got;
		port->input_taken = 0;
		if (port->input_length > 0)
			return 1;
		got = recycle(port, port->input);
		port->input = NULL;
		*recycled = true;
		if (got < 0)
			return got;
	}
	return 0;
}

/* Copy bytes of the current buffer, which goes back when it is empty. How many. */
static uint32_t take_input(struct virtio_console_port *port, uint8_t *data, uint32_t length, bool *recycled)
{
	uint32_t left = port->input_length - port->input_taken;
	uint32_t part = length < left ? length : left;

	__builtin_memcpy(data, port->input + port->input_taken, part);
	port->input_taken += part;
	if (part == left) {
		(void)recycle(port, port->input); /* a broken ring shows at the next get */
		port->input = NULL;
		*recycled = true;
	}
	return part;
}

int virtio_console_read(struct virtio_console_port *port, void *data, uint32_t length)
{
	uint8_t *to = data;
	uint32_t most = length < INT32_MAX ? length : INT32_MAX;
	uint32_t done = 0;
	bool recycled = false;
	int result = 1;

	if (!port->present)
		return VIRTIO_ERR_NO_DEVICE;
	while (done < most) {
		if (!port->input)
			result = next_input(port, &recycled);
		if (result <= 0)
			break;
		done += take_input(port, to + done, most - done, &recycled);
	}
	if (recycled)
		virtio_queue_submit(&port->receive.queue);
	return done || result > 0 ? (int)done : result;
}

int virtio_console_unsent(struct virtio_console_port *port)
{
	int result = virtio_buffers_reclaim(&port->transmit);
	int unsent = port->transmit.count;

	for (uint64_t free = port->transmit.free; free; free &= free - 1)
		unsent--;
	return result < 0 ? result : unsent;
}

bool virtio_console_enable_interrupts(struct virtio_console_port *port)
{
	bool waiting = virtqueue_enable_interrupts(&port->receive.queue.ring, 1);

	return waiting || port->input;
}

void virtio_console_disable_interrupts(struct virtio_console_port *port)
{
	virtqueue_disable_interrupts(&port->receive.queue.ring);
}

bool virtio_console_enable_transmit_interrupts(struct virtio_console_port *port)
{
	/* After half of them, so that the next write is worth its while. */
	bool waiting =
		virtqueue_enable_interrupts(&port->transmit.queue.ring, (uint16_t)(port->transmit.count / 2 + 1));

	return waiting || port->transmit.free;
}

void virtio_console_disable_transmit_interrupts(struct virtio_console_port *port)
{
	virtqueue_disable_interrupts(&port->transmit.queue.ring);
}
