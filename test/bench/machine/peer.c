/* SPDX-License-Identifier: ISC */
/*
 * The other end of a guest's network: sends frames that the guest sends back.
 *
 *     machine_peer frames|udp tap=NAME|qemu=PATH own=PATH [window=NUMBER] [size=BYTES] [milliseconds=NUMBER] [spin]
 *     machine_peer first      tap=NAME|qemu=PATH own=PATH
 *
 * frames and udp keep WINDOW frames of SIZE bytes under way and tell how many came back, in which time, and how long
 * one was away: the median and what 99 of 100 do not exceed, in nanoseconds. "first" sends a datagram each millisecond
 * until one is answered and tells when that was, on the monotonic clock. "spin": do not sleep meanwhile.
 *
 * The network is a tap device, or a socket of datagrams that QEMU has at PATH and we at the other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"

#define MILLISECOND UINT64_C(1000000)
#define BURST 64u
#define SLOTS 4096u /* frames under way at most */
#define TRIPS (UINT32_C(1) << 22)
#define LONGEST 2048u
#define SHORTEST 60u
#define ETHERNET 14u
#define HEADERS (ETHERNET + 20u + 8u) /* of a datagram */
#define LOST (200 * MILLISECOND)      /* silence after which what is under way counts as lost */

struct peer {
	int socket;
	bool udp, spin;
	unsigned size;
	uint64_t sent, back, lost;
	uint64_t sent_at[SLOTS];
	uint32_t trip_count;
	struct mmsghdr messages[BURST];
	struct iovec memory[BURST];
	uint8_t data[BURST][LONGEST];
	uint8_t frame[BURST][LONGEST];
};

static struct peer peer;
static uint32_t trips[TRIPS];
static const uint8_t our_mac[] = {0x52, 0x54, 0, 0, 0, 2}, guest_mac[] = {0x52, 0x54, 0, 0, 1, 0};

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static const char *text_of(char **words, const char *name)
{
	size_t length = strlen(name);

	for (; *words; words++)
		if (strncmp(*words, name, length) == 0 && ((*words)[length] == '=' || (*words)[length] == '\0'))
			return *words + length + ((*words)[length] == '=');
	return NULL;
}

static uint64_t number_of(char **words, const char *name, uint64_t otherwise, uint64_t most)
{
	const char *text = text_of(words, name);
	uint64_t number = text ? strtoull(text, NULL, 10) : otherwise;

	if (number == 0 || number > most) {
		fprintf(stderr, "%s is a number up to %" PRIu64 "\n", name, most);
		exit(2);
	}
	return number;
}

static int open_tap(const char *name)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(0x0003)}; /* all */
	int file = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;

	address.sll_ifindex = (int)if_nametoindex(name);
	if (file < 0 || setsockopt(file, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes) < 0 ||
		setsockopt(file, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) < 0 ||
		bind(file, (struct sockaddr *)&address, sizeof address) < 0)
		give_up(name);
	return file;
}

static struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!path || strlen(path) >= sizeof address.sun_path) {
		fprintf(stderr, "tap=NAME, or qemu=PATH and own=PATH\n");
		exit(2);
	}
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

static int open_socket(const char *qemu, const char *own)
{
	struct sockaddr_un here = unix_address(own), there = unix_address(qemu);
	int file = socket(AF_UNIX, SOCK_DGRAM, 0);

	unlink(own);
	if (file < 0 || bind(file, (struct sockaddr *)&here, sizeof here) < 0)
		give_up(own);
	while (connect(file, (struct sockaddr *)&there, sizeof there) < 0) /* QEMU may still be starting */
		usleep(200);
	return file;
}

