/* SPDX-License-Identifier: ISC */
/* IPv4 (RFC 791): whole packets without options, to our address, from a machine that may be answered. */
#include "packet.h"

/* Offsets behind the Ethernet header. */
#define VERSION 0 /* 4, and the header's length in words */
#define TOTAL_LENGTH 2
#define FRAGMENT_FIELD 6 /* 3 flags, 13 bits of offset */
#define TIME_TO_LIVE 8
#define PROTOCOL 9
#define CHECKSUM 10
#define SOURCE 12
#define DESTINATION 16

#define MORE_OR_OFFSET 0x3fff /* in the fragment field: all but "don't fragment" and the reserved bit */
#define PROTOCOL_ICMP 1
#define PROTOCOL_UDP 17

/* Nobody is answered that is everybody, a group, nobody, or ourselves: that is how storms begin. */
static bool answerable(const struct station *us, uint32_t address)
{
	bool subnet_broadcast = (address & us->mask) == (us->address & us->mask) && (address | us->mask) == 0xffffffff;
	uint32_t first = address >> 24;

	return first != 0 && first != 127 && first < 224 && address != us->address &&
	       (!subnet_broadcast || us->mask == 0xffffffff);
}

static enum outcome check(const struct station *us, const struct packet *packet, const uint8_t *ip)
{
	uint32_t total;

	if (packet->length < ETHERNET_HEADER + IPV4_HEADER || ip[VERSION] >> 4 != 4 || (ip[VERSION] & 15) < 5)
		return MALFORMED;
	if ((ip[VERSION] & 15) > 5)
		return IGNORED; /* options */
	total = get16(ip + TOTAL_LENGTH);
	if (total < IPV4_HEADER || total > packet->length - ETHERNET_HEADER || total > us->mtu)
		return MALFORMED;
	if (checksum_finish(checksum_add(0, ip, IPV4_HEADER)) != 0)
		return MALFORMED;
	if (get32(ip + DESTINATION) != us->address || !answerable(us, get32(ip + SOURCE)))
		return IGNORED;
	return get16(ip + FRAGMENT_FIELD) & MORE_OR_OFFSET ? FRAGMENT : ANSWERED_UDP;
}

static enum outcome answer_payload(const struct station *us, struct packet *packet, uint8_t *ip, uint32_t *length)
{
	if (ip[PROTOCOL] == PROTOCOL_ICMP)
		return icmp_answer(ip + IPV4_HEADER, *length);
	if (ip[PROTOCOL] == PROTOCOL_UDP)
		return udp_answer(us, packet, ip + IPV4_HEADER, length);
	return IGNORED;
}

enum outcome ipv4_answer(const struct station *us, struct packet *packet)
{
	uint8_t *ip = packet->data + ETHERNET_HEADER;
	enum outcome outcome = check(us, packet, ip);
	uint32_t length;

	if (outcome < ANSWERED_ARP)
		return outcome;
	packet->peer = get32(ip + SOURCE);
	length = get16(ip + TOTAL_LENGTH) - IPV4_HEADER;
	outcome = answer_payload(us, packet, ip, &length);
	if (outcome < ANSWERED_ARP)
		return outcome;
	swap_bytes(ip + SOURCE, ip + DESTINATION, 4);
	put16(ip + TOTAL_LENGTH, (uint16_t)(IPV4_HEADER + length));
	ip[TIME_TO_LIVE] = 64;
	put16(ip + CHECKSUM, 0);
	put16(ip + CHECKSUM, checksum_finish(checksum_add(0, ip, IPV4_HEADER)));
	packet->length = ETHERNET_HEADER + IPV4_HEADER + length;
	return outcome;
}
