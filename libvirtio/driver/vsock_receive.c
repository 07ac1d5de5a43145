/* SPDX-License-Identifier: ISC */
/*
 * virtio-vsock, what packets do (VIRTIO 5.10.6). Everything in them is the other side's, or an impostor's: a packet
 * that does not fit the state of its connection ends it or does nothing, and a stranger gets one reset.
 */
#include "device/log.h"
#include "driver/vsock.h"

/* The connection that a packet belongs to, or NULL. */
static struct virtio_vsock_connection *find(struct virtio_vsock *vsock, const struct virtio_vsock_hdr *header)
{
	for (unsigned i = 0; i < vsock->count; i++) {
		struct virtio_vsock_connection *connection = &vsock->table[i];
		if (connection->state > VIRTIO_VSOCK_LISTENING && connection->state != VIRTIO_VSOCK_ENDED &&
			connection->port == le32_to(header->dst_port) &&
			connection->peer_port == le32_to(header->src_port) &&
			connection->peer_cid == le64_to(header->src_cid))
			return connection;
	}
	return NULL;
}

/* Answer with a reset, later; a reset is never answered. There is room: virtio_vsock_poll sees to it. */
static void refuse(struct virtio_vsock *vsock, const struct virtio_vsock_hdr *header)
{
	if (le16_to(header->op) == VIRTIO_VSOCK_OP_RST || vsock->refusal_count == VIRTIO_VSOCK_REFUSALS)
		return;
	vsock->refusals[vsock->refusal_count++] = (struct virtio_vsock_refusal){
		.cid = le64_to(header->src_cid),
		.port = le32_to(header->dst_port),
		.peer_port = le32_to(header->src_port),
		.type = le16_to(header->type),
	};
}

/* Whoever listens on PORT, if another caller may wait there. */
static struct virtio_vsock_connection *listener_with_room(struct virtio_vsock *vsock, uint32_t port)
{
	struct virtio_vsock_connection *listener = NULL;
	unsigned waiting = 0;

	for (unsigned i = 0; i < vsock->count; i++) {
		struct virtio_vsock_connection *connection = &vsock->table[i];
		if (connection->port != port)
			continue;
		if (connection->state == VIRTIO_VSOCK_LISTENING)
			listener = connection;
		waiting += connection->state == VIRTIO_VSOCK_WAITING;
	}
	return listener && waiting < listener->backlog ? listener : NULL;
}

/* What every packet tells of the room that the other side has. */
static void take_credit(struct virtio_vsock_connection *connection, const struct virtio_vsock_hdr *header)
{
	connection->peer_room = le32_to(header->buf_alloc);
	connection->peer_taken = le32_to(header->fwd_cnt);
	connection->asked = false;
}

/* Someone calls. */
static void called(struct virtio_vsock *vsock, const struct virtio_vsock_hdr *header)
{
	struct virtio_vsock_connection *place = NULL;

	if (listener_with_room(vsock, le32_to(header->dst_port)))
		place = virtio_vsock_place(vsock);
	if (!place) {
		refuse(vsock, header);
		return;
	}
	place->state = VIRTIO_VSOCK_WAITING;
	place->port = le32_to(header->dst_port);
	place->peer_port = le32_to(header->src_port);
	place->peer_cid = le64_to(header->src_cid);
	take_credit(place, header);
}

/* Copy data into the window, in two parts where it goes around. */
static void store(struct virtio_vsock_connection *connection, const uint8_t *data, uint32_t length)
{
	uint32_t size = connection->vsock->window;
	uint32_t at = connection->received & (size - 1);
	uint32_t first = length < size - at ? length : size - at;

	__builtin_memcpy(connection->window + at, data, first);
	__builtin_memcpy(connection->window, data + first, length - first);
	connection->received += length;
}

/* Data. More than there is room for, or when none may come: the other side does not know what it does. */
static void receive_data(struct virtio_vsock_connection *connection, const struct vsock_packet *packet)
{
	uint32_t length = le32_to(packet->header.len);

	if (connection->state != VIRTIO_VSOCK_OPEN || !packet->whole ||
		connection->peer_shut & VIRTIO_VSOCK_SHUTDOWN_SEND ||
		length > connection->vsock->window - vsock_waiting(connection)) {
		virtio_vsock_end(connection, true);
		return;
	}
	if (!(connection->shut & VIRTIO_VSOCK_SHUTDOWN_RECEIVE)) {
		store(connection, packet->data, length);
		return;
	}
	connection->received += length; /* nobody will read it */
	connection->taken += length;
	vsock_note_room(connection);
}

/* The other side will not send, or not receive, any more: once said, that stays (5.10.6.5). */
static void shut_by_peer(struct virtio_vsock_connection *connection, uint32_t flags)
{
	const uint8_t both = VIRTIO_VSOCK_SHUTDOWN_RECEIVE | VIRTIO_VSOCK_SHUTDOWN_SEND;

	connection->peer_shut = (uint8_t)(connection->peer_shut | (flags & both));
	if (connection->peer_shut == both)
		virtio_vsock_end(connection, true);
}

/* The other side has reset the connection: nobody needs to be told any more. */
static void reset_by_peer(struct virtio_vsock_connection *connection)
{
	if (connection->state != VIRTIO_VSOCK_CLOSING)
		virtio_vsock_end(connection, false);
	connection->owed = 0;
}

/* A packet of a connection that there is. */
static void handle_known(struct virtio_vsock_connection *connection, const struct vsock_packet *packet)
{
	if (connection->state == VIRTIO_VSOCK_CLOSING && le16_to(packet->header.op) != VIRTIO_VSOCK_OP_RST)
		return;
	take_credit(connection, &packet->header);
	switch (le16_to(packet->header.op)) {
	case VIRTIO_VSOCK_OP_REQUEST:
	case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
		return;
	case VIRTIO_VSOCK_OP_RESPONSE:
		if (connection->state == VIRTIO_VSOCK_CONNECTING && !(connection->owed & OWES_REQUEST))
			connection->state = VIRTIO_VSOCK_OPEN;
		return;
	case VIRTIO_VSOCK_OP_RST:
		reset_by_peer(connection);
		return;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		shut_by_peer(connection, le32_to(packet->header.flags));
		return;
	case VIRTIO_VSOCK_OP_RW:
		receive_data(connection, packet);
		return;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		connection->owed |= OWES_CREDIT_UPDATE;
		return;
	}
	virtio_vsock_end(connection, true);
}

void virtio_vsock_handle(struct virtio_vsock *vsock, const struct vsock_packet *packet)
{
	const struct virtio_vsock_hdr *header = &packet->header;
	bool stream = le16_to(header->type) == VIRTIO_VSOCK_TYPE_STREAM;
	struct virtio_vsock_connection *connection = stream ? find(vsock, header) : NULL;

	if (le64_to(header->dst_cid) != vsock->cid) {
		if (!vsock->complained)
			virtio_device_log(vsock->device, VIRTIO_LOG_WARNING, "a packet for another machine");
		vsock->complained = true;
	} else if (connection) {
		handle_known(connection, packet);
	} else if (stream && le16_to(header->op) == VIRTIO_VSOCK_OP_REQUEST) {
		called(vsock, header);
	} else {
		refuse(vsock, header);
	}
}
