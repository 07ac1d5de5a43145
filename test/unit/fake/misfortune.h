/* SPDX-License-Identifier: ISC */
/*
 * Devices that come to grief while they have work: the misfortune is told, detach gives each thing that the device held
 * back to its owner, with an error where there is a place for one, nothing leaks, and the same driver attaches again
 * and works. Drivers are a table, misfortunes are tests, so that none is left out.
 */
#ifndef TEST_UNIT_FAKE_MISFORTUNE_H
#define TEST_UNIT_FAKE_MISFORTUNE_H

#include "fake/transport.h"

/* A driver, its device, and what to do with them. */
struct misfortune_driver {
	const char *name;
	struct fake_transport *fake;
	unsigned busy;            /* the queue in which the work is */
	unsigned held;            /* things that come back one by one */
	void (*start)(void);      /* a new device */
	int (*attach)(void);      /* the driver */
	void (*occupy)(void);     /* give it work, which the device does not do */
	int (*look)(void);        /* take what is done, and see whether the device is well: 0, or its error */
	int (*detach)(void);      /* stop, counting in misfortune_back what comes back */
	void (*check_over)(void); /* what users see afterwards who have not heard of it; may be NULL */
	void (*work)(void);       /* a bit of work, well done */
};

/* Things that came back. */
extern unsigned misfortune_back;

/* One whose functions are called NAME_start and so on. */
#define MISFORTUNE_DRIVER(name, fake, busy, held, over)                                                                \
	{                                                                                                              \
#name, fake, busy, held, name##_start, name##_attach, name##_occupy, name##_look, name##_detach, over, \
			name##_work                                                                                    \
	}

/* For the end of main: all misfortunes for COUNT drivers, over each kind of ring. */
int misfortune_run(const struct misfortune_driver *drivers, unsigned count);

#endif
