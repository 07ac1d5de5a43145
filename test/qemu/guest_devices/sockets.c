/* SPDX-License-Identifier: ISC */
/* Sockets: call the host and get back what is sent; then be called, and answer in capitals. */
#include <boot/platform.h>
#include <virtio/spec/vsock.h>
#include <virtio/vsock.h>

#include "guest.h"
#include "serial.h"

#define PORT 80       /* where we are called */
#define BYTES 100000u /* more than a window */
#define PLACES 4

static struct virtio_vsock vsock;
static struct virtio_vsock_connection table[PLACES];

static uint8_t byte_at(uint32_t at)
{
	return (uint8_t)(at * 7 + at / 256);
}

/* The number behind "port=" on the command line. */
static uint32_t host_port(const struct boot_info *info)
{
	uint32_t port = 0;

	for (const char *at = info->command_line; *at; at++)
		if (__builtin_memcmp(at, "port=", 5) == 0)
			for (at += 5; *at >= '0' && *at <= '9'; at++)
				port = port * 10 + (uint32_t)(*at - '0');
	return port;
}

/* One turn: false when the device broke or it took too long. */
static bool turn(uint64_t deadline)
{
	return virtio_vsock_poll(&vsock) >= 0 && boot_platform()->now(NULL) < deadline;
}

/* Wait until CONNECTION is open, or has ended. */
static bool wait_until_open(struct virtio_vsock_connection *connection, uint64_t deadline)
{
	while (connection->state == VIRTIO_VSOCK_CONNECTING)
		if (!turn(deadline))
			return false;
	return connection->state == VIRTIO_VSOCK_OPEN;
}

/* Send as much as there is room for of what follows the first AT bytes. How many bytes, or an error. */
static int send_some(struct virtio_vsock_connection *connection, uint32_t at)
{
	uint8_t piece[1000];
	uint32_t length = BYTES - at < sizeof piece ? BYTES - at : (uint32_t)sizeof piece;

	for (uint32_t i = 0; i < length; i++)
		piece[i] = byte_at(at + i);
	return length ? virtio_vsock_send(connection, piece, length) : 0;
}

/* Take what came back, which must follow the first AT bytes. How many bytes, or -1. */
static int check_some(struct virtio_vsock_connection *connection, uint32_t at)
{
	uint8_t piece[1000];
	int length = virtio_vsock_receive(connection, piece, sizeof piece);

	for (int i = 0; i < length; i++)
		if (piece[i] != byte_at(at + (uint32_t)i))
			return -1;
	return length;
}

static const char *call_host(uint32_t port)
{
	struct virtio_vsock_connection *connection;
	uint64_t deadline = patience();
	uint32_t sent = 0, back = 0;

	if (virtio_vsock_connect(&vsock, VIRTIO_VSOCK_CID_DEVICE, port, &connection) < 0 ||
		!wait_until_open(connection, deadline))
		return "call the host";
	while (back < BYTES) {
		int out = send_some(connection, sent);
		int in = check_some(connection, back);
		if (out < 0 || in < 0 || !turn(deadline))
			return in < 0 ? "other bytes came back" : "bytes do not come back";
		sent += (uint32_t)out;
		back += (uint32_t)in;
	}
	if (virtio_vsock_shutdown(connection, VIRTIO_VSOCK_SHUTDOWN_SEND | VIRTIO_VSOCK_SHUTDOWN_RECEIVE) < 0)
		return "shutdown";
	while (!virtio_vsock_at_end(connection) || connection->state == VIRTIO_VSOCK_OPEN)
		if (!turn(deadline))
			return "the host does not end the connection";
	virtio_vsock_close(connection);
	return NULL;
}

static const char *be_called(void)
{
	struct virtio_vsock_connection *listener, *caller;
	uint64_t deadline = patience();
	uint8_t bytes[8] = {0};
	int length = 0;

	if (virtio_vsock_listen(&vsock, PORT, 1, &listener) < 0)
		return "listen";
	boot_printf("listening\n");
	while (virtio_vsock_accept(listener, &caller) == 0)
		if (!turn(deadline))
			return "nobody calls";
	while (length < 5) {
		length += virtio_vsock_receive(caller, bytes + length, sizeof bytes - (unsigned)length);
		if (!turn(deadline))
			return "the caller says nothing";
	}
	for (int i = 0; i < length; i++)
		bytes[i] &= 0xdf;
	if (virtio_vsock_send(caller, bytes, (uint32_t)length) != length)
		return "answer";
	while (!virtio_vsock_at_end(caller))
		if (!turn(deadline))
			return "the caller does not hang up";
	virtio_vsock_close(caller);
	virtio_vsock_close(listener);
	return NULL;
}

const char *test_sockets(struct virtio_device *device, const struct boot_info *info)
{
	if (virtio_vsock_attach(&vsock, device, table, PLACES, NULL) < 0)
		return "attach";
	const char *error = call_host(host_port(info));
	if (!error)
		error = be_called();
	if (virtio_vsock_detach(&vsock) < 0 && !error)
		error = "detach";
	return error;
}
