/* SPDX-License-Identifier: ISC */
/* A socket device for tests of the socket driver: a fake transport, and packets from and to the other side. */
#ifndef TEST_UNIT_FAKE_VSOCK_H
#define TEST_UNIT_FAKE_VSOCK_H

#include <virtio/vsock.h>

#include "fake/transport.h"

#define FAKE_VSOCK_CID 77       /* ours */
#define FAKE_VSOCK_WINDOW 1024  /* bytes that we have room for */
#define FAKE_VSOCK_PLACES 6     /* of the table */
#define FAKE_VSOCK_PACKET 300   /* bytes of a buffer */
#define FAKE_VSOCK_ROOM 100000u /* bytes that the other side has room for, unless a test says otherwise */

/* The device and its driver. There is one: it is large. */
struct fake_vsock {
	struct fake_transport transport;
	struct virtio_vsock vsock;
	struct virtio_vsock_connection table[FAKE_VSOCK_PLACES];
	struct fake_device_buffer buffer; /* the one that was taken last */
	struct virtio_vsock_hdr header;   /* of the packet that was sent last */
	uint8_t data[65536];              /* what was in it */
	uint32_t length;                  /* how many bytes */
	uint32_t room;                    /* what the other side says in its packets */
	uint32_t taken;                   /* likewise */
};
extern struct fake_vsock fake_vsock;

/* A new device with FEATURES, on the fake platform. */
void fake_vsock_start(uint64_t features);

/* Change our address. */
void fake_vsock_set_cid(uint64_t cid);

/* Attach the driver, with small windows and buffers; fails the test if that fails. */
void fake_vsock_attach(void);

/* Detach it, and see that nothing is left. */
void fake_vsock_detach(void);

/* A packet from the other side: from its PEER port to our PORT, with LENGTH bytes of DATA. */
void fake_vsock_say(uint32_t peer, uint32_t port, uint16_t op, uint32_t flags, const void *data, uint32_t length);

/* The same, whatever stands in the header, of which the device says that it wrote SAID bytes. */
void fake_vsock_say_lie(const struct virtio_vsock_hdr *header, const void *data, uint32_t length, uint32_t said);

/* A header as fake_vsock_say makes it. */
struct virtio_vsock_hdr fake_vsock_header(uint32_t peer, uint32_t port, uint16_t op);

/* Take the next packet of the driver: its header and data are in fake_vsock. Returns its operation; 0: there is none.
 */
uint16_t fake_vsock_take(void);

/* Fails the test unless the next packet is this. */
void fake_vsock_expect(uint32_t peer, uint32_t port, uint16_t op);

/* Fails the test unless the driver has said all. */
void fake_vsock_expect_nothing(void);

/* An event from the device: ID, in LENGTH bytes. */
void fake_vsock_event(uint32_t id, uint32_t length);

/* A connection that the driver opened to port 1234, and the other side has granted. */
struct virtio_vsock_connection *fake_vsock_connected(void);

#endif
