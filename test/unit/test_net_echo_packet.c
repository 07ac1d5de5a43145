/* SPDX-License-Identifier: ISC */
/*
 * What examples/net_echo makes of packets: the right answers, and silence to everything else. Each packet lies in
 * memory of exactly its length, so that a sanitizer sees the first byte too far.
 */
#include <stdlib.h>
#include <string.h>

#include "../../examples/net_echo/packet.h"
#include "fake/cmocka.h"

#define PEER 0x0a000202u
#define US 0x0a00020fu
#define PEER_PORT 40000

static const struct station us = {
	.mac = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56}, .mtu = 1500, .address = US, .mask = 0xffffff00};
static const uint8_t peer_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};

/* A packet to be answered, and the length of what is in it. */
struct sample {
	uint8_t bytes[1600];
	uint32_t length;
};

static void fill_ethernet(struct sample *sample, uint16_t type)
{
	memset(sample, 0, sizeof *sample);
	memcpy(sample->bytes, us.mac, 6);
	memcpy(sample->bytes + 6, peer_mac, 6);
	put16(sample->bytes + 12, type);
}

static struct sample arp_request(void)
{
	static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1};
	struct sample sample;

	fill_ethernet(&sample, 0x0806);
	memset(sample.bytes, 0xff, 6);
	memcpy(sample.bytes + 14, head, sizeof head);
	memcpy(sample.bytes + 22, peer_mac, 6);
	put32(sample.bytes + 28, PEER);
	put32(sample.bytes + 38, US);
	sample.length = 60; /* as Ethernet pads it */
	return sample;
}

static void seal_ipv4(struct sample *sample)
{
	put16(sample->bytes + 24, 0);
	put16(sample->bytes + 24, checksum_finish(checksum_add(0, sample->bytes + 14, 20)));
}

static void fill_ipv4(struct sample *sample, uint8_t protocol, uint32_t payload)
{
	uint8_t *ip = sample->bytes + 14;

	fill_ethernet(sample, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (uint16_t)(20 + payload));
	put16(ip + 4, 0x1234);
	put16(ip + 6, 0x4000);
	ip[8] = 3;
	ip[9] = protocol;
	put32(ip + 12, PEER);
	put32(ip + 16, US);
	seal_ipv4(sample);
	sample->length = 34 + payload;
}

static struct sample ping(uint32_t data)
{
	struct sample sample;

	fill_ipv4(&sample, 1, 8 + data);
	sample.bytes[34] = 8;
	for (uint32_t i = 4; i < 8 + data; i++)
		sample.bytes[34 + i] = (uint8_t)(i * 7);
	put16(sample.bytes + 36, checksum_finish(checksum_add(0, sample.bytes + 34, 8 + data)));
	return sample;
}

/* The sum over addresses, protocol, length and datagram, as the sender makes it. */
static uint32_t udp_sum(const uint8_t *ip, uint32_t length)
{
	uint32_t sum = checksum_add(0, ip + 12, 8);

	return checksum_add(sum + 17 + length, ip + 20, length);
}

static void seal_udp(struct sample *sample, uint32_t length)
{
	uint16_t checksum;

	put16(sample->bytes + 40, 0);
	checksum = checksum_finish(udp_sum(sample->bytes + 14, length));
	put16(sample->bytes + 40, checksum ? checksum : 0xffff);
}

static struct sample datagram(uint32_t data)
{
	struct sample sample;

	fill_ipv4(&sample, 17, 8 + data);
	put16(sample.bytes + 34, PEER_PORT);
	put16(sample.bytes + 36, 7);
	put16(sample.bytes + 38, (uint16_t)(8 + data));
	for (uint32_t i = 0; i < data; i++)
		sample.bytes[42 + i] = (uint8_t)(i * 13 + 1);
	seal_udp(&sample, 8 + data);
	return sample;
}

/* Answer a copy of exactly LENGTH bytes; what came of it is in SAMPLE then. */
static enum outcome answer_cut(struct sample *sample, uint32_t length, struct packet *packet)
{
	uint8_t *copy = malloc(length ? length : 1);
	enum outcome outcome;

	memcpy(copy, sample->bytes, length);
	*packet = (struct packet){.data = copy, .length = length};
	outcome = packet_answer(&us, packet);
	assert_true(packet->length <= length);
	memcpy(sample->bytes, copy, length);
	free(copy);
	return outcome;
}

