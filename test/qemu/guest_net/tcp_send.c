/* SPDX-License-Identifier: ISC */
/*
 * The other direction: the stream goes back, in frames as long as the device cuts them and the peer's window allows,
 * with partial checksums. What is lost goes once more when nothing else happens.
 */
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"

#define MTU 1500
#define MOST 40                    /* pieces in a frame that the device cuts */
#define TCP_HEADER 20              /* bytes */
#define AGAIN UINT64_C(1000000000) /* nanoseconds without progress until we repeat */
#define FRAMES 16

static struct virtio_net_pool pool;
static uint64_t moved; /* when something was acknowledged last */
static uint32_t moved_to;

bool tcp_send_prepare(void)
{
	return virtio_net_pool_init(&pool, boot_platform(), FRAMES, LONGEST) == 0;
}

static void write16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value)
{
	write16(at, value >> 16);
	write16(at + 2, value & 0xffff);
}

static bool over_ipv6(void)
{
	return tcp.address_length == 16;
}

/* Bytes of all headers: Ethernet, IP, TCP. */
static unsigned headers(void)
{
	return ETHERNET + (over_ipv6() ? 40 : 20) + TCP_HEADER;
}

/* Bytes of stream in a packet. */
static unsigned piece(void)
{
	return ETHERNET + MTU - headers();
}

/* The most bytes of stream in a frame: many pieces, if the device cuts such a frame. */
static unsigned most(const struct virtio_net *net)
{
	uint64_t needed = over_ipv6() ? VIRTIO_NET_F_HOST_TSO6 : VIRTIO_NET_F_HOST_TSO4;

	if (tcp.ecn.answer)
		needed |= VIRTIO_NET_F_HOST_ECN;
	return (net->features & needed) == needed ? MOST * piece() : piece();
}

static void write_ipv4(uint8_t *ip, unsigned length, uint8_t mark)
{
	uint16_t sum;

	ip[0] = 0x45;
	ip[1] = mark;
	write16(ip + 2, 20 + length);
	ip[8] = 64;
	ip[9] = 6;
	__builtin_memcpy(ip + 12, tcp.address, 4);
	__builtin_memcpy(ip + 16, tcp.peer, 4);
	sum = (uint16_t)~virtio_net_checksum(ip, 20, 0);
	__builtin_memcpy(ip + 10, &sum, 2);
}

static void write_ipv6(uint8_t *ip, unsigned length, uint8_t mark)
{
	ip[0] = 0x60;
	ip[1] = (uint8_t)(mark << 4);
	write16(ip + 4, length);
	ip[6] = 6;
	ip[7] = 64;
	__builtin_memcpy(ip + 8, tcp.address, 16);
	__builtin_memcpy(ip + 24, tcp.peer, 16);
}

/* The headers of a packet with LENGTH bytes of data, whose TCP checksum is left partial. */
static void write_headers(uint8_t *at, const struct virtio_net *net, unsigned length, uint8_t flags)
{
	uint8_t *segment = at + headers() - TCP_HEADER;
	uint8_t mark = ecn_mark(tcp.next - TCP_START - 1, length);
	uint16_t sum;

	__builtin_memset(at, 0, headers());
	__builtin_memcpy(at, tcp.peer_mac, 6);
	__builtin_memcpy(at + 6, net->mac, 6);
	write16(at + 12, over_ipv6() ? 0x86dd : 0x800);
	(over_ipv6() ? write_ipv6 : write_ipv4)(at + ETHERNET, TCP_HEADER + length, mark);
	write16(segment, TCP_PORT);
	write16(segment + 2, tcp.peer_port);
	write32(segment + 4, tcp.next);
	write32(segment + 8, tcp.received);
	segment[12] = 5 << 4;
	segment[13] = flags;
	write16(segment + 14, 0xffff);
	sum = tcp_pseudo(tcp.address, tcp.peer, tcp.address_length, TCP_HEADER + length);
	__builtin_memcpy(segment + 16, &sum, 2);
}

