/* SPDX-License-Identifier: ISC */
/* How the files of the control queue make a command (VIRTIO 5.1.6.5). */
#ifndef LIBVIRTIO_DRIVER_NET_CONTROL_H
#define LIBVIRTIO_DRIVER_NET_CONTROL_H

#include <virtio/net_control.h>

#include "driver/net_internal.h"

/* Where things lie in the memory of a command, of NET_CONTROL_MEMORY bytes. What the device writes is apart. */
#define NET_CONTROL_ACK 64     /* 1 byte */
#define NET_CONTROL_ANSWER 128 /* what a command asks for */
#define NET_CONTROL_DATA 192   /* what a command says */
#define NET_CONTROL_MEMORY 4096
#define NET_CONTROL_SEGMENTS 4 /* class and command, data in two pieces or data and answer, ack */

/* The state of the control queue. One command is under way at a time. */
struct virtio_net_control {
	struct virtio_queue queue;
	struct virtio_segment memory; /* of the command */
	struct virtio_segment segments[NET_CONTROL_SEGMENTS];
	unsigned readable; /* segments of the command so far */
	uint32_t end;      /* bytes of memory in use */
	uint32_t answer;   /* bytes of the answer, 0: none */
	bool under_way;    /* the device has it */
	uint64_t argument; /* for done */
	void *result;      /* for done */
	/* Called when the command has ended, WELL or not. NULL: nothing more to do. */
	void (*done)(struct virtio_net *net, bool well);
};

/* Begin a command that needs all of FEATURES. 0 or an error of virtio/net_control.h. */
VIRTIO_MUST_CHECK int virtio_net_command_begin(
	struct virtio_net *net, uint64_t features, uint8_t command_class, uint8_t command);

/* LENGTH bytes, at least 1, of what it says, cleared: a piece that becomes a descriptor of its own. Callers keep within
 * NET_CONTROL_MEMORY, and within two pieces. */
void *virtio_net_command_data(struct virtio_net *net, size_t length);

/* Hand it to the device, with DONE to be called at its end. */
VIRTIO_MUST_CHECK int virtio_net_command_submit(
	struct virtio_net *net, void (*done)(struct virtio_net *net, bool well));

/* net_control_pairs.c: use the first COUNT pairs, and no others. */
void virtio_net_pairs_enable(struct virtio_net *net, uint16_t count);

#endif
