/* SPDX-License-Identifier: ISC */
/*
 * A unikernel that tests virtio-net with all that its driver has: takes a TCP stream on port 7 and sends it back
 * (tcp.c), obeys commands in frames (remote.c), and prints what it saw. Words of the command line:
 *
 *     plain        want nothing beyond plain frames
 *     nomerge      want all but merged frames
 *     pairs=2      pairs of queues
 *     buffer=512   bytes of each receive buffer
 *     hash         have received frames hashed (hash.c)
 *     rss          and spread over the pairs by that
 *     switched     switch all receive offloads off, once they were agreed on
 */
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"
#include "serial.h"

#define BURST 32
#define WATCH UINT64_C(20000000)       /* nanoseconds between two looks at the configuration */
#define PATIENCE UINT64_C(10000000000) /* nanoseconds for a command */
#define OFFLOADS                                                                                                    \
	(VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 |            \
		VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_HOST_USO | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | \
		VIRTIO_NET_F_GUEST_ECN)
#define CONTROL                                                                                         \
	(VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_MQ | \
		VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_GUEST_OFFLOADS)

static struct virtio_device device;
static struct virtio_net net;
static uint8_t whole[LONGEST]; /* a received frame in one piece */

/* The number behind NAME on the command line, "pairs=" for one; 1 for a word alone; 0 where it is not. */
static uint32_t word(const char *words, const char *name)
{
	for (; *words; words++) {
		unsigned i = 0;
		uint32_t value = 0;
		while (name[i] && words[i] == name[i])
			i++;
		if (name[i])
			continue;
		if (name[i - 1] != '=')
			return 1;
		for (; words[i] >= '0' && words[i] <= '9'; i++)
			value = value * 10 + (uint32_t)(words[i] - '0');
		return value;
	}
	return 0;
}

/* Copy FRAME, all its segments, into one piece. Returns its length. */
static unsigned collect(const struct virtio_net_frame *frame)
{
	const struct virtio_net_frame *part = frame;
	unsigned length = 0;

	tcp_counts.merged += frame->segments > 1;
	for (unsigned i = 0; i < frame->segments; i++, part = part->next) {
		__builtin_memcpy(whole + length, part->buffer + part->offset, part->length);
		length += part->length;
	}
	return length;
}

/* Send LENGTH bytes of `whole` in FRAME, which came and is large enough; it is released when it comes back. */
static bool reply(struct virtio_net_pair *pair, struct virtio_net_frame *frame, unsigned length)
{
	__builtin_memcpy(virtio_net_frame_data(frame), whole, length);
	frame->length = length;
	frame->flags = 0;
	frame->gso_type = VIRTIO_NET_GSO_NONE;
	return virtio_net_pair_transmit(pair, &frame, 1) == 1;
}

/* Wait for FRAME to be sent: commands are rare. */
static void take_back(struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	struct virtio_net_frame *sent = NULL;

	while (sent != frame)
		if (virtio_net_pair_transmitted(pair, &sent, 1) < 0)
			return;
}

static void handle(unsigned number, struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	unsigned length = collect(frame);
	unsigned type = (unsigned)(whole[12] << 8 | whole[13]);

	if (type == 0x800 || type == 0x86dd)
		tcp_input(frame, whole, length);
	if (type == 0x800)
		hash_note(number, frame, whole, length);
	if (type == REMOTE_TYPE || (type == 0x8100 && whole[16] == 0x88 && whole[17] == 0xb5)) {
		unsigned skip = type == 0x8100 ? 4 : 0; /* a VLAN tag: answered without */
		for (unsigned i = 0; skip && i + 16 < length; i++)
			whole[12 + i] = whole[16 + i];
		length = remote_answer(&net, whole, length - skip);
		if (length && frame->segments == 1 && reply(pair, frame, length))
			take_back(pair, frame);
	}
}

/* Look at the configuration now and then: what has changed is in the log, and waits for the test to ask. */
static bool watch(void)
{
	static uint64_t next;
	uint64_t now = boot_platform()->now(NULL);

	if (now < next)
		return true;
	next = now + WATCH;
	return virtio_net_poll_config(&net) >= 0;
}

