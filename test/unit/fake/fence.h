/* SPDX-License-Identifier: ISC */
/*
 * The rings with a hook in place of the full fence, which is the one place where the device can act in the middle of a
 * call. fenced_split.c and fenced_packed.c, linked with a test, stand in for the library's.
 */
#ifndef TEST_UNIT_FAKE_FENCE_H
#define TEST_UNIT_FAKE_FENCE_H

#include "fake/ring_pair.h"

/* How many full fences there were. The test may set it. */
extern unsigned fake_fence_count;

/* At the next full fence, and no other, do ACT to PAIR. NULL: nothing. */
void fake_fence_act(void (*act)(struct ring_pair *pair), struct ring_pair *pair);

/* The rings call it. */
void fake_fence(void);

#endif