static enum outcome answer(struct sample *sample)
{
	struct packet packet;
	enum outcome outcome = answer_cut(sample, sample->length, &packet);

	sample->length = packet.length;
	return outcome;
}

/* SAMPLE goes from us to the peer. */
static void assert_turned(const struct sample *sample)
{
	assert_memory_equal(sample->bytes, peer_mac, 6);
	assert_memory_equal(sample->bytes + 6, us.mac, 6);
	if (get16(sample->bytes + 12) != 0x0800)
		return;
	assert_int_equal(checksum_finish(checksum_add(0, sample->bytes + 14, 20)), 0);
	assert_int_equal(get32(sample->bytes + 26), US);
	assert_int_equal(get32(sample->bytes + 30), PEER);
	assert_int_equal(sample->bytes[22], 64);
	assert_int_equal(get16(sample->bytes + 16) + 14, sample->length);
}

static void test_checksums_are_those_of_the_rfc(void **state)
{
	static const uint8_t words[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}; /* RFC 1071, section 3 */

	(void)state;
	assert_int_equal(checksum_finish(checksum_add(0, words, 8)), (uint16_t)~0xddf2);
	assert_int_equal(checksum_finish(checksum_add(0, words, 7)), (uint16_t)~0xdcfb);
	assert_int_equal(checksum_finish(0), 0xffff);
	assert_int_equal(checksum_finish(0x1ffff), 0xfffe);
}

static void test_an_arp_request_for_us_gets_our_mac(void **state)
{
	struct sample sample = arp_request();

	(void)state;
	assert_int_equal(answer(&sample), ANSWERED_ARP);
	assert_turned(&sample);
	assert_int_equal(sample.length, 42);
	assert_int_equal(get16(sample.bytes + 20), 2);
	assert_memory_equal(sample.bytes + 22, us.mac, 6);
	assert_int_equal(get32(sample.bytes + 28), US);
	assert_memory_equal(sample.bytes + 32, peer_mac, 6);
	assert_int_equal(get32(sample.bytes + 38), PEER);
}

static void test_other_arp_is_ignored(void **state)
{
	struct sample other = arp_request(), reply = arp_request(), elsewhere = arp_request(), odd = arp_request();

	(void)state;
	put32(other.bytes + 38, US + 1);
	assert_int_equal(answer(&other), IGNORED);
	put16(reply.bytes + 20, 2);
	assert_int_equal(answer(&reply), IGNORED);
	memcpy(elsewhere.bytes, peer_mac, 6);
	assert_int_equal(answer(&elsewhere), IGNORED);
	odd.bytes[18] = 8;
	assert_int_equal(answer(&odd), MALFORMED);
}

static void test_pings_of_all_lengths_come_back(void **state)
{
	(void)state;
	for (uint32_t data = 0; data <= 1472; data++) {
		struct sample sample = ping(data), sent = sample;

		assert_int_equal(answer(&sample), ANSWERED_ICMP);
		assert_turned(&sample);
		assert_int_equal(sample.length, sent.length);
		assert_int_equal(get16(sample.bytes + 34), 0);
		assert_int_equal(checksum_finish(checksum_add(0, sample.bytes + 34, 8 + data)), 0);
		assert_memory_equal(sample.bytes + 38, sent.bytes + 38, 4 + data);
	}
}

static void test_other_icmp_is_not_answered(void **state)
{
	struct sample reply = ping(4), damaged = ping(4), code = ping(4);

	(void)state;
	reply.bytes[34] = 0;
	put16(reply.bytes + 36, 0);
	put16(reply.bytes + 36, checksum_finish(checksum_add(0, reply.bytes + 34, 12)));
	assert_int_equal(answer(&reply), IGNORED);
	code.bytes[35] = 1;
	put16(code.bytes + 36, 0);
	put16(code.bytes + 36, checksum_finish(checksum_add(0, code.bytes + 34, 12)));
	assert_int_equal(answer(&code), IGNORED);
	damaged.bytes[43] ^= 1;
	assert_int_equal(answer(&damaged), MALFORMED);
}

