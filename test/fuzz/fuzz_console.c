/* SPDX-License-Identifier: ISC */
/* virtio-console (VIRTIO 5.3) with a device that does as it likes: control messages, and bytes. */
#include <virtio/console.h>
#include <virtio/helper.h>
#include <virtio/spec/console.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define PORTS 4
#define MOST 600 /* bytes at once */

static struct virtio_console console;
static struct virtio_console_port ports[PORTS];

static int attach(struct fuzz_device *device)
{
	const struct virtio_console_options options = {
		.buffers = fuzz_byte(device->input) & 15, .buffer_size = fuzz_byte(device->input)};

	return virtio_console_attach(
		&console, &device->driver, ports, (uint16_t)(1 + fuzz_byte(device->input) % PORTS), &options);
}

static int attach_plainly(struct fuzz_device *device)
{
	return virtio_console_attach(&console, &device->driver, ports, 1, NULL);
}

static int detach(struct fuzz_device *device)
{
	(void)device;
	return virtio_console_detach(&console);
}

/* What fields that say read-only promise. */
static void check_port(const struct virtio_console_port *port)
{
	fuzz_check(memchr(port->name, '\0', VIRTIO_CONSOLE_NAME) != NULL);
	for (const char *letter = port->name; *letter; letter++)
		fuzz_check(*letter >= ' ' && *letter <= '~');
}

static void read_some(struct fuzz_device *device, struct virtio_console_port *port, bool wait)
{
	uint32_t length = fuzz_u16(device->input) % MOST;
	uint8_t *bytes =
		malloc(length + 1); /* of nearly its own size, so that the sanitizers see an access behind it */
	uint64_t deadline = fuzz_session_deadline(device);
	int got = wait ? virtio_console_read_wait(port, bytes, length, deadline)
		       : virtio_console_read(port, bytes, length);

	fuzz_check(got < 0 || (uint32_t)got <= length);
	if (wait)
		fuzz_session_check_deadline(deadline);
	free(bytes);
}

static void write_some(struct fuzz_device *device, struct virtio_console_port *port, bool wait)
{
	static const uint8_t bytes[MOST];
	uint32_t length = fuzz_u16(device->input) % MOST;
	uint64_t deadline = fuzz_session_deadline(device);
	size_t taken = 0;
	int done;

	if (wait) {
		done = virtio_console_write_all(port, bytes, length, &taken, deadline);
		fuzz_check(taken <= length && (done < 0 || taken == length));
		(void)!virtio_console_flush(port, deadline);
		fuzz_session_check_deadline(deadline);
	} else {
		done = virtio_console_write(port, bytes, length);
		fuzz_check(done < 0 || (uint32_t)done <= length);
	}
}

static void step(struct fuzz_device *device, unsigned choice)
{
	struct virtio_console_port *port = &ports[choice / 8 % console.ports_given];

	if (console.port_count && choice / 8 % console.ports_given >= console.port_count)
		port = &ports[0];
	switch (choice % 8) {
	case 0:
		read_some(device, port, choice & 64);
		return;
	case 1:
		write_some(device, port, choice & 64);
		return;
	case 2:
	case 3:
		(void)!virtio_console_poll(&console);
		check_port(port);
		return;
	case 4:
		(void)!(choice & 64 ? virtio_console_open(port) : virtio_console_close(port));
		return;
	case 5:
		(void)!virtio_console_poll_config(&console);
		fuzz_check(virtio_console_unsent(port) <= 64);
		return;
	case 6:
		(void)virtio_console_emergency_write(&device->driver, 'x');
		return;
	default:
		(void)!virtio_console_enable_interrupts(port);
		virtio_console_disable_interrupts(port);
		if (console.multiport)
			(void)!virtio_console_enable_control_interrupts(&console);
	}
}

/* A control message, with a name or a size behind it. On other queues it is as good as any bytes. */
static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	struct fuzz_input *input = device->input;
	struct virtio_console_control control = {
		le32_from(fuzz_byte(input) % (PORTS + 1u)),
		le16_from((uint16_t)(1u + fuzz_byte(input) % 8u)),
		le16_from(fuzz_byte(input)),
	};
	uint32_t extra = fuzz_byte(input) % 48u;

	(void)queue, (void)chain;
	memcpy(bytes, &control, sizeof control);
	fuzz_bytes(input, bytes + sizeof control, extra);
	return (uint32_t)sizeof control + extra;
}

/* A good device takes what is written, and keeps what it may write to. */
static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	(void)device, (void)chain;
	return queue & 1 ? 0 : UINT32_MAX;
}

static void prove(struct fuzz_device *device)
{
	uint64_t deadline = fuzz_runtime_time() + UINT64_C(1000000000);
	uint8_t bytes[8] = {0};

	fuzz_check(virtio_console_write_all(&ports[0], "hello", 5, NULL, deadline) == 0);
	fuzz_check(virtio_console_flush(&ports[0], deadline) == 0);
	for (unsigned round = 0; round < 20; round++) {
		fuzz_check(fuzz_device_deliver(device, 0, "bytes", 5));
		fuzz_check(virtio_console_read(&ports[0], bytes, sizeof bytes) == 5 && memcmp(bytes, "bytes", 5) == 0);
	}
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_CONSOLE,
	.features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT | VIRTIO_CONSOLE_F_EMERG_WRITE,
	.config = (const uint8_t *)"\x50\0\x19\0\x04\0\0\0\0\0\0",
	.config_length = 12,
	.queues = 2 + 2 * PORTS,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach_plainly, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
