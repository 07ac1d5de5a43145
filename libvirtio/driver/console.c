/* SPDX-License-Identifier: ISC */
/*
 * virtio-console, everything but messages and bytes (VIRTIO 5.3.2 to 5.3.5): attach, ports and their queues, the
 * configuration, emergency output, detach.
 */
#include <virtio/spec/ids.h>

#include "device/log.h"
#include "driver/attach.h"
#include "driver/buffers.h"
#include "driver/console.h"

#define DEFAULT_BUFFERS 16
#define DEFAULT_SIZE 256u
#define MOST_SIZE 65536u
#define CONTROL_BUFFERS 32 /* a device drops the messages that find none (bhyve) */
#define CONTROL_SIZE (sizeof(struct virtio_console_control) + VIRTIO_CONSOLE_NAME)
#define MOST_PORTS 512u /* of one device: far more than any has, and their queue numbers stay within 16 bits */

/* The size of port 0, which the configuration tells (5.3.4). */
static int read_size(struct virtio_console *console)
{
	struct le16 size[2] = {{0}, {0}};

	if (!virtio_device_has(console->device, VIRTIO_CONSOLE_F_SIZE))
		return 0;
	int error = virtio_device_read_config(console->device, VIRTIO_CONSOLE_CONFIG_COLS, size, sizeof(size), 2);
	if (!error)
		console_port_resize(&console->ports[0], le16_to(size[0]), le16_to(size[1]));
	return error;
}

/* How many ports to prepare for: what the device says, as far as the caller has room. */
static int count_ports(struct virtio_console *console)
{
	uint32_t most = 1;
	int error = 0;

	if (console->multiport)
		error = virtio_device_config32(console->device, VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS, &most);
	if (most == 0)
		most = 1;
	if (most > MOST_PORTS)
		most = MOST_PORTS;
	console->port_count = (uint16_t)(most < console->ports_given ? most : console->ports_given);
	return error;
}

static int add_port_queues(struct virtio_console_port *port, const struct virtio_console_options *options)
{
	struct virtio_device *device = port->console->device;
	uint16_t first = VIRTIO_CONSOLE_QUEUE_PORT0;
	uint16_t buffers = options->buffers ? options->buffers : DEFAULT_BUFFERS;
	uint32_t size = options->buffer_size ? options->buffer_size : DEFAULT_SIZE;

	if (port->number > 0)
		first = (uint16_t)(VIRTIO_CONSOLE_QUEUE_PORT1 + 2 * (port->number - 1));
	int error = virtio_buffers_add_queue(&port->receive, device, first, buffers, size);
	if (!error)
		error = virtio_buffers_add_queue(&port->transmit, device, (uint16_t)(first + 1), buffers, size);
	if (!error)
		error = virtio_console_port_start(port);
	return error;
}

static int add_control_queues(struct virtio_console *console)
{
	int error = virtio_buffers_add_queue(&console->control_receive, console->device,
		VIRTIO_CONSOLE_QUEUE_CONTROL_RECEIVE, CONTROL_BUFFERS, CONTROL_SIZE);

	if (!error)
		error = virtio_buffers_add_queue(&console->control_transmit, console->device,
			VIRTIO_CONSOLE_QUEUE_CONTROL_TRANSMIT, CONTROL_BUFFERS, CONTROL_SIZE);
	if (!error)
		error = virtio_buffers_offer_all(&console->control_receive);
	if (!error)
		virtio_queue_submit(&console->control_receive.queue);
	return error;
}

/* The queues of all ports. A device that has fewer than it says is taken as it is, but for port 0. */
static int add_queues(struct virtio_console *console, const struct virtio_console_options *options)
{
	int error = console->multiport ? add_control_queues(console) : 0;

	for (uint16_t i = 0; i < console->port_count && !error; i++) {
		error = add_port_queues(&console->ports[i], options);
		if (error == VIRTIO_ERR_NO_DEVICE && i > 0) {
			console->port_count = i;
			return 0;
		}
	}
	return error;
}

