/* SPDX-License-Identifier: ISC */
/* Datagrams and frames sent back in bursts of up to 32, two system calls each; with "poll" it never sleeps for one. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../frames.h"
#include "init.h"

#define BURST 32
#define LONGEST 2048

/* A burst of messages with their memory. */
struct burst {
	struct mmsghdr messages[BURST];
	struct iovec memory[BURST];
	struct sockaddr_storage peers[BURST];
	uint8_t data[BURST][LONGEST];
};

static struct burst burst;

static void set_address(int socket, unsigned long request, const char *address)
{
	struct ifreq interface = {.ifr_name = "eth0"};
	struct sockaddr_in in = {.sin_family = AF_INET};

	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&interface.ifr_addr, &in, sizeof in);
	if (ioctl(socket, request, &interface) < 0)
		give_up(address);
}

void start_interface(void)
{
	struct ifreq interface = {.ifr_name = "eth0"};
	int socket_file = socket(AF_INET, SOCK_DGRAM, 0);

	if (if_nametoindex("eth0") == 0)
		return;
	set_address(socket_file, SIOCSIFADDR, FRAMES_GUEST);
	set_address(socket_file, SIOCSIFNETMASK, "255.255.255.0");
	interface.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(socket_file, SIOCSIFFLAGS, &interface) < 0)
		give_up("eth0");
	close(socket_file);
}

static void prepare(bool peers)
{
	for (unsigned i = 0; i < BURST; i++) {
		struct msghdr *header = &burst.messages[i].msg_hdr;

		burst.memory[i] = (struct iovec){burst.data[i], LONGEST};
		header->msg_iov = &burst.memory[i];
		header->msg_iovlen = 1;
		header->msg_name = peers ? &burst.peers[i] : NULL;
		header->msg_namelen = peers ? sizeof burst.peers[i] : 0;
	}
}

/* Receive what is there, waiting for the first unless POLL. How many there are. */
static int receive(int socket_file, bool poll)
{
	int flags = poll ? MSG_DONTWAIT : MSG_WAITFORONE, count;

	for (unsigned i = 0; i < BURST; i++)
		burst.memory[i].iov_len = LONGEST;
	do
		count = recvmmsg(socket_file, burst.messages, BURST, flags, NULL);
	while (count < 0 && (errno == EAGAIN || errno == EINTR));
	if (count < 0)
		give_up("receiving");
	return count;
}

/* Send COUNT back. What there is no room for is dropped, as networks do. */
static void transmit(int socket_file, int count)
{
	for (int i = 0; i < count; i++)
		burst.memory[i].iov_len = burst.messages[i].msg_len;
	if (sendmmsg(socket_file, burst.messages, (unsigned)count, 0) < 0 && errno != ENOBUFS && errno != EAGAIN)
		give_up("sending");
}

void echo_datagrams(char **words)
{
	const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(FRAMES_PORT)};
	int socket_file = socket(AF_INET, SOCK_DGRAM, 0);
	bool poll = has_word(words, "poll");

	if (bind(socket_file, (const struct sockaddr *)&here, sizeof here) < 0)
		give_up("the port");
	printf("ready\n");
	prepare(true);
	for (;;) {
		int count = receive(socket_file, poll);
		transmit(socket_file, count);
	}
}

static void turn_round(uint8_t *frame)
{
	uint8_t address[6];

	memcpy(address, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, address, 6);
}

void echo_frames(char **words)
{
	struct sockaddr_ll here = {.sll_family = AF_PACKET, .sll_protocol = htons(FRAMES_TYPE)};
	int socket_file = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;
	bool poll = has_word(words, "poll");

	here.sll_ifindex = (int)if_nametoindex("eth0");
	setsockopt(socket_file, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes);
	if (bind(socket_file, (const struct sockaddr *)&here, sizeof here) < 0)
		give_up("the packet socket");
	printf("ready\n");
	prepare(false);
	for (;;) {
		int count = receive(socket_file, poll);
		for (int i = 0; i < count; i++)
			turn_round(burst.data[i]);
		transmit(socket_file, count);
	}
}