static void test_datagrams_of_all_lengths_come_back_with_a_right_checksum(void **state)
{
	(void)state;
	for (uint32_t data = 0; data <= 1472; data++) {
		struct sample sample = datagram(data), sent = sample;

		assert_int_equal(answer(&sample), ANSWERED_UDP);
		assert_turned(&sample);
		assert_int_equal(sample.length, sent.length);
		assert_int_equal(get16(sample.bytes + 34), 7);
		assert_int_equal(get16(sample.bytes + 36), PEER_PORT);
		assert_int_equal(checksum_finish(udp_sum(sample.bytes + 14, 8 + data)), 0);
		assert_memory_equal(sample.bytes + 42, sent.bytes + 42, data);
	}
}

static void test_a_datagram_without_checksum_stays_without(void **state)
{
	struct sample sample = datagram(5);

	(void)state;
	put16(sample.bytes + 40, 0);
	assert_int_equal(answer(&sample), ANSWERED_UDP);
	assert_int_equal(get16(sample.bytes + 40), 0);
}

static void test_a_wrong_udp_checksum_is_not_answered(void **state)
{
	(void)state;
	for (uint32_t at = 42; at < 42 + 5; at++) {
		struct sample sample = datagram(5);

		sample.bytes[at] ^= 0x10;
		assert_int_equal(answer(&sample), MALFORMED);
	}
}

static void test_padding_is_not_echoed(void **state)
{
	struct sample padded = datagram(1), inner = datagram(10);

	(void)state;
	padded.length = 60;
	assert_int_equal(answer(&padded), ANSWERED_UDP);
	assert_int_equal(padded.length, 43);

	put16(inner.bytes + 38, 8 + 3); /* the datagram ends before the packet does */
	seal_udp(&inner, 8 + 3);
	assert_int_equal(answer(&inner), ANSWERED_UDP);
	assert_turned(&inner);
	assert_int_equal(inner.length, 45);
}

static void test_other_ports_and_echo_services_are_ignored(void **state)
{
	static const struct {
		uint16_t from, to;
	} ports[] = {{PEER_PORT, 8}, {7, 7}, {0, 7}};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct sample sample = datagram(4);

		put16(sample.bytes + 34, ports[i].from);
		put16(sample.bytes + 36, ports[i].to);
		seal_udp(&sample, 12);
		assert_int_equal(answer(&sample), IGNORED);
	}
}

static enum outcome say(const char *text, uint32_t from)
{
	uint32_t length = (uint32_t)strlen(text);
	struct sample sample = datagram(length);

	put32(sample.bytes + 26, from);
	seal_ipv4(&sample);
	memcpy(sample.bytes + 42, text, length);
	seal_udp(&sample, 8 + length);
	return answer(&sample);
}

static void test_only_a_neighbour_can_say_quit(void **state)
{
	(void)state;
	assert_int_equal(say("quit", PEER), ANSWERED_QUIT);
	assert_int_equal(say("quit\n", PEER), ANSWERED_QUIT);
	assert_int_equal(say("quit", 0x0a000302), ANSWERED_UDP);
	assert_int_equal(say("quit!", PEER), ANSWERED_UDP);
	assert_int_equal(say("Quit", PEER), ANSWERED_UDP);
	assert_int_equal(say("qui", PEER), ANSWERED_UDP);
	assert_int_equal(say("quit\n\n", PEER), ANSWERED_UDP);
}

static void test_fragments_are_told_apart(void **state)
{
	static const uint16_t fields[] = {0x2000, 0x0001, 0x1fff};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct sample sample = datagram(4);

		put16(sample.bytes + 20, fields[i]);
		seal_ipv4(&sample);
		assert_int_equal(answer(&sample), FRAGMENT);
	}
}

static void test_nobody_who_must_not_be_is_answered(void **state)
{
	static const uint32_t addresses[] = {0, 0x7f000001, 0xe0000001, 0xffffffff, 0x0a0002ff, US};

	(void)state;
	for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++)
		assert_int_equal(say("hello", addresses[i]), IGNORED);
	assert_int_equal(say("hello", 0x0a0003ff), ANSWERED_UDP);
}

