/* SPDX-License-Identifier: ISC */
/*
 * A network device for tests of the network driver: a fake transport, and the wire. It is as strict about headers as
 * the strictest device: alone in its descriptor where the driver may not assume otherwise, never alone where it may,
 * and in what is transmitted all zeros but for what was agreed on.
 */
#ifndef TEST_UNIT_FAKE_NET_H
#define TEST_UNIT_FAKE_NET_H

#include <virtio/net.h>
#include <virtio/spec/net.h>

#include "fake/transport.h"

#define FAKE_NET_MTU 1500
#define FAKE_NET_LONGEST 70000 /* bytes of the longest frame on the wire */

/* The device and its driver. There is one: it is large. */
struct fake_net {
	struct fake_transport transport;
	struct virtio_net net;
	struct fake_device_buffer buffer; /* the one that was taken last */
	uint8_t wire[FAKE_NET_LONGEST];   /* the frame that was sent last */
	struct virtio_net_hdr sent;       /* its header, checked (5.1.6.2) */
};
extern struct fake_net fake_net;

/* A kind of device that the driver must know how to drive. */
struct fake_net_kind {
	const char *name;
	uint64_t features; /* offered, besides MAC and STATUS; without VERSION_1 it is a legacy device */
	uint8_t header;    /* bytes of the header */
	bool apart;        /* the header is a descriptor of its own */
};

/* All of them. */
extern const struct fake_net_kind fake_net_kinds[];
extern const unsigned fake_net_kind_count;

/*
 * A new device that offers FEATURES, and MAC and STATUS, on the fake platform. Without VERSION_1 it is a legacy
 * device.
 */
void fake_net_start(uint64_t features);

/* Change a 16-bit field of the configuration. */
void fake_net_config16(uint32_t offset, uint16_t value);

/* Attach the driver; fails the test if that fails. OPTIONS may be NULL. */
void fake_net_attach(const struct virtio_net_options *options);

/* Detach it. */
void fake_net_detach(void);

/* Let a device that has gone, or is stuck, forget what it saw of the rings: it will see no reset. */
void fake_net_forget(void);

/* The device's ends of the two queues. */
struct fake_device_ring *fake_net_receiveq(void);
struct fake_device_ring *fake_net_transmitq(void);

/* A frame arrives: LENGTH bytes, each made of SEED and its position. Fails the test when the driver gave no buffer. */
void fake_net_deliver(uint8_t seed, uint32_t length);

/* As fake_net_deliver, but the device says that it wrote SAID bytes in all, header included. */
void fake_net_deliver_lie(uint8_t seed, uint32_t length, uint32_t said);

/*
 * A frame of LENGTH BYTES arrives with HEADER, in as many buffers as it takes, published together. num_buffers in
 * HEADER is filled in unless it is a lie, not 0. HASH follows the header where HASH_REPORT was agreed on, and may be
 * NULL else. Returns the number of buffers.
 */
unsigned fake_net_deliver_header(const struct virtio_net_hdr *header, const struct virtio_net_hdr_hash *hash,
	const uint8_t *bytes, uint32_t length);

/* Fill the next receive buffer with LENGTH BYTES, header or not, and say that it was SAID bytes; fake_device_publish
 * tells. */
void fake_net_put(const void *bytes, uint32_t length, uint32_t said);

/* Bytes of the header as agreed on (5.1.6.1). */
uint32_t fake_net_header_size(void);

/* Send the next frame, if the driver gave one: it is in fake_net.wire, and its length is returned. 0: there is none. */
uint32_t fake_net_send(void);

/* Whether BYTES are what fake_net_deliver makes of SEED. */
bool fake_net_made_of(const uint8_t *bytes, uint8_t seed, uint32_t length);

/* Fill FRAME with LENGTH bytes made of SEED. */
void fake_net_fill(struct virtio_net_frame *frame, uint8_t seed, uint32_t length);

/* A frame of the test's own in DMA memory, for LENGTH bytes. */
struct virtio_net_frame fake_net_frame(uint32_t length);

#endif
