/* SPDX-License-Identifier: ISC */
/*
 * Hashes of received frames, and spreading by them (VIRTIO 5.1.6.5.6, 5.1.6.5.7): this side sets a key and a table that
 * test/qemu/net_features.py knows, and tells of each UDP packet how it came; the other side computes what it should be.
 */
#include <boot/platform.h>

#include "guest.h"
#include "serial.h"

#define PATIENCE UINT64_C(10000000000) /* nanoseconds */
#define KEY 40
#define TABLE 64
#define IP ETHERNET
#define DISCARD_PORT 9

static uint8_t key[KEY];
static uint16_t table[TABLE];

const char *hash_start(struct virtio_net *net)
{
	const struct virtio_net_rss rss = {.hash_types = VIRTIO_NET_HASH_TYPE_IPV4 | VIRTIO_NET_HASH_TYPE_UDPV4,
		.table = table,
		.table_length = TABLE,
		.transmit_pairs = net->pairs,
		.key = key,
		.key_length = KEY};
	uint64_t deadline = boot_platform()->now(NULL) + PATIENCE;

	for (unsigned i = 0; i < KEY; i++)
		key[i] = (uint8_t)(i * 73 + 41);
	for (unsigned i = 0; i < TABLE; i++)
		table[i] = (uint16_t)(i / 2 % net->pairs);
	int result = net->features & VIRTIO_NET_F_RSS ? virtio_net_set_rss(net, &rss)
						      : virtio_net_set_hash(net, rss.hash_types, key, KEY);
	if (result == 0)
		result = virtio_net_command_wait(net, deadline);
	return result < 0 ? virtio_error_name(result) : NULL;
}

void hash_note(unsigned pair, const struct virtio_net_frame *frame, const uint8_t *bytes, unsigned length)
{
	const uint8_t *udp = bytes + IP + 20;

	if (length < IP + 28 || bytes[IP] != 0x45 || bytes[IP + 9] != 17 || (udp[2] << 8 | udp[3]) != DISCARD_PORT)
		return;
	boot_printf("udp %u pair %u report %u hash %x\n", (unsigned)(udp[0] << 8 | udp[1]), pair, frame->hash_report,
		frame->hash);
	if (length >= IP + 28 + 4 && __builtin_memcmp(udp + 8, "quit", 4) == 0)
		remote_finished = true;
}
