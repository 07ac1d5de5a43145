/* SPDX-License-Identifier: ISC */
/*
 * A driver for the fake bhyve (fake/bhyve.h) that breaks rules when a test asks it to: to see that the fake notices.
 */
#ifndef TEST_UNIT_FAKE_BHYVE_ROGUE_H
#define TEST_UNIT_FAKE_BHYVE_ROGUE_H

#include <virtio/virtqueue.h>

#include "fake/bhyve.h"

/* The driver. There is one. */
struct bhyve_rogue {
	struct bhyve_device *model;      /* the only device of the machine */
	struct virtio_region ports;      /* its registers, and some of what is behind them */
	struct virtqueue vq;             /* the queue under test */
	struct virtio_segment parts[64]; /* what the next chain is made of */
};
extern struct bhyve_rogue bhyve_rogue;

/* Fixtures for cmocka. */
int bhyve_rogue_setup(void **state);
int bhyve_rogue_teardown(void **state);

/* Fails the test unless the machine was killed, by a rule with this text in it. */
void bhyve_rogue_assert_killed(const char *rule);

/* A new machine with one device. */
void bhyve_rogue_machine(uint32_t type, enum bhyve_version version);

/* The same, with QUEUE started as a driver would, with FEATURES of the device, and a ring with or without tables. */
void bhyve_rogue_start(uint32_t type, enum bhyve_version version, uint32_t features, uint16_t queue, bool tables);

/* The same: queue 0, without tables. */
void bhyve_rogue_live(uint32_t type, enum bhyve_version version, uint32_t features);

/* Notify queue INDEX. */
void bhyve_rogue_notify(uint16_t index);

/* Send a chain to QUEUE: the first READABLE of `parts`, then WRITABLE ones. */
void bhyve_rogue_send_to(uint16_t queue, uint16_t readable, uint16_t writable);

/* The same to queue 0. */
void bhyve_rogue_send(uint16_t readable, uint16_t writable);

/* Make `parts` a block request with one sector of data. */
void bhyve_rogue_request(uint32_t type, uint64_t sector);

/* A disk with queue 0 started, and `parts` a right request. */
void bhyve_rogue_disk(void);

#endif
