/* SPDX-License-Identifier: ISC */
/*
 * A runtime that uses a driver, one for each driver, so that a test can do the same to all of them: it brings the
 * driver up, keeps work under way on every virtqueue, looks at what comes back, and brings the driver down.
 *
 *     fake_user_open(fake_users[i]);                        the device, and the driver attached and at work
 *     fake_device_take(fake_user_ring(queue), &buffer);     the device's end of virtqueue 0 and so on
 *     fake_users[i]->work();                                what a runtime does all the time
 *     fake_user_close(fake_users[i]);
 */
#ifndef TEST_UNIT_FAKE_USERS_H
#define TEST_UNIT_FAKE_USERS_H

#include "fake/transport.h"

/* A user of one driver. */
struct fake_user {
	const char *name;
	uint32_t type;           /* VIRTIO_ID_ */
	uint64_t features;       /* that the device offers, besides VERSION_1 and those of the ring */
	unsigned queues;         /* virtqueues, each with work under way */
	void (*configure)(void); /* write the device's configuration; NULL: it has none */
	int (*attach)(void);     /* 0, or the driver's error */
	void (*start)(void);     /* what the device must do before there is work, NULL: nothing */
	int (*work)(void);       /* take all that came back and start as much anew; the first error */
	int (*wait)(
		uint64_t deadline); /* the driver's calls that wait: the first result that is no timeout; NULL: none */
	int (*poll_config)(void);   /* look at the configuration again; NULL: it is not looked at again */
	int (*detach)(void);        /* 0, or the driver's error; what the device held is forgotten */
};

/* All of them, ended by NULL. */
extern const struct fake_user *const fake_users[];

/* The device of the user that is open. */
extern struct fake_transport fake_user_transport;

/* The most bytes that the driver handed out in one piece since this was set to 0. */
extern uint32_t fake_user_most;

/* A new device on the fake platform, over the ring of the group of tests (fake/transport.h), and no driver yet. */
void fake_user_prepare(const struct fake_user *user);

/*
 * A new device on the fake platform, over the ring of the group of tests (fake/transport.h), and the driver at work.
 * Fails the test if it cannot be used.
 */
void fake_user_open(const struct fake_user *user);

/* The device's end of virtqueue INDEX. */
struct fake_device_ring *fake_user_ring(unsigned index);

/*
 * An honest device, as dull as can be, serves all there is on virtqueue INDEX: up to MOST zeroes (72 at most) where it
 * may write.
 */
void fake_user_serve(unsigned index, uint32_t most);

/* Let go of all rings: a device that has gone sees no reset. */
void fake_user_forget_rings(void);

/* Detach, and see that nothing is left. */
void fake_user_close(const struct fake_user *user);

#endif
