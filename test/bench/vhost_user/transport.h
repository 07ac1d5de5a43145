/* SPDX-License-Identifier: ISC */
/*
 * A transport (virtio/transport.h) to devices in other processes, over vhost-user: so the library drives real devices
 * without a machine around it. For tests and measurements, and no part of the library.
 *
 * The device status stays here: the back ends need it not. A reset stops the rings.
 */
#ifndef BENCH_VHOST_USER_TRANSPORT_H
#define BENCH_VHOST_USER_TRANSPORT_H

#include <virtio/device.h>

#include "connection.h"
#include "runtime.h"

#define VHOST_USER_RINGS 8

/* How to drive a device. */
struct vhost_user_options {
	uint64_t without;       /* features of the device to hide from the driver */
	uint64_t with;          /* features that the front end has: those that need nothing but configuration */
	uint16_t ring_size;     /* entries of each virtqueue */
	const void *config;     /* the device's configuration, where the back end has none; NULL: it has */
	uint32_t config_length; /* bytes of it */
};

/* A device. */
struct vhost_user {
	struct virtio_device device; /* first, so that one is found from the other */
	struct runtime *runtime;
	struct vhost_user_connection connection;
	struct vhost_user_options options;
	uint64_t offered;  /* features that the back end has */
	uint64_t accepted; /* as the driver said */
	uint8_t status;    /* device status */
	struct vhost_user_ring {
		int kick;     /* tells the device; negative: not made yet */
		int call;     /* tells us */
		bool started; /* the device may be using it */
	} rings[VHOST_USER_RINGS];
	uint64_t notifications; /* counter */
};

/*
 * Connect to the device of TYPE (VIRTIO_ID_) at the socket PATH and share RUNTIME's memory with it; then a driver may
 * attach to user->device. USER and RUNTIME stay where they are. 0, or -1, after a line on stderr.
 */
int vhost_user_open(struct vhost_user *user, struct runtime *runtime, const char *path, uint32_t type,
	const struct vhost_user_options *options);

/* After the driver has detached. */
void vhost_user_close(struct vhost_user *user);

#endif
