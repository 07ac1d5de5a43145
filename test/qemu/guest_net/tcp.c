/* SPDX-License-Identifier: ISC */
/*
 * Just enough TCP to take a stream from one peer (RFC 9293): in order or not at all, one connection, no options, over
 * IPv4 or IPv6. It proves that received frames are what their headers say: partial checksums are of the pseudo-header,
 * the others right.
 */
#include "guest.h"

#define IP ETHERNET
#define SYN_OR_FIN (TCP_SYN | TCP_FIN)

struct tcp_counts tcp_counts;
struct connection tcp;
uint8_t tcp_stream[TCP_STREAM];

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint16_t read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* A TCP segment in a frame. */
struct segment {
	const uint8_t *from, *to; /* addresses */
	unsigned address_length;
	unsigned protocol;
	unsigned start;  /* in the frame */
	unsigned length; /* with its header */
};

/* Where the segment is, as the IP header in the frame says: of IPv4, or of IPv6 with nothing in between. */
static struct segment locate(const uint8_t *bytes)
{
	const uint8_t *ip = bytes + IP;
	unsigned header = (ip[0] & 15u) * 4;

	if (ip[0] >> 4 == 6)
		return (struct segment){ip + 8, ip + 24, 16, ip[6], IP + 40, read16(ip + 4)};
	return (struct segment){ip + 12, ip + 16, 4, ip[9], IP + header, read16(ip + 2) - header};
}

uint16_t tcp_pseudo(const uint8_t *from, const uint8_t *to, unsigned size, unsigned length)
{
	const uint8_t rest[4] = {0, 6, (uint8_t)(length >> 8), (uint8_t)length};
	uint16_t sum = virtio_net_checksum(from, size, virtio_net_checksum(to, size, 0));

	return virtio_net_checksum(rest, sizeof rest, sum);
}

/* Whether the checksum of the segment AT, in the frame at BYTES, is what the frame says that it is. */
static bool checksum_right(const struct virtio_net_frame *frame, const uint8_t *bytes, const struct segment *at)
{
	uint16_t sum = tcp_pseudo(at->from, at->to, at->address_length, at->length);

	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM) {
		tcp_counts.partial++;
		return frame->checksum_start == at->start && frame->checksum_offset == 16 &&
		       __builtin_memcmp(bytes + at->start + 16, &sum, 2) == 0;
	}
	tcp_counts.valid += (frame->flags & VIRTIO_NET_CHECKSUM_VALID) != 0;
	return virtio_net_checksum(bytes + at->start, at->length, sum) == 0xffff;
}

static void count(const struct virtio_net_frame *frame, unsigned length)
{
	if (length > tcp_counts.longest_received)
		tcp_counts.longest_received = length;
	if (frame->gso_type)
		tcp_counts.received_kinds |= 1u << (frame->gso_type & ~VIRTIO_NET_GSO_ECN);
	tcp_counts.received_ecn += (frame->gso_type & VIRTIO_NET_GSO_ECN) != 0;
}

/* A connection begins. */
static void begin(const uint8_t *bytes, const struct segment *at)
{
	const uint8_t *segment = bytes + at->start;

	tcp = (struct connection){.open = true,
		.received = read32(segment + 4) + 1,
		.acknowledged = TCP_START,
		.next = TCP_START,
		.address_length = at->address_length,
		.peer_port = read16(segment),
		.ecn.on = (segment[13] & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR)};
	__builtin_memcpy(tcp.peer_mac, bytes + 6, 6);
	__builtin_memcpy(tcp.peer, at->from, at->address_length);
	__builtin_memcpy(tcp.address, at->to, at->address_length);
}

/* Data, and perhaps the end, of the stream. */
static void accept_data(const uint8_t *segment, const uint8_t *data, unsigned length)
{
	if (read32(segment + 4) != tcp.received || length > TCP_STREAM - tcp.length)
		return; /* it comes again */
	ecn_hear(segment[13], length);
	__builtin_memcpy(tcp_stream + tcp.length, data, length);
	tcp.length += length;
	tcp.received += length;
	if (segment[13] & TCP_FIN && !tcp.all_received) {
		tcp.all_received = true;
		tcp.received++;
	}
}

static void accept_ack(const uint8_t *segment)
{
	uint32_t acknowledged = read32(segment + 8);

	if (acknowledged - tcp.acknowledged <= tcp.next - tcp.acknowledged)
		tcp.acknowledged = acknowledged;
	tcp.window = read16(segment + 14);
	if (tcp.all_received && tcp.acknowledged == TCP_START + 1 + tcp.length + 1)
		tcp.finished = true;
}

void tcp_input(const struct virtio_net_frame *frame, const uint8_t *bytes, unsigned length)
{
	const struct segment at = locate(bytes);
	const uint8_t *segment = bytes + at.start;

	if (at.protocol != 6 || at.length < 20 || at.length > length || at.start > length - at.length ||
		read16(segment + 2) != TCP_PORT)
		return;
	if (!checksum_right(frame, bytes, &at)) {
		tcp_counts.wrong++;
		return;
	}
	count(frame, length);
	if (segment[13] & TCP_SYN && !tcp.open)
		begin(bytes, &at);
	if (!tcp.open || !(segment[13] & TCP_ACK))
		return;
	unsigned header = (segment[12] >> 4) * 4u;
	if (header < 20 || header > at.length)
		return;
	accept_ack(segment);
	accept_data(segment, segment + header, at.length - header);
}
