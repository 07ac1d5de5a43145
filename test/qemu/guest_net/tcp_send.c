/* SPDX-License-Identifier: ISC */
/*
 * The other direction: the stream goes back, in frames as long as the device cuts them and the peer's window allows,
 * with partial checksums. What is lost goes once more when nothing else happens.
 */
#include <boot/platform.h>
#include <virtio/helper.h>

#include "guest.h"

#define PIECE 1460                   /* bytes of stream in a packet */
#define MOST (40 * PIECE)            /* in a frame that the device cuts */
#define HEADERS (ETHERNET + 20 + 20) /* Ethernet, IPv4, TCP */
#define AGAIN UINT64_C(1000000000)   /* nanoseconds without progress until we repeat */
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

/* The headers of a packet with LENGTH bytes of data, whose TCP checksum is left partial. */
static void write_headers(uint8_t *at, const struct virtio_net *net, unsigned length, uint8_t flags)
{
	uint8_t *ip = at + ETHERNET, *segment = ip + 20;
	uint16_t sum;

	__builtin_memset(at, 0, HEADERS);
	__builtin_memcpy(at, tcp.peer_mac, 6);
	__builtin_memcpy(at + 6, net->mac, 6);
	at[12] = 8;
	ip[0] = 0x45;
	write16(ip + 2, 40 + length);
	ip[8] = 64;
	ip[9] = 6;
	__builtin_memcpy(ip + 12, tcp.address, 4);
	__builtin_memcpy(ip + 16, tcp.peer, 4);
	sum = (uint16_t)~virtio_net_checksum(ip, 20, 0);
	__builtin_memcpy(ip + 10, &sum, 2);
	write16(segment, TCP_PORT);
	write16(segment + 2, tcp.peer_port);
	write32(segment + 4, tcp.next);
	write32(segment + 8, tcp.received);
	segment[12] = 5 << 4;
	segment[13] = flags;
	write16(segment + 14, 0xffff);
	sum = tcp_pseudo(tcp.address, tcp.peer, 20 + length);
	__builtin_memcpy(segment + 16, &sum, 2);
}

/* Send LENGTH bytes of the stream from tcp.next on, or none, with FLAGS. Whether there was room. */
static bool send_packet(struct virtio_net_pair *pair, unsigned length, uint8_t flags)
{
	struct virtio_net_frame *frame = virtio_net_pool_get(&pool);
	uint8_t *at;

	if (!frame)
		return false;
	at = virtio_net_frame_data(frame);
	write_headers(at, pair->net, length, flags);
	if (length)
		__builtin_memcpy(at + HEADERS, tcp_stream + (tcp.next - TCP_START - 1), length);
	frame->length = HEADERS + length;
	frame->flags = VIRTIO_NET_NEEDS_CHECKSUM;
	frame->checksum_start = ETHERNET + 20;
	frame->checksum_offset = 16;
	frame->gso_type = length > PIECE ? VIRTIO_NET_GSO_TCPV4 : VIRTIO_NET_GSO_NONE;
	frame->gso_size = PIECE;
	frame->header_length = HEADERS;
	int result = virtio_net_pair_transmit(pair, &frame, 1);
	if (result == VIRTIO_ERR_UNSUPPORTED && virtio_net_checksum_complete(frame) == 0)
		result = virtio_net_pair_transmit(pair, &frame, 1); /* with the plain driver it is our work */
	if (result != 1) {
		virtio_net_pool_put(&pool, frame);
		return false;
	}
	if (frame->length > tcp_counts.longest_sent)
		tcp_counts.longest_sent = frame->length;
	return true;
}

/* All that the peer takes now. */
static void send_stream(struct virtio_net_pair *pair)
{
	bool cuts = (pair->net->features & VIRTIO_NET_F_HOST_TSO4) != 0;
	uint32_t end = TCP_START + 1 + tcp.length;

	while (tcp.next != end && tcp.next - tcp.acknowledged < tcp.window) {
		uint32_t length = end - tcp.next, room = tcp.window - (tcp.next - tcp.acknowledged);

		length = length < room ? length : room;
		length = length < (cuts ? MOST : PIECE) ? length : (cuts ? MOST : PIECE);
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
		if (send_packet(pair, 0, TCP_SYN | TCP_ACK))
			tcp.next++;
	} else if (tcp.all_received) {
		send_stream(pair);
	}
	if (acknowledge)
		(void)send_packet(pair, 0, TCP_ACK);
	return true;
}
