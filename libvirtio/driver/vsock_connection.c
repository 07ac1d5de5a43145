/* SPDX-License-Identifier: ISC */
/* virtio-vsock, what users do with connections (VIRTIO 5.10.6.5): from the first call to the end. */
#include "driver/vsock.h"

#define FIRST_PORT 0x40000000u /* of our own calls: far above those that people listen on */

struct virtio_vsock_connection *virtio_vsock_place(struct virtio_vsock *vsock)
{
	for (unsigned i = 0; i < vsock->count && vsock->device; i++) {
		struct virtio_vsock_connection *place = &vsock->table[i];
		if (place->state != VIRTIO_VSOCK_FREE)
			continue;
		*place = (struct virtio_vsock_connection){.vsock = vsock, .window = place->window};
		return place;
	}
	return NULL;
}

void virtio_vsock_end(struct virtio_vsock_connection *connection, bool tell)
{
	if (connection->state == VIRTIO_VSOCK_WAITING)
		connection->state = VIRTIO_VSOCK_CLOSING; /* it has no user who could close it */
	else
		connection->state = VIRTIO_VSOCK_ENDED;
	connection->owed = tell ? OWES_RST : 0;
}

int virtio_vsock_listen(
	struct virtio_vsock *vsock, uint32_t port, uint16_t backlog, struct virtio_vsock_connection **listener)
{
	for (unsigned i = 0; i < vsock->count; i++)
		if (vsock->table[i].state == VIRTIO_VSOCK_LISTENING && vsock->table[i].port == port)
			return VIRTIO_ERR_BUSY;
	struct virtio_vsock_connection *place = virtio_vsock_place(vsock);
	if (!place)
		return VIRTIO_ERR_AGAIN;
	place->state = VIRTIO_VSOCK_LISTENING;
	place->port = port;
	place->backlog = backlog;
	*listener = place;
	return 0;
}

int virtio_vsock_accept(struct virtio_vsock_connection *listener, struct virtio_vsock_connection **connection)
{
	struct virtio_vsock *vsock = listener->vsock;

	if (listener->state != VIRTIO_VSOCK_LISTENING)
		return VIRTIO_ERR_INVALID;
	for (unsigned i = 0; i < vsock->count; i++) {
		struct virtio_vsock_connection *caller = &vsock->table[i];
		if (caller->state != VIRTIO_VSOCK_WAITING || caller->port != listener->port)
			continue;
		caller->state = VIRTIO_VSOCK_OPEN;
		caller->owed |= OWES_RESPONSE;
		*connection = caller;
		return virtio_vsock_flush(vsock) < 0 ? VIRTIO_ERR_PROTOCOL : 1;
	}
	return 0;
}

/* Whether nothing in the table has PORT. */
static bool port_is_free(const struct virtio_vsock *vsock, uint32_t port)
{
	for (unsigned i = 0; i < vsock->count; i++)
		if (vsock->table[i].state != VIRTIO_VSOCK_FREE && vsock->table[i].port == port)
			return false;
	return true;
}

/* A port for a call of ours. The table has fewer places than there are ports, so one is free. */
static uint32_t choose_port(struct virtio_vsock *vsock)
{
	do {
		vsock->next_port = vsock->next_port < FIRST_PORT ? FIRST_PORT : vsock->next_port + 1;
		if (vsock->next_port == UINT32_MAX) /* reserved for "any" */
			vsock->next_port = FIRST_PORT;
	} while (!port_is_free(vsock, vsock->next_port));
	return vsock->next_port;
}

int virtio_vsock_connect(
	struct virtio_vsock *vsock, uint64_t cid, uint32_t port, struct virtio_vsock_connection **connection)
{
	struct virtio_vsock_connection *place = virtio_vsock_place(vsock);

	if (!place)
		return VIRTIO_ERR_AGAIN;
	place->port = choose_port(vsock);
	place->peer_cid = cid;
	place->peer_port = port;
	place->state = VIRTIO_VSOCK_CONNECTING;
	place->owed = OWES_REQUEST;
	*connection = place;
	return virtio_vsock_flush(vsock);
}

/* Copy LENGTH bytes out of the window, in two parts where it goes around. */
static void fetch(struct virtio_vsock_connection *connection, uint8_t *data, uint32_t length)
{
	uint32_t size = connection->vsock->window;
	uint32_t at = connection->taken & (size - 1);
	uint32_t first = length < size - at ? length : size - at;

	__builtin_memcpy(data, connection->window + at, first);
	__builtin_memcpy(data + first, connection->window, length - first);
	connection->taken += length;
}

int virtio_vsock_receive(struct virtio_vsock_connection *connection, void *data, uint32_t length)
{
	uint32_t waiting = vsock_waiting(connection);
	uint32_t part = length < waiting ? length : waiting;

	if (connection->state != VIRTIO_VSOCK_OPEN && connection->state != VIRTIO_VSOCK_ENDED)
		return 0;
	fetch(connection, data, part);
	if (connection->state == VIRTIO_VSOCK_OPEN) {
		vsock_note_room(connection);
		virtio_vsock_flush(connection->vsock); /* the bytes are there; a broken ring shows at the next call */
	}
	return (int)part;
}

bool virtio_vsock_at_end(const struct virtio_vsock_connection *connection)
{
	bool over = connection->state == VIRTIO_VSOCK_ENDED || connection->peer_shut & VIRTIO_VSOCK_SHUTDOWN_SEND;

	return over && vsock_waiting(connection) == 0;
}

int virtio_vsock_shutdown(struct virtio_vsock_connection *connection, unsigned flags)
{
	if (flags == 0 || flags & ~(VIRTIO_VSOCK_SHUTDOWN_RECEIVE | VIRTIO_VSOCK_SHUTDOWN_SEND))
		return VIRTIO_ERR_INVALID;
	if (connection->state != VIRTIO_VSOCK_OPEN)
		return VIRTIO_ERR_IO;
	connection->shut = (uint8_t)(connection->shut | flags);
	connection->owed |= OWES_SHUTDOWN;
	if (flags & VIRTIO_VSOCK_SHUTDOWN_RECEIVE)
		connection->taken = connection->received;
	return virtio_vsock_flush(connection->vsock);
}

/* Refuse all who wait for a listener that goes. */
static void refuse_callers(struct virtio_vsock_connection *listener)
{
	struct virtio_vsock *vsock = listener->vsock;

	for (unsigned i = 0; i < vsock->count; i++)
		if (vsock->table[i].state == VIRTIO_VSOCK_WAITING && vsock->table[i].port == listener->port)
			virtio_vsock_end(&vsock->table[i], true);
	listener->state = VIRTIO_VSOCK_FREE;
}

void virtio_vsock_close(struct virtio_vsock_connection *connection)
{
	/* A call that has not gone out yet, and one that is over for both, leave nobody to be told. */
	bool tell = connection->state == VIRTIO_VSOCK_OPEN || connection->owed & OWES_RST ||
		    (connection->state == VIRTIO_VSOCK_CONNECTING && !(connection->owed & OWES_REQUEST));

	if (connection->state == VIRTIO_VSOCK_FREE || connection->state == VIRTIO_VSOCK_CLOSING)
		return;
	if (connection->state == VIRTIO_VSOCK_LISTENING) {
		refuse_callers(connection);
	} else {
		connection->state = tell ? VIRTIO_VSOCK_CLOSING : VIRTIO_VSOCK_FREE;
		connection->owed = tell ? OWES_RST : 0;
	}
	virtio_vsock_flush(connection->vsock); /* what is owed stays owed; a broken ring shows at the next call */
}