static void test_other_machines_packets_are_ignored(void **state)
{
	struct sample mac = datagram(4), address = datagram(4), protocol = datagram(4), type = datagram(4);

	(void)state;
	mac.bytes[5] ^= 1;
	assert_int_equal(answer(&mac), IGNORED);
	put32(address.bytes + 30, US + 1);
	seal_ipv4(&address);
	assert_int_equal(answer(&address), IGNORED);
	protocol.bytes[23] = 6;
	seal_ipv4(&protocol);
	assert_int_equal(answer(&protocol), IGNORED);
	put16(type.bytes + 12, 0x86dd);
	assert_int_equal(answer(&type), IGNORED);
}

static void test_broken_ipv4_headers_are_malformed(void **state)
{
	struct sample version = datagram(4), words = datagram(4), options = datagram(4), sum = datagram(4);

	(void)state;
	version.bytes[14] = 0x65;
	assert_int_equal(answer(&version), MALFORMED);
	words.bytes[14] = 0x44;
	assert_int_equal(answer(&words), MALFORMED);
	options.bytes[14] = 0x46;
	assert_int_equal(answer(&options), IGNORED);
	sum.bytes[22]++;
	assert_int_equal(answer(&sum), MALFORMED);
}

static void test_lying_lengths_are_malformed(void **state)
{
	static const uint16_t totals[] = {0, 19, 20 + 8 + 5, 0xffff};
	static const uint16_t lengths[] = {0, 7, 8 + 5, 0xffff};
	struct sample jumbo = datagram(1473);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct sample outer = datagram(4), inner = datagram(4);

		put16(outer.bytes + 16, totals[i]);
		seal_ipv4(&outer);
		assert_int_equal(answer(&outer), MALFORMED);
		put16(inner.bytes + 38, lengths[i]);
		assert_int_equal(answer(&inner), MALFORMED);
	}
	assert_int_equal(answer(&jumbo), MALFORMED);
}

static void test_packets_cut_short_are_malformed(void **state)
{
	struct sample samples[] = {arp_request(), ping(20), datagram(20)};

	(void)state;
	samples[0].length = 42;
	for (unsigned i = 0; i < 3; i++)
		for (uint32_t length = 0; length < samples[i].length; length++) {
			struct sample sample = samples[i];
			struct packet packet;

			assert_int_equal(answer_cut(&sample, length, &packet), MALFORMED);
		}
}

/* Whatever bytes are damaged: no answer is longer than the question, and nothing is read or written outside. */
static void test_damaged_packets_do_no_harm(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct sample samples[] = {arp_request(), ping(20), datagram(20)};
		struct sample sample = samples[round % 3];
		struct packet packet;

		for (unsigned i = 0; i < 1 + round % 4; i++) {
			random = random * 1664525 + 1013904223;
			sample.bytes[(random >> 8) % sample.length] = (uint8_t)(random >> 24);
		}
		if (round & 1 && get16(sample.bytes + 12) == 0x0800)
			seal_ipv4(&sample);
		assert_in_range(answer_cut(&sample, sample.length, &packet), IGNORED, ANSWERED_QUIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksums_are_those_of_the_rfc),
		cmocka_unit_test(test_an_arp_request_for_us_gets_our_mac),
		cmocka_unit_test(test_other_arp_is_ignored),
		cmocka_unit_test(test_pings_of_all_lengths_come_back),
		cmocka_unit_test(test_other_icmp_is_not_answered),
		cmocka_unit_test(test_datagrams_of_all_lengths_come_back_with_a_right_checksum),
		cmocka_unit_test(test_a_datagram_without_checksum_stays_without),
		cmocka_unit_test(test_a_wrong_udp_checksum_is_not_answered),
		cmocka_unit_test(test_padding_is_not_echoed),
		cmocka_unit_test(test_other_ports_and_echo_services_are_ignored),
		cmocka_unit_test(test_only_a_neighbour_can_say_quit),
		cmocka_unit_test(test_fragments_are_told_apart),
		cmocka_unit_test(test_nobody_who_must_not_be_is_answered),
		cmocka_unit_test(test_other_machines_packets_are_ignored),
		cmocka_unit_test(test_broken_ipv4_headers_are_malformed),
		cmocka_unit_test(test_lying_lengths_are_malformed),
		cmocka_unit_test(test_packets_cut_short_are_malformed),
		cmocka_unit_test(test_damaged_packets_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
