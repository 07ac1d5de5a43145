/* SPDX-License-Identifier: ISC */
/*
 * virtio-vsock (VIRTIO 5.10): stream connections between this machine and the one that runs it, without a network.
 *
 *     #include <virtio/vsock.h>
 *
 *     int ask(struct virtio_vsock *vsock, uint32_t port, const void *question, uint32_t length)
 *     {
 *             struct virtio_vsock_connection *connection;
 *             int result = virtio_vsock_connect(vsock, VIRTIO_VSOCK_CID_DEVICE, port, &connection);
 *
 *             if (result < 0)
 *                     return result;
 *             while (result >= 0 && connection->state == VIRTIO_VSOCK_CONNECTING)
 *                     result = virtio_vsock_poll(vsock); // now and then, or when it interrupts
 *             if (result >= 0)
 *                     result = virtio_vsock_send(connection, question, length); // virtio_vsock_receive gets the answer
 *             virtio_vsock_close(connection);
 *             return result;
 *     }
 *
 *     int serve(struct virtio_vsock *vsock, struct virtio_device *device, struct virtio_vsock_connection table[8])
 *     {
 *             struct virtio_vsock_connection *listener, *connection;
 *             int result = virtio_vsock_attach(vsock, device, table, 8, NULL);
 *
 *             if (result == 0)
 *                     result = virtio_vsock_listen(vsock, 1234, 4, &listener);
 *             while (result >= 0) {
 *                     if (virtio_vsock_accept(listener, &connection) > 0) // somebody has called
 *                             virtio_vsock_close(connection);
 *                     result = virtio_vsock_poll(vsock);
 *             }
 *             return result;
 *     }
 *
 * Bytes are copied: what was received waits in a window of each connection, whose size the other side respects; who
 * exceeds it is disconnected. Everything is bounded by the table. Nobody blocks here, and nothing happens but in these
 * calls: call virtio_vsock_poll when the device interrupts, or often. One user at a time for all connections.
 */
#ifndef VIRTIO_VSOCK_H
#define VIRTIO_VSOCK_H

#include <virtio/buffers.h>
#include <virtio/spec/vsock.h>

VIRTIO_BEGIN_DECLS

struct virtio_vsock;

/* What a place in the table is. */
enum virtio_vsock_state {
	VIRTIO_VSOCK_FREE = 0,   /* nothing */
	VIRTIO_VSOCK_LISTENING,  /* takes calls */
	VIRTIO_VSOCK_CONNECTING, /* has called, no answer yet */
	VIRTIO_VSOCK_WAITING,    /* was called, not accepted yet: nobody's, but counted against its listener */
	VIRTIO_VSOCK_OPEN,       /* data may flow */
	VIRTIO_VSOCK_ENDED,      /* refused, reset, or over: what was received can still be read; then close it */
	VIRTIO_VSOCK_CLOSING,    /* closed, but the other side was not told yet */
};

