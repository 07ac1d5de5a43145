/* SPDX-License-Identifier: ISC */
/*
 * What the test asks for, in frames of ethertype 0x88b5: a letter, its arguments, all of it sent back behind a byte
 * that is 0, or the number of the error. test/qemu/net_features.py is the other side.
 */
#include <boot/platform.h>

#include "guest.h"
#include "serial.h"

#define PATIENCE UINT64_C(10000000000) /* nanoseconds */

bool remote_finished;

/* The end of a command that was started with RESULT. */
static int ended(struct virtio_net *net, int result)
{
	return result < 0 ? result : virtio_net_command_wait(net, boot_platform()->now(NULL) + PATIENCE);
}

/* What the driver knows of the device: link, announce, MTU, pairs, speed, features. */
static void put_state(struct virtio_net *net, uint8_t *at)
{
	int changed = virtio_net_poll_config(net);
	uint64_t numbers[] = {net->link_up, net->announce, net->mtu, net->active_pairs, net->speed, net->features,
		net->duplex, (uint64_t)changed};

	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		for (unsigned k = 0; k < 8; k++)
			*at++ = (uint8_t)(numbers[i] >> 8 * k);
}

static int obey(struct virtio_net *net, uint8_t *words)
{
	switch (words[0]) {
	case 'E': /* an echo */
		return 0;
	case 'M': /* a MAC address */
		return ended(net, virtio_net_set_mac(net, words + 1));
	case 'R': /* a way to receive, on or off */
		return ended(net, virtio_net_set_receive_mode(net, words[1], words[2]));
	case 'F': /* two filters, of one address each */
		return ended(net, virtio_net_set_mac_filter(net, words + 1, 1, words + 7, 1));
	case 'V': /* a VLAN, on or off */
		return ended(net, virtio_net_set_vlan(net, (uint16_t)(words[1] << 8 | words[2]), words[3]));
	case 'A': /* announced */
		return ended(net, virtio_net_acknowledge_announce(net));
	case 'O': /* receive offloads, all or none */
		return ended(net,
			virtio_net_set_receive_offloads(net, words[1] ? net->features & VIRTIO_NET_F_GUEST_CSUM : 0));
	case 'P': /* pairs */
		return ended(net, virtio_net_set_pairs(net, words[1]));
	case 'S':
		put_state(net, words + 1);
		return 0;
	case 'Q':
		remote_finished = true;
		return 0;
	default:
		return VIRTIO_ERR_INVALID;
	}
}

unsigned remote_answer(struct virtio_net *net, uint8_t *frame, unsigned length)
{
	uint8_t *words = frame + ETHERNET + 1;

	if (length < 100) /* room for every answer: frames are padded by the test */
		return 0;
	words[-1] = (uint8_t)-obey(net, words);
	for (unsigned i = 0; i < 6; i++) {
		frame[i] = frame[6 + i];
		frame[6 + i] = net->mac[i];
	}
	return length;
}
