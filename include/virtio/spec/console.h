/* SPDX-License-Identifier: ISC */
/* The console: features, configuration, control messages (VIRTIO 5.3). */
#ifndef VIRTIO_SPEC_CONSOLE_H
#define VIRTIO_SPEC_CONSOLE_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

/* 5.3.3 */
#define VIRTIO_CONSOLE_F_SIZE VIRTIO_FEATURE(0)        /* the configuration tells columns and rows */
#define VIRTIO_CONSOLE_F_MULTIPORT VIRTIO_FEATURE(1)   /* several ports, and control messages */
#define VIRTIO_CONSOLE_F_EMERG_WRITE VIRTIO_FEATURE(2) /* a register to write characters to */

/* 5.3.4: offsets in the device configuration. */
#define VIRTIO_CONSOLE_CONFIG_COLS 0         /* le16, with SIZE */
#define VIRTIO_CONSOLE_CONFIG_ROWS 2         /* le16, with SIZE */
#define VIRTIO_CONSOLE_CONFIG_MAX_NR_PORTS 4 /* le32, with MULTIPORT */
#define VIRTIO_CONSOLE_CONFIG_EMERG_WR 8     /* le32, write only, with EMERG_WRITE offered */

/* 5.3.2: virtqueues. The transmitq of a port follows its receiveq. */
#define VIRTIO_CONSOLE_QUEUE_PORT0 0            /* receiveq of port 0 */
#define VIRTIO_CONSOLE_QUEUE_CONTROL_RECEIVE 2  /* with MULTIPORT */
#define VIRTIO_CONSOLE_QUEUE_CONTROL_TRANSMIT 3 /* with MULTIPORT */
#define VIRTIO_CONSOLE_QUEUE_PORT1 4            /* receiveq of port 1; each further port two higher */

/* 5.3.6.2: what a control message is about. */
#define VIRTIO_CONSOLE_DEVICE_READY 0  /* from the driver: it listens */
#define VIRTIO_CONSOLE_DEVICE_ADD 1    /* from the device: there is a port */
#define VIRTIO_CONSOLE_DEVICE_REMOVE 2 /* from the device: it has gone */
#define VIRTIO_CONSOLE_PORT_READY 3    /* from the driver: value 1, it takes the port; 0, it does not */
#define VIRTIO_CONSOLE_CONSOLE_PORT 4  /* from the device: the port is for a text console */
#define VIRTIO_CONSOLE_RESIZE 5        /* from the device: its size, in a virtio_console_resize behind the message */
#define VIRTIO_CONSOLE_PORT_OPEN 6     /* from either: value 1, it opened the port; 0, it closed it */
#define VIRTIO_CONSOLE_PORT_NAME 7     /* from the device: its name, behind the message and without a NUL */

/* 5.3.6.2: a control message. */
struct virtio_console_control {
	struct le32 id;    /* port */
	struct le16 event; /* what it is about */
	struct le16 value; /* depends on that */
};

/* 5.3.6.2: what follows a RESIZE. */
struct virtio_console_resize {
	struct le16 cols; /* characters in a line */
	struct le16 rows; /* lines */
};

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_console_control) == 8, "5.3.6.2");
VIRTIO_STATIC_ASSERT(sizeof(struct virtio_console_resize) == 4, "5.3.6.2");

#endif
