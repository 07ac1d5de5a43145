/* SPDX-License-Identifier: ISC */
/*
 * Just enough TCP to take a stream from one peer (RFC 9293): in order or not at all, one connection, no options. It
 * proves that received frames are what their headers say: partial checksums are of the pseudo-header, the others right.
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

uint16_t tcp_pseudo(const uint8_t *from, const uint8_t *to, unsigned length)
{
	uint8_t header[12] = {[9] = 6, [10] = (uint8_t)(length >> 8), [11] = (uint8_t)length};

	__builtin_memcpy(header, from, 4);
	__builtin_memcpy(header + 4, to, 4);
	return virtio_net_checksum(header, sizeof header, 0);
}

/* Whether the checksum of the TCP packet at BYTES is what the frame says that it is. */
static bool checksum_right(const struct virtio_net_frame *frame, const uint8_t *bytes, unsigned start, unsigned length)
{
	uint16_t sum = tcp_pseudo(bytes + IP + 12, bytes + IP + 16, length);

	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM) {
		tcp_counts.partial++;
		return frame->checksum_start == start && frame->checksum_offset == 16 &&
		       __builtin_memcmp(bytes + start + 16, &sum, 2) == 0;
	}
	tcp_counts.valid += (frame->flags & VIRTIO_NET_CHECKSUM_VALID) != 0;
	return virtio_net_checksum(bytes + start, length, sum) == 0xffff;
}

/* A connection begins. */
static void begin(const uint8_t *bytes, const uint8_t *segment)
{
	tcp = (struct connection){.open = true,
		.received = read32(segment + 4) + 1,
		.acknowledged = TCP_START,
		.next = TCP_START,
		.peer_port = read16(segment)};
	__builtin_memcpy(tcp.peer_mac, bytes + 6, 6);
	__builtin_memcpy(tcp.peer, bytes + IP + 12, 4);
	__builtin_memcpy(tcp.address, bytes + IP + 16, 4);
}

/* Data, and perhaps the end, of the stream. */
static void accept_data(const uint8_t *segment, const uint8_t *data, unsigned length)
{
	if (read32(segment + 4) != tcp.received || length > TCP_STREAM - tcp.length)
		return; /* it comes again */
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
	unsigned total = read16(bytes + IP + 2);
	unsigned start = IP + (bytes[IP] & 15u) * 4;
	const uint8_t *segment = bytes + start;

	if (length < IP + 40 || bytes[IP + 9] != 6 || IP + total > length || start + 20 > IP + total ||
		read16(segment + 2) != TCP_PORT)
		return;
	if (!checksum_right(frame, bytes, start, IP + total - start)) {
		tcp_counts.wrong++;
		return;
	}
	if (length > tcp_counts.longest_received)
		tcp_counts.longest_received = length;
	if (segment[13] & TCP_SYN && !tcp.open)
		begin(bytes, segment);
	if (!tcp.open || !(segment[13] & TCP_ACK))
		return;
	unsigned header = (segment[12] >> 4) * 4u;
	if (header < 20 || start + header > IP + total)
		return;
	accept_ack(segment);
	accept_data(segment, segment + header, IP + total - start - header);
}