/* One round over all pairs. False: the device broke. */
static bool serve(void)
{
	for (unsigned number = 0; number < net.pairs; number++) {
		struct virtio_net_pair *pair = virtio_net_pair(&net, number);
		struct virtio_net_frame *frames[BURST];
		int count = virtio_net_pair_receive(pair, frames, BURST);

		for (int i = 0; i < count; i++)
			handle(number, pair, frames[i]);
		if (count < 0 || virtio_net_pair_release(pair, frames, (unsigned)count) != count)
			return false;
		if (number == 0 && !tcp_send(pair, false))
			return false;
		if (count > 0 && tcp.open && !tcp_send(&net.first, true))
			return false;
	}
	return true;
}

/* What is commanded before the first frame. NULL, or what went wrong. */
static const char *command(const char *words)
{
	if (net.features & VIRTIO_NET_F_HASH_REPORT)
		return hash_start(&net);
	if (!word(words, "switched"))
		return NULL;
	int result = virtio_net_set_receive_offloads(&net, 0);
	if (result == 0)
		result = virtio_net_command_wait(&net, boot_platform()->now(NULL) + PATIENCE);
	return result < 0 ? virtio_error_name(result) : NULL;
}

static int start(const struct boot_info *info)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	uint64_t wanted = OFFLOADS | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_SPEED_DUPLEX;
	struct virtio_net_options options = {.offload = &virtio_net_offload, .control = &virtio_net_control};
	int result = virtio_find(&device, boot_platform(), &sources, VIRTIO_ID_NET, 0, &virtio_support_all);

	if (word(info->command_line, "hash") || word(info->command_line, "rss"))
		wanted |= VIRTIO_NET_F_HASH_REPORT;
	if (word(info->command_line, "rss"))
		wanted |= VIRTIO_NET_F_RSS;
	if (word(info->command_line, "nomerge"))
		wanted &= ~VIRTIO_NET_F_MRG_RXBUF;
	options.wanted = word(info->command_line, "plain") ? CONTROL : wanted | CONTROL;
	options.pairs = (uint16_t)word(info->command_line, "pairs=");
	options.receive_buffer = word(info->command_line, "buffer=");
	return result < 0 ? result : virtio_net_attach(&net, &device, &options);
}

int unikernel_main(const struct boot_info *info)
{
	int result = tcp_send_prepare() ? start(info) : VIRTIO_ERR_NO_MEMORY;

	if (result < 0) {
		boot_printf("FAIL %s\n", virtio_error_name(result));
		return 1;
	}
	const char *error = command(info->command_line);
	if (error) {
		boot_printf("FAIL command: %s\n", error);
		return 1;
	}
	boot_printf("%s: features %lx pairs %u active %u mtu %u\n", device.name, net.features, net.pairs,
		net.active_pairs, net.mtu);
	boot_printf("ready\n");
	while (!remote_finished && !tcp.finished)
		if (!serve() || !watch())
			break;
	boot_printf("longest_received %u merged %u partial %u valid %u wrong %u longest_sent %u dropped %lu\n",
		tcp_counts.longest_received, tcp_counts.merged, tcp_counts.partial, tcp_counts.valid, tcp_counts.wrong,
		tcp_counts.longest_sent, net.first.receive.dropped);
	boot_printf("received_kinds %u sent_kinds %u received_ecn %u sent_ecn %u calmed %u\n",
		tcp_counts.received_kinds, tcp_counts.sent_kinds, tcp_counts.received_ecn, tcp_counts.sent_ecn,
		tcp_counts.calmed);
	for (unsigned i = 0; i < net.pairs; i++)
		boot_printf("pair %u received %lu\n", i, virtio_net_pair(&net, i)->receive.frames);
	result = virtio_net_detach(&net, NULL, NULL);
	boot_printf(result < 0 || tcp_counts.wrong ? "FAIL\n" : "PASS\n");
	return result < 0 || tcp_counts.wrong;
}
