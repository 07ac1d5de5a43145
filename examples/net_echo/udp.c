/* SPDX-License-Identifier: ISC */
/* UDP (RFC 768), and the one service that we offer: port 7, echo (RFC 862). */
#include "packet.h"

#define SOURCE_PORT 0
#define DESTINATION_PORT 2
#define LENGTH 4
#define CHECKSUM 6
#define UDP_HEADER 8u

#define PROTOCOL_UDP 17
#define PORT_ECHO 7

/* The checksum covers the addresses, the protocol and the length, too. A field of 0 means that there is none. */
static bool checksum_right(const struct station *us, const struct packet *packet, const uint8_t *udp, uint32_t length)
{
	uint8_t pseudo[12];

	if (get16(udp + CHECKSUM) == 0)
		return true;
	put32(pseudo, packet->peer);
	put32(pseudo + 4, us->address);
	put16(pseudo + 8, PROTOCOL_UDP);
	put16(pseudo + 10, (uint16_t)length);
	return checksum_finish(checksum_add(checksum_add(0, pseudo, sizeof pseudo), udp, length)) == 0;
}

/* "quit", with or without the end of a line. Only neighbours may end us. */
static bool means_quit(const struct station *us, const struct packet *packet, const uint8_t *data, uint32_t length)
{
	bool neighbour = ((packet->peer ^ us->address) & us->mask) == 0;
	bool ended = length == 4 || (length == 5 && data[4] == '\n');

	return neighbour && ended && data[0] == 'q' && data[1] == 'u' && data[2] == 'i' && data[3] == 't';
}

enum outcome udp_answer(const struct station *us, struct packet *packet, uint8_t *payload, uint32_t *length)
{
	uint32_t udp_length;

	if (*length < UDP_HEADER)
		return MALFORMED;
	udp_length = get16(payload + LENGTH);
	if (udp_length < UDP_HEADER || udp_length > *length || !checksum_right(us, packet, payload, udp_length))
		return MALFORMED;
	packet->peer_port = get16(payload + SOURCE_PORT);
	if (get16(payload + DESTINATION_PORT) != PORT_ECHO)
		return IGNORED;
	/* Two echo services would answer each other for ever, and port 0 is nobody. */
	if (packet->peer_port == PORT_ECHO || packet->peer_port == 0)
		return IGNORED;
	/* The checksum stays right: it sums the same words, in another order. */
	swap_bytes(payload + SOURCE_PORT, payload + DESTINATION_PORT, 2);
	*length = udp_length;
	if (means_quit(us, packet, payload + UDP_HEADER, udp_length - UDP_HEADER))
		return ANSWERED_QUIT;
	return ANSWERED_UDP;
}
