/* SPDX-License-Identifier: ISC */
/*
 * A kind of virtqueue that breaks when a test says so: the ring that a device would use, but before each call of the
 * driver the test is asked whether this is where it breaks.
 */
#ifndef TEST_UNIT_FAKE_BREAKING_RING_H
#define TEST_UNIT_FAKE_BREAKING_RING_H

#include "fake/transport.h"

/* The virtqueues of FAKE, which no driver has yet, break at the call where IS_HERE answers true. There is one FAKE. */
void fake_breaking_ring_use(struct fake_transport *fake, bool (*is_here)(void));

#endif
