/* SPDX-License-Identifier: ISC */
/* ICMP (RFC 792): the answer to a ping is the ping, but for its type. */
#include "packet.h"

#define TYPE 0
#define CODE 1
#define CHECKSUM 2
#define ICMP_HEADER 8u

#define ECHO 8
#define ECHO_REPLY 0

enum outcome icmp_answer(uint8_t *payload, uint32_t length)
{
	if (length < ICMP_HEADER || checksum_finish(checksum_add(0, payload, length)) != 0)
		return MALFORMED;
	if (payload[TYPE] != ECHO || payload[CODE] != 0)
		return IGNORED;
	payload[TYPE] = ECHO_REPLY;
	put16(payload + CHECKSUM, 0);
	put16(payload + CHECKSUM, checksum_finish(checksum_add(0, payload, length)));
	return ANSWERED_ICMP;
}
