/* SPDX-License-Identifier: ISC */
/* What the files of the socket driver share. */
#ifndef LIBVIRTIO_DRIVER_VSOCK_H
#define LIBVIRTIO_DRIVER_VSOCK_H

#include <virtio/vsock.h>

/* Packets that a connection owes the other side: bits of `owed`, in the order in which they are sent. */
#define OWES_REQUEST 1u
#define OWES_RESPONSE 2u
#define OWES_CREDIT_REQUEST 4u
#define OWES_CREDIT_UPDATE 8u
#define OWES_SHUTDOWN 16u
#define OWES_RST 32u

#define VSOCK_TELL_SHARE 4 /* the other side hears of room when such a part of the window was taken */

/* A packet as it came: a copy of its header, which the device cannot change any more, and where its data lies. */
struct vsock_packet {
	struct virtio_vsock_hdr header;
	const uint8_t *data;
	uint32_t length; /* bytes of data that were written */
	bool whole;      /* the header promises no more than that */
};

/* vsock_transmit.c: send what all connections owe, as far as there is room. 0, or VIRTIO_ERR_PROTOCOL. */
int virtio_vsock_flush(struct virtio_vsock *vsock);

/* vsock_receive.c: what a packet does to the connection that it belongs to, or to none. */
void virtio_vsock_handle(struct virtio_vsock *vsock, const struct vsock_packet *packet);

/* vsock_connection.c: a free place in the table, cleared; NULL when there is none. */
struct virtio_vsock_connection *virtio_vsock_place(struct virtio_vsock *vsock);

/* vsock_connection.c: the connection is over; what it received can still be read. TELL the other side, or not. */
void virtio_vsock_end(struct virtio_vsock_connection *connection, bool tell);

/* Bytes that came and wait. */
static inline uint32_t vsock_waiting(const struct virtio_vsock_connection *connection)
{
	return connection->received - connection->taken;
}

/* The other side shall hear of room again once a good part of the window was taken. */
static inline void vsock_note_room(struct virtio_vsock_connection *connection)
{
	if (connection->taken - connection->told >= connection->vsock->window / VSOCK_TELL_SHARE)
		connection->owed |= OWES_CREDIT_UPDATE;
}

#endif
