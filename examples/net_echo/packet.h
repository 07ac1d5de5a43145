/* SPDX-License-Identifier: ISC */
/*
 * Packets, and who we are. Every protocol turns the packet that it answers round where it lies: addresses change
 * places, and the payload is not touched. Nothing in a packet is believed before its length was checked.
 */
#ifndef NET_ECHO_PACKET_H
#define NET_ECHO_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#define ETHERNET_HEADER 14u
#define IPV4_HEADER 20u /* without options */

/* What became of a packet. */
enum outcome {
	IGNORED,   /* nothing for us: another address, port or protocol */
	MALFORMED, /* too short, a wrong checksum, or lengths that contradict each other */
	FRAGMENT,  /* part of a datagram: we do not put them together */
	ANSWERED_ARP,
	ANSWERED_ICMP,
	ANSWERED_UDP,
	ANSWERED_QUIT, /* UDP too, and the last one */
	OUTCOMES,      /* how many there are */
};

/* This machine. */
struct station {
	uint8_t mac[6];
	uint16_t mtu;     /* longest IPv4 packet */
	uint32_t address; /* IPv4 addresses are numbers here: 10.0.2.15 is 0x0a00020f */
	uint32_t mask;    /* of the subnet */
};

/* A packet, from the Ethernet header on, and what is found out about it on the way. */
struct packet {
	uint8_t *data;
	uint32_t length;    /* bytes; of the answer afterwards */
	uint32_t peer;      /* IPv4 address of the sender */
	uint16_t peer_port; /* UDP port of the sender */
};

/* Each of these answers PACKET in place when it is for US. The lower ones expect what the upper ones have checked. */
enum outcome packet_answer(const struct station *us, struct packet *packet);
enum outcome arp_answer(const struct station *us, struct packet *packet);
enum outcome ipv4_answer(const struct station *us, struct packet *packet);

/* PAYLOAD is LENGTH bytes behind the IPv4 header. On an answer, *LENGTH becomes that of the answer. */
enum outcome icmp_answer(uint8_t *payload, uint32_t length);
enum outcome udp_answer(const struct station *us, struct packet *packet, uint8_t *payload, uint32_t *length);

/* The sum of RFC 1071: 16-bit words, carries added again. An odd last byte counts as the upper half of a word. */
uint32_t checksum_add(uint32_t sum, const uint8_t *data, uint32_t length);

/* The checksum field that makes the sum right; 0 when the summed data has a right one in it. */
uint16_t checksum_finish(uint32_t sum);

/* Swap COUNT bytes at A and B. */
void swap_bytes(uint8_t *a, uint8_t *b, uint32_t count);

/* Numbers in packets have their upper byte first. */
static inline uint16_t get16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t get32(const uint8_t *data)
{
	return (uint32_t)get16(data) << 16 | get16(data + 2);
}

static inline void put16(uint8_t *data, uint16_t number)
{
	data[0] = (uint8_t)(number >> 8);
	data[1] = (uint8_t)number;
}

static inline void put32(uint8_t *data, uint32_t number)
{
	put16(data, (uint16_t)(number >> 16));
	put16(data + 2, (uint16_t)number);
}

#endif
