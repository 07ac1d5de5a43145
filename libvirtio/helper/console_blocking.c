/* SPDX-License-Identifier: ISC */
/* Waiting for a console: for room, for bytes, and for the last word to be out. */
#include <virtio/helper.h>

#include "base/hook.h"

#define NAP UINT64_C(1000000) /* nanoseconds between two looks when no interrupt wakes us */

/* The time. Asked for before each look at the port: if the machine stands still between the two, what happened
 * meanwhile is still found. */
static uint64_t now_before_look(const struct virtio_console_port *port)
{
	const struct virtio_platform *platform = port->console->device->platform;

	return platform->now(platform->context);
}

/* Nothing was found after NOW. Sleep a little: 0, or VIRTIO_ERR_TIMEOUT when DEADLINE was past. */
static int nap(const struct virtio_console_port *port, uint64_t now, uint64_t deadline)
{
	const struct virtio_platform *platform = port->console->device->platform;

	if (now >= deadline)
		return VIRTIO_ERR_TIMEOUT;
	if (VIRTIO_HAS_HOOK(platform, wait))
		platform->wait(platform->context, deadline - now < NAP ? deadline : now + NAP);
	return 0;
}

/* The same, with an interrupt where the device has made room. */
static int nap_for_room(struct virtio_console_port *port, uint64_t now, uint64_t deadline)
{
	int result = virtio_console_enable_transmit_interrupts(port) ? 0 : nap(port, now, deadline);

	virtio_console_disable_transmit_interrupts(port);
	return result;
}

/* Whether PORT is there, and there is a clock to wait by. */
static int check(const struct virtio_console_port *port)
{
	if (!port->present)
		return VIRTIO_ERR_NO_DEVICE;
	return VIRTIO_HAS_HOOK(port->console->device->platform, now) ? 0 : VIRTIO_ERR_UNSUPPORTED;
}

int virtio_console_write_all(
	struct virtio_console_port *port, const void *data, size_t length, size_t *taken, uint64_t deadline)
{
	const uint8_t *next = data;
	size_t done = 0;
	int result = check(port);

	while (result >= 0 && done < length) {
		size_t left = length - done;
		uint64_t now = now_before_look(port);
		result = virtio_console_write(port, next + done, left < INT32_MAX ? (uint32_t)left : INT32_MAX);
		if (result > 0)
			done += (size_t)result;
		if (result == 0)
			result = nap_for_room(port, now, deadline);
	}
	if (taken)
		*taken = done;
	return result < 0 ? result : 0;
}

int virtio_console_flush(struct virtio_console_port *port, uint64_t deadline)
{
	int result = check(port);

	while (!result) {
		uint64_t now = now_before_look(port);
		int unsent = virtio_console_unsent(port);
		if (unsent <= 0)
			return unsent;
		result = nap(port, now, deadline);
	}
	return result;
}

int virtio_console_read_wait(struct virtio_console_port *port, void *data, uint32_t length, uint64_t deadline)
{
	int result = check(port);

	while (!result) {
		uint64_t now = now_before_look(port);
		result = virtio_console_read(port, data, length);
		if (result == 0)
			result = nap(port, now, deadline);
		else
			return result;
	}
	return result;
}
