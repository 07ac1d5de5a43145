/* SPDX-License-Identifier: ISC */
/*
 * Explicit congestion notification (RFC 3168), for large frames that carry its CWR. Nothing is congested between a
 * kernel and its tap: each way, we take one byte in so many for one that met congestion.
 */
#include "guest.h"

#define CROWDED (256u << 10) /* bytes of the stream from one such byte to the next */

/* IP's two bits. */
#define CAPABLE 2
#define CONGESTED 3

static bool meets_congestion(uint32_t at, unsigned length)
{
	return at / CROWDED != (at + length) / CROWDED;
}

void ecn_hear(uint8_t flags, unsigned length)
{
	struct ecn *ecn = &tcp.ecn;

	if (!ecn->on)
		return;
	if (flags & TCP_CWR)
		ecn->echo = false;
	if (meets_congestion(tcp.length, length))
		ecn->echo = true;
	if (!(flags & TCP_ECE)) {
		tcp_counts.calmed += ecn->answered;
		ecn->answered = false;
	} else if (tcp.acknowledged - ecn->reduced < UINT32_MAX / 2) {
		ecn->answer = true;
	}
}

uint8_t ecn_say(unsigned length)
{
	uint8_t flags = tcp.ecn.echo ? TCP_ECE : 0;

	return tcp.ecn.answer && length ? flags | TCP_CWR : flags;
}

uint8_t ecn_mark(uint32_t at, unsigned length)
{
	if (!tcp.ecn.on || !length)
		return 0;
	return meets_congestion(at, length) ? CONGESTED : CAPABLE;
}

void ecn_said(uint8_t flags, unsigned length)
{
	if (!(flags & TCP_CWR))
		return;
	tcp.ecn.answer = false;
	tcp.ecn.answered = true;
	tcp.ecn.reduced = tcp.next + length;
}
