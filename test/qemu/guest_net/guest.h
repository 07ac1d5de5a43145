/* SPDX-License-Identifier: ISC */
/* What the files of the network guest share. */
#ifndef GUEST_NET_GUEST_H
#define GUEST_NET_GUEST_H

#include <virtio/net_control.h>

#define ETHERNET 14
#define LONGEST 65600 /* bytes of the longest frame, in one piece */

/* remote.c: the ethertype of the test's own frames: commands to this kernel, and their answers. */
#define REMOTE_TYPE 0x88b5

/* remote.c: do what a frame of LENGTH bytes asks for, and make the answer of it, in place. Returns its length. */
unsigned remote_answer(struct virtio_net *net, uint8_t *frame, unsigned length);

/* remote.c: somebody has asked for the end. */
extern bool remote_finished;

/* hash.c: have frames hashed, and spread over the pairs where that was agreed on. NULL, or what went wrong. */
const char *hash_start(struct virtio_net *net);

/* hash.c: tell of a frame of LENGTH bytes, in one piece, that came as FRAME through PAIR, if it is UDP to port 9. */
void hash_note(unsigned pair, const struct virtio_net_frame *frame, const uint8_t *bytes, unsigned length);

/* tcp.c: what happened to the stream. */
struct tcp_counts {
	unsigned longest_received; /* bytes of the longest frame */
	unsigned merged;           /* frames that came in several segments */
	unsigned partial;          /* frames that came with a partial checksum */
	unsigned valid;            /* and with one that was checked */
	unsigned wrong;            /* packets whose checksum is wrong, which must not be */
	unsigned longest_sent;     /* bytes */
	unsigned received_kinds;   /* of large frames: bits 1 << VIRTIO_NET_GSO_... */
	unsigned sent_kinds;
	unsigned received_ecn; /* large frames with VIRTIO_NET_GSO_ECN */
	unsigned sent_ecn;
	unsigned calmed; /* times that the peer took our answer to its congestion (ecn.c) */
};
extern struct tcp_counts tcp_counts;

/* ecn.c: how a connection deals with congestion. */
struct ecn {
	bool on;          /* agreed on: the peer asked for it */
	bool echo;        /* we tell of congestion until the peer answers */
	bool answer;      /* the peer tells of it: the next data is to answer */
	bool answered;    /* that was sent; the peer has not taken it yet */
	uint32_t reduced; /* where it ended: what the peer tells until then is of the same congestion */
};

/* tcp.c: one connection to port 7, which gets back the stream that it sent, once all of it has come. */
struct connection {
	uint8_t peer_mac[6], peer[16], address[16];
	unsigned address_length; /* 4: over IPv4; 16: over IPv6 */
	uint16_t peer_port;
	uint32_t received;     /* next sequence number that we expect */
	uint32_t acknowledged; /* first of ours that was not acknowledged */
	uint32_t next;         /* next of ours to send */
	uint32_t window;       /* how much the peer takes from `acknowledged` on */
	uint32_t length;       /* bytes of the stream so far */
	bool open, all_received, finished;
	struct ecn ecn;
};
extern struct connection tcp;

#define TCP_PORT 7
#define TCP_START 1000 /* our first sequence number; the stream begins one later */
#define TCP_STREAM (4u << 20)
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_ACK 16
#define TCP_ECE 64
#define TCP_CWR 128
extern uint8_t tcp_stream[TCP_STREAM];

/* tcp.c: a frame of LENGTH bytes, in one piece, that came as FRAME. */
void tcp_input(const struct virtio_net_frame *frame, const uint8_t *bytes, unsigned length);

/* tcp.c: the checksum's sum over the pseudo-header for LENGTH bytes of TCP, between addresses of SIZE bytes. */
uint16_t tcp_pseudo(const uint8_t *from, const uint8_t *to, unsigned size, unsigned length);

/* ecn.c: LENGTH more bytes of the stream have come, in a packet with FLAGS. Before tcp.length grows. */
void ecn_hear(uint8_t flags, unsigned length);

/* ecn.c: what to say besides, in a packet with LENGTH bytes of data: flags of TCP. */
uint8_t ecn_say(unsigned length);

/* ecn.c: the two bits in IP's header for LENGTH bytes of data, AT in the stream. */
uint8_t ecn_mark(uint32_t at, unsigned length);

/* ecn.c: FLAGS were sent with LENGTH bytes of data. Before tcp.next grows. */
void ecn_said(uint8_t flags, unsigned length);

/* tcp_send.c: get memory. False: there is none. */
bool tcp_send_prepare(void);

/* tcp_send.c: acknowledge, and send what the peer takes; later again what was lost. False: the device broke. */
bool tcp_send(struct virtio_net_pair *pair, bool acknowledge);

#endif