/* A connection, or a listener. Caller-owned, part of the table; private but for the fields that say read-only. */
struct virtio_vsock_connection {
	struct virtio_vsock *vsock;    /* whose it is */
	uint8_t *window;               /* bytes that came and were not taken: a ring */
	enum virtio_vsock_state state; /* read-only */
	uint32_t port;                 /* read-only: ours */
	uint32_t peer_port;            /* read-only: the other side's */
	uint64_t peer_cid;             /* read-only: the other side's address */
	uint32_t received;             /* bytes that came, modulo 2^32 */
	uint32_t taken;                /* bytes of them that were read */
	uint32_t told;                 /* what the other side knows of `taken` */
	uint32_t sent;                 /* bytes that were sent, modulo 2^32 */
	uint32_t peer_room;            /* bytes that the other side has room for in all */
	uint32_t peer_taken;           /* what it told of the bytes that its user took */
	uint16_t backlog;              /* listener: how many may wait */
	uint8_t owed;                  /* packets that are to be sent when there is room: a bit each */
	uint8_t shut;                  /* read-only: VIRTIO_VSOCK_SHUTDOWN_ by us */
	uint8_t peer_shut;             /* read-only: the same by the other side */
	bool asked;                    /* the other side was asked for room, and has not answered */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_vsock_options {
	uint32_t window;      /* bytes that wait in a connection at most: a power of two, 64 to 2^24; 0: 65536 */
	uint32_t buffer_size; /* bytes of a packet with its header, 64 to 65536; 0: 4096 */
	uint16_t buffers;     /* packets in each direction, 2 to 64; 0: 16 */
};

/* How many refusals may wait for room to be sent. */
#define VIRTIO_VSOCK_REFUSALS 8

/* A packet that belongs to nobody, to be answered with a reset. Private. */
struct virtio_vsock_refusal {
	uint64_t cid;       /* whose packet it was */
	uint32_t port;      /* of ours that it was for */
	uint32_t peer_port; /* it came from */
	uint16_t type;      /* as it was */
};

/* A socket device. Caller-owned, private but for the fields that say read-only. */
struct virtio_vsock {
	struct virtio_device *device;          /* whose driver this is; NULL while it is not attached */
	struct virtio_vsock_connection *table; /* the caller's */
	uint16_t count;                        /* how many places it has */
	uint16_t refusal_count;                /* packets to refuse */
	uint64_t cid;                          /* read-only: our address */
	uint32_t window;                       /* read-only: bytes that wait in a connection at most */
	uint32_t next_port;                    /* for the next call of ours */
	uint8_t *windows;                      /* memory of all windows */
	struct virtio_buffers receive;         /* rx */
	struct virtio_buffers transmit;        /* tx */
	struct virtio_buffers events;          /* event */
	struct virtio_vsock_refusal refusals[VIRTIO_VSOCK_REFUSALS]; /* oldest first */
	bool complained;                                             /* a senseless packet was logged; once is enough */
};

/*
 * Start the driver on an opened device, for up to COUNT connections and listeners in TABLE. OPTIONS may be NULL and is
 * read during the call only. VSOCK, TABLE and DEVICE must stay where they are until virtio_vsock_detach. Allocates a
 * window for each place, and may wait for the reset. VIRTIO_ERR_INVALID: an empty table, or options out of range, or
 * DEVICE was never opened; VIRTIO_ERR_NO_DEVICE: it is no socket device, or has gone; VIRTIO_ERR_BUSY: a driver is
 * attached to it; VIRTIO_ERR_PROTOCOL: also an address that cannot be; VIRTIO_ERR_UNSUPPORTED: also no stream sockets;
 * VIRTIO_ERR_TIMEOUT as virtio_device_begin; VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the
 * device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_vsock_attach(struct virtio_vsock *vsock, struct virtio_device *device,
	struct virtio_vsock_connection *table, uint16_t count, const struct virtio_vsock_options *options);

/*
 * Stop: reset the device and free what attach allocated. Connections are ended, with nothing left to read, and may
 * still be closed; listeners are gone; the other sides are not told. Waits. Returns 0, or VIRTIO_ERR_TIMEOUT: the
 * device is stuck, and memory of ours that it knows stays allocated. Does nothing when VSOCK is not attached.
 */
int virtio_vsock_detach(struct virtio_vsock *vsock);

/*
 * Take what the device has, and send what is owed. Does a bounded amount of work; returns how many packets and events
 * it took, 0 when there were none: call it again while it returns more. VIRTIO_ERR_PROTOCOL: a ring is broken, or the
 * device moved to an address that cannot be.
 */
VIRTIO_MUST_CHECK int virtio_vsock_poll(struct virtio_vsock *vsock);

/* Ask for an interrupt when packets or events come. True: some are there already, so poll instead of sleeping. */
VIRTIO_MUST_CHECK bool virtio_vsock_enable_interrupts(struct virtio_vsock *vsock);

/* Ask for no more interrupts: a hint, some may still come. */
void virtio_vsock_disable_interrupts(struct virtio_vsock *vsock);

/*
 * Listen on PORT: up to BACKLOG callers may wait for virtio_vsock_accept, each in a place of the table. *LISTENER is
 * the place. 0; VIRTIO_ERR_BUSY: someone listens there; VIRTIO_ERR_AGAIN: the table is full.
 */
VIRTIO_MUST_CHECK int virtio_vsock_listen(
	struct virtio_vsock *vsock, uint32_t port, uint16_t backlog, struct virtio_vsock_connection **listener);

/* Accept a caller: 1, and *CONNECTION is open; 0: nobody waits; VIRTIO_ERR_INVALID: LISTENER does not listen. */
VIRTIO_MUST_CHECK int virtio_vsock_accept(
	struct virtio_vsock_connection *listener, struct virtio_vsock_connection **connection);

/*
 * Call PORT at the address CID from a port that is free. *CONNECTION is on its way: it becomes open, or ended when it
 * was refused, in some later virtio_vsock_poll; who does not want to wait any longer closes it. 0; VIRTIO_ERR_AGAIN:
 * the table is full.
 */
VIRTIO_MUST_CHECK int virtio_vsock_connect(
	struct virtio_vsock *vsock, uint64_t cid, uint32_t port, struct virtio_vsock_connection **connection);

/*
 * Send up to LENGTH bytes of DATA. Returns how many were taken: fewer, also 0, when the other side or the ring has no
 * more room, or it is not open yet. VIRTIO_ERR_IO: the other side takes no more, or we have shut this direction;
 * VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_vsock_send(struct virtio_vsock_connection *connection, const void *data, uint32_t length);

/*
 * Copy up to LENGTH bytes that came to DATA. Returns how many; 0: none now (virtio_vsock_at_end tells whether more can
 * come).
 */
VIRTIO_MUST_CHECK int virtio_vsock_receive(struct virtio_vsock_connection *connection, void *data, uint32_t length);

/* Whether all was read and nothing more will come: the other side has finished, or the connection is over. */
bool virtio_vsock_at_end(const struct virtio_vsock_connection *connection);

/*
 * Tell the other side that we shall not send (VIRTIO_VSOCK_SHUTDOWN_SEND), not receive (_RECEIVE; what was not read
 * yet is lost), or neither, any more. After both it answers with a reset, which makes the connection ended: for a clean
 * end wait for that, with a deadline of your own, before closing. 0; VIRTIO_ERR_INVALID: other flags, or none;
 * VIRTIO_ERR_IO: it is not open; VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_vsock_shutdown(struct virtio_vsock_connection *connection, unsigned flags);

/*
 * Give the place back: CONNECTION must not be used any more. If it is not over yet the other side gets a reset, and
 * loses what it has not read. A listener's callers are refused.
 */
void virtio_vsock_close(struct virtio_vsock_connection *connection);

VIRTIO_END_DECLS

#endif
