/* SPDX-License-Identifier: ISC */
/*
 * What the targets of the drivers have in common. The device of device.h is opened and attached to, then used as the
 * input says while it lies as the input says; then it turns into a good device, is detached, and must work.
 */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include "device.h"

/* How long a call that has to wait may take: a few resets, of a second each. */
#define FUZZ_PATIENCE UINT64_C(10000000000)

/* One driver. */
struct fuzz_session {
	const struct fuzz_kind *kind;
	int (*attach)(struct fuzz_device *device);                 /* as the input says */
	int (*attach_plainly)(struct fuzz_device *device);         /* to a good device */
	void (*step)(struct fuzz_device *device, unsigned choice); /* call the driver once; CHOICE is below 256 */
	int (*detach)(struct fuzz_device *device);                 /* and check that all came back */
	void (*prove)(struct fuzz_device *device);                 /* that the driver works with a good device */
};

/* Run it; returns what LLVMFuzzerTestOneInput does. */
int fuzz_session_run(const struct fuzz_session *session, const uint8_t *data, size_t size);

/* A deadline for a call that waits, as the input says: up to 13 milliseconds from now on. */
uint64_t fuzz_session_deadline(struct fuzz_device *device);

/* A call that was to wait until DEADLINE is back; the time between two looks is not counted. */
void fuzz_session_check_deadline(uint64_t deadline);

#endif
