/* SPDX-License-Identifier: ISC */
/* What the users of drivers share: for the files that have one. */
#ifndef TEST_UNIT_FAKE_USERS_INSIDE_H
#define TEST_UNIT_FAKE_USERS_INSIDE_H

#include "fake/users.h"

#define AT_ONCE 4 /* requests, frames or pages that a user has under way */
#define device (&fake_user_transport.device)

extern const struct fake_user fake_user_net, fake_user_blk;
extern const struct fake_user fake_user_console, fake_user_rng, fake_user_9p, fake_user_balloon, fake_user_vsock;

/* The user looks at what it got. */
void fake_user_look(const void *data, uint32_t length);

/* The first error of two results, or 0. */
int fake_user_first_error(int one, int other);

/* Of two calls that wait: the first that ended by anything but its deadline. */
int fake_user_no_timeout(int one, int other);

#endif
