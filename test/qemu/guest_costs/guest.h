/* SPDX-License-Identifier: ISC */
/* What the files of the guest that is watched share. */
#ifndef GUEST_COSTS_GUEST_H
#define GUEST_COSTS_GUEST_H

#include <stdbool.h>

#include <virtio/device.h>

#define BURST 32                       /* the longest */
#define PATIENCE UINT64_C(60000000000) /* nanoseconds for anything that the device does */

/* Something to watch: ROUND moves BURST requests or frames, and all is as it was. NULL, or what went wrong. */
struct path {
	const char *name;
	unsigned burst;
	const char *(*round)(unsigned burst);
};

/* Paths of a device that is attached now, up to one without a name. */
extern const struct path disk_paths[];
extern const struct path net_paths[];

/* disk.c, net.c: attach to DEVICE, which is open. NULL, or what went wrong. */
const char *disk_start(struct virtio_device *device);
const char *net_start(struct virtio_device *device);

/* disk.c, net.c: detach. */
void disk_stop(void);
void net_stop(void);

/* main.c: whether the rounds ask for interrupts and sleep until one comes; else they poll. */
bool sleeps(void);

/* main.c: sleep until the device has interrupted again since the end of the last sleep. False: it does not. */
bool sleep_until_interrupt(void);

/* main.c: whether everything took too long since *START, which is 0 at first. Pauses a moment if not. */
bool too_long(uint64_t *start);

#endif