/* Steps 7 and 8 of 3.1.1, and what the device tells of itself in between. */
static int start(struct virtio_console *console, const struct virtio_console_options *options)
{
	console->multiport = virtio_device_has(console->device, VIRTIO_CONSOLE_F_MULTIPORT);
	int error = read_size(console);
	if (!error)
		error = count_ports(console);
	if (!error)
		error = add_queues(console, options);
	if (!error)
		error = virtio_device_ready(console->device);
	if (!error && console->multiport)
		error = virtio_console_tell(console, 0, VIRTIO_CONSOLE_DEVICE_READY, 1);
	if (error)
		virtio_device_fail(console->device);
	else
		console->ports[0].present = console->ports[0].open = !console->multiport;
	return error;
}

static void free_buffers(struct virtio_console *console)
{
	const struct virtio_platform *platform = console->device->platform;

	for (uint16_t i = 0; i < console->ports_given; i++) {
		virtio_buffers_free(&console->ports[i].receive, platform);
		virtio_buffers_free(&console->ports[i].transmit, platform);
	}
	virtio_buffers_free(&console->control_receive, platform);
	virtio_buffers_free(&console->control_transmit, platform);
}

/* An attach has failed: back to nothing. */
static int give_up(struct virtio_console *console, int error)
{
	virtio_attach_failed(console->device, error);
	virtio_console_detach(console);
	return error;
}

int virtio_console_attach(struct virtio_console *console, struct virtio_device *device,
	struct virtio_console_port *ports, uint16_t count, const struct virtio_console_options *options)
{
	static const struct virtio_console_options defaults;
	uint64_t features = VIRTIO_CONSOLE_F_SIZE | (count > 1 ? VIRTIO_CONSOLE_F_MULTIPORT : 0);
	int error = virtio_attach_check(device, VIRTIO_ID_CONSOLE);

	if (error)
		return error;
	options = options ? options : &defaults;
	if (count == 0 || options->buffers > BUFFERS_MOST || options->buffer_size > MOST_SIZE)
		return virtio_attach_refuse(
			device, VIRTIO_ERR_INVALID, VIRTIO_MESSAGE("no ports, or options out of range"));
	*console = (struct virtio_console){.device = device, .ports = ports, .ports_given = count};
	for (uint16_t i = 0; i < count; i++)
		ports[i] = (struct virtio_console_port){.console = console, .number = i};
	error = virtio_device_begin(device, features, 0, NULL);
	if (!error)
		error = start(console, options);
	if (error)
		return give_up(console, error);
	virtio_device_log(device, VIRTIO_LOG_INFO, "up to %u port%s", (unsigned)console->port_count,
		console->port_count > 1 ? "s" : "");
	return 0;
}

int virtio_console_detach(struct virtio_console *console)
{
	if (!console->device)
		return 0;
	int error = virtio_device_detach(console->device);
	if (!error)
		free_buffers(console);
	for (uint16_t i = 0; i < console->ports_given; i++)
		console->ports[i].present = false;
	console->device = NULL;
	return error;
}

int virtio_console_poll_config(struct virtio_console *console)
{
	const struct virtio_console_port *port = &console->ports[0];
	uint16_t columns = port->columns, rows = port->rows;
	int error = virtio_device_check(console->device);

	if (!error)
		error = read_size(console);
	if (error)
		return error;
	return port->columns != columns || port->rows != rows;
}

int virtio_console_emergency_write(struct virtio_device *device, char character)
{
	if (device->type != VIRTIO_ID_CONSOLE || !(virtio_device_offer(device) & VIRTIO_CONSOLE_F_EMERG_WRITE))
		return VIRTIO_ERR_UNSUPPORTED;
	return virtio_device_write_config32(device, VIRTIO_CONSOLE_CONFIG_EMERG_WR, (uint8_t)character);
}
