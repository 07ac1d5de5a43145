/* SPDX-License-Identifier: ISC */
/*
 * A console device for tests of the console driver: a fake transport, what the ports sent, and control messages. It is
 * as strict as the strictest device: every buffer is one descriptor, and goes the right way for its queue.
 */
#ifndef TEST_UNIT_FAKE_CONSOLE_H
#define TEST_UNIT_FAKE_CONSOLE_H

#include <virtio/console.h>
#include <virtio/spec/console.h>

#include "fake/transport.h"

#define FAKE_CONSOLE_PORTS 3   /* with MULTIPORT: what the queues of the fake transport do for */
#define FAKE_CONSOLE_WIRE 8192 /* bytes that are kept of what a port sent */

/* The device and its driver. There is one: it is large. */
struct fake_console {
	struct fake_transport transport;
	struct virtio_console console;
	struct virtio_console_port ports[8];
	struct fake_device_buffer buffer; /* the one that was taken last */
	uint8_t wire[FAKE_CONSOLE_WIRE];  /* what was sent last */
	uint32_t emergency[16];           /* written to the emergency register */
	unsigned emergency_count;         /* how often */
};
extern struct fake_console fake_console;

/* A new device with FEATURES, on the fake platform. Without VERSION_1 it is a legacy device. */
void fake_console_start(uint64_t features);

/* Attach the driver with COUNT ports; fails the test if that fails. OPTIONS may be NULL. */
void fake_console_attach(uint16_t count, const struct virtio_console_options *options);

/* Detach it, and see that nothing is left. */
void fake_console_detach(void);

/* The device's end of the receiveq, and of the transmitq, of a port. */
struct fake_device_ring *fake_console_receiveq(unsigned port);
struct fake_device_ring *fake_console_transmitq(unsigned port);

/* The device sends LENGTH bytes of DATA to the driver through RING, saying that they are SAID. False: no buffer. */
bool fake_console_deliver(struct fake_device_ring *ring, const void *data, uint32_t length, uint32_t said);

/* The same for text to a port, truly; fails the test when there is no buffer. */
void fake_console_type(unsigned port, const char *text);

/* Take all that the driver sent through RING: it is in fake_console.wire. How many bytes. */
uint32_t fake_console_collect(struct fake_device_ring *ring);

/* A control message from the device, with LENGTH bytes of MORE behind it. */
void fake_console_say(uint32_t id, uint16_t event, uint16_t value, const void *more, uint32_t length);

/* Fails the test unless the next control message of the driver is this. */
void fake_console_expect(uint32_t id, uint16_t event, uint16_t value);

/* Fails the test unless the driver has said all. */
void fake_console_expect_nothing(void);

/* Start a device with several ports that is ready, and add ports 0 to COUNT - 1. */
void fake_console_multiport(unsigned count);

#endif
