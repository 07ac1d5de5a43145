/* SPDX-License-Identifier: ISC */
/* Commands to a network device, with arguments good and bad. */
#include "net_commands.h"

#include "session.h"

static int set_rss(struct virtio_net *net, struct fuzz_input *input)
{
	static uint8_t key[64];
	uint16_t table[16];
	const struct virtio_net_rss rss = {
		.hash_types = fuzz_byte(input),
		.table = table,
		.table_length = (uint16_t)(1u << (fuzz_byte(input) % 5)),
		.unclassified_pair = fuzz_byte(input) & 3,
		.transmit_pairs = fuzz_byte(input) & 3,
		.key = key,
		.key_length = fuzz_byte(input) % sizeof key,
	};

	for (unsigned i = 0; i < 16; i++)
		table[i] = fuzz_byte(input) & 3;
	return virtio_net_set_rss(net, &rss);
}

static int set_filter(struct virtio_net *net, struct fuzz_input *input)
{
	static const uint8_t addresses[6 * VIRTIO_NET_MAC_FILTER_MAX];

	return virtio_net_set_mac_filter(net, addresses, fuzz_u16(input) % (VIRTIO_NET_MAC_FILTER_MAX + 1), addresses,
		fuzz_u16(input) % (VIRTIO_NET_MAC_FILTER_MAX + 1));
}

static int coalesce(struct virtio_net *net, struct fuzz_input *input)
{
	static struct virtio_net_coalescing answer; /* stays, as it must */
	const struct virtio_net_coalescing when = {.packets = fuzz_byte(input), .microseconds = fuzz_u16(input)};
	unsigned how = fuzz_byte(input);
	uint16_t pair = fuzz_byte(input) & 3;

	if (how % 3 == 0)
		return virtio_net_set_coalescing(net, how & 4, &when);
	if (how % 3 == 1)
		return virtio_net_set_queue_coalescing(net, pair, how & 4, &when);
	return virtio_net_get_queue_coalescing(net, pair, how & 4, &answer);
}

static int wait(struct virtio_net *net, struct fuzz_device *device)
{
	uint64_t deadline = fuzz_session_deadline(device);
	int result = virtio_net_command_wait(net, deadline);

	fuzz_session_check_deadline(deadline);
	return result;
}

static int start(struct virtio_net *net, struct fuzz_input *input, unsigned which)
{
	uint8_t mac[6] = {0};

	switch (which) {
	case 0:
		fuzz_bytes(input, mac, sizeof mac);
		return virtio_net_set_mac(net, mac);
	case 1:
		return virtio_net_set_receive_mode(net, fuzz_byte(input) & 7, true);
	case 2:
		return set_filter(net, input);
	case 3:
		return virtio_net_set_vlan(net, fuzz_u16(input), true);
	case 4:
		return virtio_net_acknowledge_announce(net);
	case 5:
		return virtio_net_set_receive_offloads(net, fuzz_u64(input));
	case 6:
		return virtio_net_set_pairs(net, fuzz_byte(input) & 3);
	case 7:
		return set_rss(net, input);
	case 8:
		return virtio_net_set_hash(net, fuzz_byte(input), mac, fuzz_byte(input) % sizeof mac);
	default:
		return coalesce(net, input);
	}
}

void net_command(struct virtio_net *net, struct fuzz_device *device)
{
	unsigned which = fuzz_byte(device->input) % 16;
	int result;

	if (!net->control)
		return;
	if (which < 10)
		result = start(net, device->input, which);
	else if (which < 12)
		result = wait(net, device);
	else
		result = virtio_net_command_poll(net);
	fuzz_check(result <= 1);
}
