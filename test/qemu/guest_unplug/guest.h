/* SPDX-License-Identifier: ISC */
/* What the files of this guest share. */
#ifndef GUEST_UNPLUG_GUEST_H
#define GUEST_UNPLUG_GUEST_H

#include <virtio/pci.h>

#define IN_FLIGHT 16                   /* things of ours that the device holds when it goes */
#define PATIENCE UINT64_C(60000000000) /* nanoseconds until a wait is given up */
#define SOON UINT64_C(10000000000)     /* a device that has gone is noticed within that */
#define PULSE UINT64_C(1000000)        /* between two looks */

/* How the machine tells that a device is to go, and is told that it may. */
struct slot {
	struct virtio_pci_function port; /* the root port above it; no access where it sits in the chipset's bus */
	uint16_t capability;             /* of the port */
	unsigned number;                 /* else: which slot of the bus */
};

/* slot.c: where FUNCTION, found through ACCESS, is plugged in. */
struct slot slot_of(const struct virtio_pci_access *access, const struct virtio_pci_function *function);

/* slot.c: whether the machine asks for the device in it. */
bool slot_asks(const struct slot *slot);

/* slot.c: let it go. It is gone then. */
void slot_let_go(const struct slot *slot);

/* A driver on a device that goes. Each answers NULL, or what went wrong. */
struct driver {
	uint32_t type;                                       /* VIRTIO_ID_ */
	const char *(*attach)(struct virtio_device *device); /* and do a bit of work */
	const char *(*work)(void);                           /* a turn of it */
	const char *(*occupy)(void);                         /* have IN_FLIGHT things under way */
	int (*look)(void);                                   /* whether the device is well: 0, or its error */
	unsigned (*detach)(void);                            /* how many things came back, here or before */
};

/* blk.c, net.c */
extern const struct driver blk_driver, net_driver;

/* main.c: nanoseconds. */
uint64_t now(void);

#endif
