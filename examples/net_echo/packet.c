/* SPDX-License-Identifier: ISC */
/* Ethernet: which packets are for us, and turning their addresses round. */
#include "packet.h"

#define DESTINATION 0 /* 6 bytes */
#define SOURCE 6      /* 6 bytes */
#define TYPE 12
#define TYPE_IPV4 0x0800
#define TYPE_ARP 0x0806

static bool same_mac(const uint8_t *a, const uint8_t *b)
{
	return get32(a) == get32(b) && get16(a + 4) == get16(b + 4);
}

void swap_bytes(uint8_t *a, uint8_t *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint8_t byte = a[i];

		a[i] = b[i];
		b[i] = byte;
	}
}

/* A question by ARP goes to everybody, everything else to us alone. */
static enum outcome answer_by_type(const struct station *us, struct packet *packet)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	bool ours = same_mac(packet->data + DESTINATION, us->mac);
	bool broadcast = same_mac(packet->data + DESTINATION, everybody);
	uint16_t type = get16(packet->data + TYPE);

	if (type == TYPE_ARP && (ours || broadcast))
		return arp_answer(us, packet);
	if (type == TYPE_IPV4 && ours)
		return ipv4_answer(us, packet);
	return IGNORED;
}

enum outcome packet_answer(const struct station *us, struct packet *packet)
{
	enum outcome outcome;

	if (packet->length < ETHERNET_HEADER)
		return MALFORMED;
	outcome = answer_by_type(us, packet);
	if (outcome < ANSWERED_ARP)
		return outcome;
	for (unsigned i = 0; i < 6; i++) {
		packet->data[DESTINATION + i] = packet->data[SOURCE + i];
		packet->data[SOURCE + i] = us->mac[i];
	}
	return outcome;
}
