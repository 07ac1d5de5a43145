/* SPDX-License-Identifier: ISC */
/*
 * virtio-vsock, what is sent (VIRTIO 5.10.6). Packets without data are never queued: each connection remembers by a bit
 * that it owes one, so that however long the device takes none, nothing grows.
 */
#include "driver/buffers.h"
#include "driver/vsock.h"

/* A packet of CONNECTION, without data. Each tells how much room we have (5.10.6.3). */
static struct virtio_vsock_hdr make_header(struct virtio_vsock_connection *connection, uint16_t op, uint32_t flags)
{
	struct virtio_vsock *vsock = connection->vsock;

	connection->told = connection->taken;
	return (struct virtio_vsock_hdr){
		.src_cid = le64_from(vsock->cid),
		.dst_cid = le64_from(connection->peer_cid),
		.src_port = le32_from(connection->port),
		.dst_port = le32_from(connection->peer_port),
		.type = le16_from(VIRTIO_VSOCK_TYPE_STREAM),
		.op = le16_from(op),
		.flags = le32_from(flags),
		.buf_alloc = le32_from(vsock->window),
		.fwd_cnt = le32_from(connection->taken),
	};
}

/* Put a packet into the ring. 1, 0 when there is no room, or VIRTIO_ERR_PROTOCOL. */
static int put(struct virtio_vsock *vsock, struct virtio_vsock_hdr header, const void *data, uint32_t length)
{
	uint8_t *buffer = virtio_buffers_take(&vsock->transmit);

	if (!buffer)
		return 0;
	header.len = le32_from(length);
	__builtin_memcpy(buffer, &header, VIRTIO_VSOCK_HEADER);
	if (length)
		__builtin_memcpy(buffer + VIRTIO_VSOCK_HEADER, data, length);
	int error = virtio_buffers_send(&vsock->transmit, buffer, VIRTIO_VSOCK_HEADER + length);
	return error ? error : 1;
}

/* Send the first packet that CONNECTION owes. As put. */
static int pay_one(struct virtio_vsock_connection *connection)
{
	static const uint8_t ops[] = {VIRTIO_VSOCK_OP_REQUEST, VIRTIO_VSOCK_OP_RESPONSE, VIRTIO_VSOCK_OP_CREDIT_REQUEST,
		VIRTIO_VSOCK_OP_CREDIT_UPDATE, VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_OP_RST};
	unsigned which = 0;

	while (!(connection->owed >> which & 1))
		which++;
	uint32_t flags = ops[which] == VIRTIO_VSOCK_OP_SHUTDOWN ? connection->shut : 0;
	int result = put(connection->vsock, make_header(connection, ops[which], flags), NULL, 0);
	if (result > 0)
		connection->owed = (uint8_t)(connection->owed & ~(1u << which));
	return result;
}

/* Send all that CONNECTION owes. 1, 0 when there was no room for all, or VIRTIO_ERR_PROTOCOL. */
static int pay(struct virtio_vsock_connection *connection)
{
	int result = 1;

	while (connection->owed && result > 0)
		result = pay_one(connection);
	if (result > 0 && connection->state == VIRTIO_VSOCK_CLOSING)
		connection->state = VIRTIO_VSOCK_FREE;
	return result;
}

/* Refuse packets that belong to nobody, oldest first. As pay. */
static int refuse_strangers(struct virtio_vsock *vsock)
{
	int result = 1;
	unsigned done = 0;

	for (; done < vsock->refusal_count && result > 0; done += result > 0) {
		const struct virtio_vsock_refusal *refusal = &vsock->refusals[done];
		struct virtio_vsock_hdr header = {
			.src_cid = le64_from(vsock->cid),
			.dst_cid = le64_from(refusal->cid),
			.src_port = le32_from(refusal->port),
			.dst_port = le32_from(refusal->peer_port),
			.type = le16_from(refusal->type),
			.op = le16_from(VIRTIO_VSOCK_OP_RST),
		};
		result = put(vsock, header, NULL, 0);
	}
	vsock->refusal_count = (uint16_t)(vsock->refusal_count - done);
	for (unsigned i = 0; i < vsock->refusal_count; i++)
		vsock->refusals[i] = vsock->refusals[i + done];
	return result;
}

int virtio_vsock_flush(struct virtio_vsock *vsock)
{
	if (!vsock->device) /* detached, and someone closes a connection that he had */
		return 0;
	int result = virtio_buffers_reclaim(&vsock->transmit);
	if (result < 0)
		return result;
	result = refuse_strangers(vsock);
	for (unsigned i = 0; i < vsock->count && result > 0; i++)
		result = pay(&vsock->table[i]);
	virtio_queue_submit(&vsock->transmit.queue);
	return result < 0 ? result : 0;
}

/* How many bytes the other side has room for (5.10.6.3). What it says may be senseless: then it has none. */
static uint32_t room(const struct virtio_vsock_connection *connection)
{
	uint32_t under_way = connection->sent - connection->peer_taken;

	return under_way > connection->peer_room ? 0 : connection->peer_room - under_way;
}

/* Send as much as there is room for. How many bytes, or VIRTIO_ERR_PROTOCOL. */
static int send_data(struct virtio_vsock_connection *connection, const uint8_t *data, uint32_t length)
{
	struct virtio_vsock *vsock = connection->vsock;
	uint32_t largest = vsock->transmit.size - VIRTIO_VSOCK_HEADER;
	uint32_t done = 0;

	while (done < length) {
		uint32_t part = length - done < largest ? length - done : largest;
		int result = put(vsock, make_header(connection, VIRTIO_VSOCK_OP_RW, 0), data + done, part);
		if (result < 0)
			return result;
		if (result == 0)
			break;
		done += part;
		connection->sent += part;
	}
	if (done)
		virtio_queue_submit(&vsock->transmit.queue);
	return (int)done;
}

int virtio_vsock_send(struct virtio_vsock_connection *connection, const void *data, uint32_t length)
{
	uint32_t most = room(connection);

	if (connection->state == VIRTIO_VSOCK_CONNECTING)
		return 0;
	if (connection->state != VIRTIO_VSOCK_OPEN || connection->shut & VIRTIO_VSOCK_SHUTDOWN_SEND ||
		connection->peer_shut & VIRTIO_VSOCK_SHUTDOWN_RECEIVE)
		return VIRTIO_ERR_IO;
	/* The other side tells when it has room again; ask once, in case it forgets. */
	if (most == 0 && length > 0 && !connection->asked) {
		connection->asked = true;
		connection->owed |= OWES_CREDIT_REQUEST;
	}
	int result = virtio_vsock_flush(connection->vsock);
	if (result < 0)
		return result;
	if (most > INT32_MAX)
		most = INT32_MAX;
	return send_data(connection, data, length < most ? length : most);
}
