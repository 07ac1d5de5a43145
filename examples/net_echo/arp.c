/* SPDX-License-Identifier: ISC */
/* ARP (RFC 826): who has our address? We do, and here is our MAC address. */
#include "packet.h"

/* Offsets behind the Ethernet header. */
#define HARDWARE 0 /* 1: Ethernet */
#define PROTOCOL 2 /* 0x0800: IPv4 */
#define SIZES 4    /* of their addresses: 6 and 4 */
#define OPERATION 6
#define SENDER_MAC 8
#define SENDER_IP 14
#define TARGET_MAC 18
#define TARGET_IP 24
#define ARP_LENGTH 28u

#define REQUEST 1
#define REPLY 2

enum outcome arp_answer(const struct station *us, struct packet *packet)
{
	uint8_t *arp = packet->data + ETHERNET_HEADER;

	if (packet->length < ETHERNET_HEADER + ARP_LENGTH)
		return MALFORMED;
	if (get16(arp + HARDWARE) != 1 || get16(arp + PROTOCOL) != 0x0800 || get16(arp + SIZES) != 0x0604)
		return MALFORMED;
	if (get16(arp + OPERATION) != REQUEST || get32(arp + TARGET_IP) != us->address)
		return IGNORED;
	packet->peer = get32(arp + SENDER_IP);
	packet->length = ETHERNET_HEADER + ARP_LENGTH;
	put16(arp + OPERATION, REPLY);
	swap_bytes(arp + SENDER_MAC, arp + TARGET_MAC, 10); /* both addresses of each side */
	for (unsigned i = 0; i < 6; i++)
		arp[SENDER_MAC + i] = us->mac[i];
	return ANSWERED_ARP;
}
