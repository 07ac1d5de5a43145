/* SPDX-License-Identifier: ISC */
/*
 * The control queue of the fake network device (fake/net.h): it takes commands as strictly as the strictest device, and
 * answers as the test wants. Queues for several pairs come with it.
 */
#ifndef TEST_UNIT_FAKE_NET_CONTROL_H
#define TEST_UNIT_FAKE_NET_CONTROL_H

#include <virtio/net_control.h>

#include "fake/net.h"

/* A command as it came, and how the next one is answered. There is one, like the device. */
struct fake_net_control {
	uint8_t command_class;
	uint8_t command;
	uint8_t data[4096];
	uint32_t length;   /* bytes of data */
	uint32_t pieces;   /* in so many descriptors */
	unsigned count;    /* commands so far */
	uint8_t ack;       /* the answer; VIRTIO_NET_OK at first */
	bool silent;       /* write no ack at all */
	uint32_t said;     /* the used length that it tells, rubbish at first (NET-L4, LEG-05) */
	uint8_t answer[8]; /* to VQ_GET */
};
extern struct fake_net_control fake_net_control;

/* fake_net_start with FEATURES, a control queue, and PAIRS pairs of queues; 0: no number of pairs, and queue 2 is for
 * control. Commands are served whenever the driver waits. */
void fake_net_control_start(uint64_t features, uint16_t pairs);

/* The device's end of the control queue, where 5.1.2 puts it. */
struct fake_device_ring *fake_net_controlq(void);

/* Serve a command, if there is one. Whether there was. */
bool fake_net_control_serve(void);

#endif