static void set_timeout(uint64_t nanoseconds)
{
	const struct timeval wait = {.tv_usec = (suseconds_t)(nanoseconds / 1000)};

	if (setsockopt(peer.socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) < 0)
		give_up("SO_RCVTIMEO");
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* The checksum of RFC 1071 over an even number of bytes. */
static unsigned checksum(const uint8_t *data, unsigned length)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < length; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* IPv4 and UDP from 10.0.2.3, which nobody else is; a datagram may go without a checksum of its own. */
static void put_headers(uint8_t *packet, unsigned length)
{
	static const uint8_t start[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, IPPROTO_UDP, 0, 0, 10, 0, 2, 3, 10, 0, 2, 15};

	memcpy(packet, start, sizeof start);
	put16(packet + 2, length);
	put16(packet + 10, checksum(packet, sizeof start));
	put16(packet + 20, 40007);
	put16(packet + 22, FRAMES_PORT);
	put16(packet + 24, length - 20);
	put16(packet + 26, 0);
}

static void prepare(void)
{
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t *frame = peer.frame[i];

		memcpy(frame, guest_mac, 6);
		memcpy(frame + 6, our_mac, 6);
		put16(frame + 12, peer.udp ? 0x0800 : FRAMES_TYPE);
		if (peer.udp)
			put_headers(frame + ETHERNET, peer.size - ETHERNET);
		peer.messages[i].msg_hdr.msg_iov = &peer.memory[i];
		peer.messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Where a frame has its number: behind all headers. */
static unsigned number_at(void)
{
	return peer.udp ? HEADERS : ETHERNET;
}

static void transmit(unsigned count)
{
	uint64_t time = now();

	for (unsigned i = 0; i < count; i++) {
		uint64_t number = peer.sent + i;
		memcpy(peer.frame[i] + number_at(), &number, sizeof number);
		peer.sent_at[number % SLOTS] = time;
		peer.memory[i] = (struct iovec){peer.frame[i], peer.size};
	}
	peer.sent += count;
	/* What finds no room is missed later, as what is lost anywhere. */
	sendmmsg(peer.socket, peer.messages, count, 0);
}

/* The guest asks for our address. */
static void answer_arp(uint8_t *frame)
{
	static const uint8_t our_address[] = {10, 0, 2, 3};
	uint8_t *arp = frame + ETHERNET;

	if (arp[7] != 1 || memcmp(arp + 24, our_address, 4) != 0)
		return;
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, our_mac, 6);
	arp[7] = 2;
	memcpy(arp + 18, arp + 8, 10);
	memcpy(arp + 8, our_mac, 6);
	memcpy(arp + 14, our_address, 4);
	if (send(peer.socket, frame, SHORTEST, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
		give_up("answering ARP");
}

/* Whether FRAME, which came at TIME, is one of ours. */
static bool take(uint8_t *frame, unsigned length, uint64_t time)
{
	unsigned type = length >= 42 ? (unsigned)(frame[12] << 8 | frame[13]) : 0;
	uint64_t number;

	if (type == 0x0806)
		answer_arp(frame);
	if (type != (peer.udp ? 0x0800 : FRAMES_TYPE) || memcmp(frame, our_mac, 6) != 0)
		return false;
	if (length < number_at() + sizeof number)
		return false;
	memcpy(&number, frame + number_at(), sizeof number);
	if (number >= peer.sent || peer.sent - number > SLOTS)
		return false;
	if (peer.trip_count < TRIPS)
		trips[peer.trip_count++] = (uint32_t)(time - peer.sent_at[number % SLOTS]);
	return true;
}

/* Receive what is there, waiting for the first. How many of ours there were: none after a long silence. */
static unsigned receive(void)
{
	int flags = peer.spin ? MSG_DONTWAIT : MSG_WAITFORONE, count;
	uint64_t limit = now() + LOST;
	unsigned ours = 0;

	for (unsigned i = 0; i < BURST; i++)
		peer.memory[i] = (struct iovec){peer.data[i], LONGEST};
	do
		count = recvmmsg(peer.socket, peer.messages, BURST, flags, NULL);
	while (count < 0 && (errno == EINTR || (errno == EAGAIN && peer.spin && now() < limit)));
	if (count < 0 && errno != EAGAIN && errno != ENETDOWN && errno != ECONNREFUSED)
		give_up("receiving");
	uint64_t time = now();
	for (int i = 0; i < count; i++)
		ours += take(peer.data[i], peer.messages[i].msg_len, time);
	return ours;
}

/* Ask every millisecond until there is an answer; when that was. */
static uint64_t first_answer(void)
{
	set_timeout(MILLISECOND);
	for (;;) {
		transmit(1);
		if (receive() > 0)
			return now();
	}
}

static void drain(void)
{
	while (recv(peer.socket, peer.data[0], LONGEST, MSG_DONTWAIT) >= 0)
		;
}

static void exchange(unsigned window, uint64_t nanoseconds)
{
	uint64_t start = now(), end = start + nanoseconds, time = start;
	unsigned free = window;

	while (time < end) {
		if (free > 0)
			transmit(free < BURST ? free : BURST);
		free -= free < BURST ? free : BURST;
		unsigned count = free > 0 ? 0 : receive();
		if (count == 0 && free == 0) {
			peer.lost += window;
			count = window;
		} else {
			peer.back += count;
		}
		free += count;
		time = now();
	}
	printf("frames %" PRIu64 " nanoseconds %" PRIu64 " lost %" PRIu64, peer.back, time - start, peer.lost);
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
	bool first = argc > 1 && strcmp(argv[1], "first") == 0;
	const char *tap = text_of(argv, "tap");
	unsigned window = (unsigned)number_of(argv, "window", 1, SLOTS / 2);

	peer.udp = first || text_of(argv, "udp");
	peer.spin = text_of(argv, "spin");
	peer.size = (unsigned)number_of(argv, "size", SHORTEST, 1514);
	peer.socket = tap ? open_tap(tap) : open_socket(text_of(argv, "qemu"), text_of(argv, "own"));
	prepare();
	uint64_t answered = first_answer();
	if (first) {
		printf("first %" PRIu64 "\n", answered);
		return 0;
	}
	set_timeout(LOST);
	usleep(20000);
	drain();
	peer.trip_count = 0;
	exchange(window, number_of(argv, "milliseconds", 1000, 100000) * MILLISECOND);
	if (peer.trip_count == 0)
		return 1;
	qsort(trips, peer.trip_count, sizeof *trips, compare);
	printf(" median %" PRIu32 " p99 %" PRIu32 "\n", trips[peer.trip_count / 2],
		trips[(uint64_t)peer.trip_count * 99 / 100]);
	return 0;
}
