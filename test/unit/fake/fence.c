/* SPDX-License-Identifier: ISC */
/* What happens at a full fence. */
#include "fake/fence.h"

unsigned fake_fence_count;

static void (*next)(struct ring_pair *pair);
static struct ring_pair *next_pair;

void fake_fence_act(void (*act)(struct ring_pair *pair), struct ring_pair *pair)
{
	next = act;
	next_pair = pair;
}

void fake_fence(void)
{
	void (*act)(struct ring_pair * pair) = next;

	fake_fence_count++;
	next = NULL;
	if (act)
		act(next_pair);
}