/* Say in FRAME, with LENGTH bytes of data and FLAGS, what the device has to do with it. */
static void describe(struct virtio_net_frame *frame, unsigned length, uint8_t flags)
{
	frame->length = headers() + length;
	frame->flags = VIRTIO_NET_NEEDS_CHECKSUM;
	frame->checksum_start = (uint16_t)(headers() - TCP_HEADER);
	frame->checksum_offset = 16;
	frame->gso_type = VIRTIO_NET_GSO_NONE;
	if (length <= piece())
		return;
	frame->gso_type = over_ipv6() ? VIRTIO_NET_GSO_TCPV6 : VIRTIO_NET_GSO_TCPV4;
	if (flags & TCP_CWR)
		frame->gso_type |= VIRTIO_NET_GSO_ECN;
	frame->gso_size = (uint16_t)piece();
	frame->header_length = (uint16_t)headers();
}

static void count(const struct virtio_net_frame *frame)
{
	if (frame->length > tcp_counts.longest_sent)
		tcp_counts.longest_sent = frame->length;
	if (frame->gso_type)
		tcp_counts.sent_kinds |= 1u << (frame->gso_type & ~VIRTIO_NET_GSO_ECN);
	tcp_counts.sent_ecn += (frame->gso_type & VIRTIO_NET_GSO_ECN) != 0;
}

/* Send LENGTH bytes of the stream from tcp.next on, or none, with FLAGS. Whether there was room. */
static bool send_packet(struct virtio_net_pair *pair, unsigned length, uint8_t flags)
{
	struct virtio_net_frame *frame = virtio_net_pool_get(&pool);
	uint8_t *at;

	if (!frame)
		return false;
	at = virtio_net_frame_data(frame);
	flags |= ecn_say(length);
	write_headers(at, pair->net, length, flags);
	if (length)
		__builtin_memcpy(at + headers(), tcp_stream + (tcp.next - TCP_START - 1), length);
	describe(frame, length, flags);
	int result = virtio_net_pair_transmit(pair, &frame, 1);
	if (result == VIRTIO_ERR_UNSUPPORTED && virtio_net_checksum_complete(frame) == 0)
		result = virtio_net_pair_transmit(pair, &frame, 1); /* with the plain driver it is our work */
	if (result != 1) {
		virtio_net_pool_put(&pool, frame);
		return false;
	}
	count(frame);
	ecn_said(flags, length);
	return true;
}

/* All that the peer takes now. */
static void send_stream(struct virtio_net_pair *pair)
{
	uint32_t end = TCP_START + 1 + tcp.length;

	while (tcp.next != end && tcp.next - tcp.acknowledged < tcp.window) {
		uint32_t length = end - tcp.next, room = tcp.window - (tcp.next - tcp.acknowledged);

		length = length < room ? length : room;
		length = length < most(pair->net) ? length : most(pair->net);
		if (!send_packet(pair, length, TCP_ACK))
			return;
		tcp.next += length;
	}
	if (tcp.next == end && send_packet(pair, 0, TCP_ACK | TCP_FIN))
		tcp.next++;
}

bool tcp_send(struct virtio_net_pair *pair, bool acknowledge)
{
	struct virtio_net_frame *sent[FRAMES];
	uint64_t now = boot_platform()->now(NULL);
	int count = virtio_net_pair_transmitted(pair, sent, FRAMES);

	for (int i = 0; i < count; i++)
		virtio_net_pool_put(&pool, sent[i]);
	if (count < 0 || !tcp.open)
		return count >= 0;
	if (moved_to != tcp.acknowledged || moved == 0) {
		moved_to = tcp.acknowledged;
		moved = now;
	} else if (now - moved > AGAIN) {
		tcp.next = tcp.acknowledged;
		moved = now;
	}
	if (tcp.next == TCP_START) {
		if (send_packet(pair, 0, TCP_SYN | TCP_ACK | (tcp.ecn.on ? TCP_ECE : 0)))
			tcp.next++;
	} else if (tcp.all_received) {
		send_stream(pair);
	}
	if (acknowledge)
		(void)send_packet(pair, 0, TCP_ACK);
	return true;
}
