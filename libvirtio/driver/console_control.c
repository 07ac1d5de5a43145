/* SPDX-License-Identifier: ISC */
/*
 * virtio-console, control messages (VIRTIO 5.3.6.2): ports that come and go. Each message of the device gets one answer
 * at most, and is only taken once there is room for that, so a flood of them costs the device its own buffers.
 */
#include "device/log.h"
#include "driver/buffers.h"
#include "driver/console.h"

#define MESSAGES_AT_ONCE 32 /* of one poll: what comes later waits for the next */

/* A message as it came: a copy, which the device cannot change any more. */
struct message {
	struct virtio_console_control control;
	union {
		struct virtio_console_resize size;
		char name[VIRTIO_CONSOLE_NAME];
	} more;
	uint32_t length; /* bytes of all that, at least those of `control` */
};

int virtio_console_tell(struct virtio_console *console, uint32_t id, uint16_t event, uint16_t value)
{
	const struct virtio_console_control control = {le32_from(id), le16_from(event), le16_from(value)};
	int error = virtio_buffers_reclaim(&console->control_transmit);
	uint8_t *buffer = error ? NULL : virtio_buffers_take(&console->control_transmit);

	if (!buffer)
		return error ? error : VIRTIO_ERR_AGAIN;
	__builtin_memcpy(buffer, &control, sizeof(control));
	error = virtio_buffers_send(&console->control_transmit, buffer, sizeof(control));
	if (!error)
		virtio_queue_submit(&console->control_transmit.queue);
	return error;
}

/* A message that makes no sense is ignored; the log says so, once. */
static int complain(struct virtio_console *console, const char *what, uint32_t number)
{
	if (!console->complained)
		virtio_device_log(
			console->device, VIRTIO_LOG_WARNING, "control message: %s %u", what, (unsigned)number);
	console->complained = true;
	return 0;
}

static int add_port(struct virtio_console *console, struct virtio_console_port *port, uint32_t id)
{
	if (!port)
		return virtio_console_tell(console, id, VIRTIO_CONSOLE_PORT_READY, 0);
	if (port->present)
		return complain(console, "adds once more port", id);
	bool well = virtio_console_port_start(port) == 0;
	port->present = well;
	return virtio_console_tell(console, id, VIRTIO_CONSOLE_PORT_READY, well);
}

static void remove_port(struct virtio_console_port *port)
{
	port->present = port->is_console = port->open = false;
	port->columns = port->rows = 0;
	port->name[0] = '\0';
}

/* The name ends where the message does, or at a NUL (QEMU sends one). */
static void name_port(struct virtio_console_port *port, const struct message *message)
{
	uint32_t given = message->length - (uint32_t)sizeof(message->control);
	uint32_t length = 0;

	for (; length < given && length < VIRTIO_CONSOLE_NAME - 1 && message->more.name[length]; length++) {
		char byte = message->more.name[length];
		port->name[length] = byte >= ' ' && byte <= '~' ? byte : '?';
	}
	port->name[length] = '\0';
}

static int resize_port(struct virtio_console_port *port, const struct message *message)
{
	if (message->length < sizeof(message->control) + sizeof(message->more.size))
		return complain(port->console, "a size is missing of port", port->number);
	console_port_resize(port, le16_to(message->more.size.cols), le16_to(message->more.size.rows));
	return 0;
}

/* What a message tells of a port that is there. */
static int change_port(struct virtio_console_port *port, const struct message *message)
{
	switch (le16_to(message->control.event)) {
	case VIRTIO_CONSOLE_DEVICE_REMOVE:
		remove_port(port);
		return 0;
	case VIRTIO_CONSOLE_CONSOLE_PORT:
		port->is_console = true;
		return virtio_console_tell(port->console, port->number, VIRTIO_CONSOLE_PORT_OPEN, 1);
	case VIRTIO_CONSOLE_RESIZE:
		return resize_port(port, message);
	case VIRTIO_CONSOLE_PORT_OPEN:
		port->open = le16_to(message->control.value) != 0;
		return 0;
	case VIRTIO_CONSOLE_PORT_NAME:
		name_port(port, message);
		return 0;
	}
	return complain(port->console, "unknown event", le16_to(message->control.event));
}

static int handle(struct virtio_console *console, const struct message *message)
{
	uint32_t id = le32_to(message->control.id);
	struct virtio_console_port *port = id < console->port_count ? &console->ports[id] : NULL;

	if (message->length < sizeof(message->control))
		return complain(console, "too short:", message->length);
	if (le16_to(message->control.event) == VIRTIO_CONSOLE_DEVICE_ADD)
		return add_port(console, port, id);
	if (!port || !port->present)
		return complain(console, "no such port:", id);
	return change_port(port, message);
}

/* Take one message: 1, 0 when there is none or no room for an answer, or an error. */
static int handle_next(struct virtio_console *console)
{
	struct virtio_buffers *receive = &console->control_receive;
	struct message message = {.length = 0};
	uint8_t *buffer;

	int result = virtio_buffers_reclaim(&console->control_transmit);
	if (result < 0 || !console->control_transmit.free)
		return result;
	result = virtio_buffers_get(receive, &buffer, &message.length);
	if (result <= 0)
		return result;
	uint32_t known = sizeof(message.control) + sizeof(message.more);
	message.length = message.length < known ? message.length : known;
	__builtin_memcpy(&message.control, buffer, sizeof(message.control));
	__builtin_memcpy(&message.more, buffer + sizeof(message.control), sizeof(message.more));
	result = virtio_buffers_offer(receive, buffer, receive->size);
	if (!result)
		result = handle(console, &message);
	return result < 0 ? result : 1;
}

int virtio_console_poll(struct virtio_console *console)
{
	unsigned handled = 0;
	int result = 1;

	if (!console->multiport)
		return 0;
	for (; handled < MESSAGES_AT_ONCE; handled++) {
		result = handle_next(console);
		if (result <= 0)
			break;
	}
	virtio_queue_submit(&console->control_receive.queue);
	return handled ? (int)handled : result;
}

bool virtio_console_enable_control_interrupts(struct virtio_console *console)
{
	return console->multiport && virtqueue_enable_interrupts(&console->control_receive.queue.ring, 1);
}

void virtio_console_disable_control_interrupts(struct virtio_console *console)
{
	if (console->multiport)
		virtqueue_disable_interrupts(&console->control_receive.queue.ring);
}

/* Tell that our side of PORT is open, or closed. */
static int tell_open(struct virtio_console_port *port, uint16_t value)
{
	if (!port->present)
		return VIRTIO_ERR_NO_DEVICE;
	if (!port->console->multiport)
		return 0;
	return virtio_console_tell(port->console, port->number, VIRTIO_CONSOLE_PORT_OPEN, value);
}

int virtio_console_open(struct virtio_console_port *port)
{
	return tell_open(port, 1);
}

int virtio_console_close(struct virtio_console_port *port)
{
	return tell_open(port, 0);
}
