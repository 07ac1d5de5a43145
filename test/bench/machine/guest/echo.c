/* SPDX-License-Identifier: ISC */
/* Frames and datagrams sent back, in bursts, each turned round where it lies. */
#include "guest.h"

#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "../../../../examples/common/print.h"
#include "../../../../examples/net_echo/packet.h"
#include "../frames.h"

#define BURST 32u

static struct virtio_net net;
static struct station station = {.address = 0x0a00020f, .mask = 0xffffff00};

/* Turn FRAME round if it is for us. True: transmit it. */
static bool answer(struct virtio_net_frame *frame)
{
	struct packet packet = {.data = virtio_net_frame_data(frame), .length = frame->length};

	if (get16(packet.data + 12) == FRAMES_TYPE) {
		swap_bytes(packet.data, packet.data + 6, 6);
		return true;
	}
	bool answered = packet_answer(&station, &packet) >= ANSWERED_ARP;
	frame->length = packet.length;
	return answered;
}

/* Frames that were sent are used to receive again. */
static int take_back_sent(void)
{
	struct virtio_net_frame *sent[BURST];
	int count = virtio_net_transmitted(&net, sent, BURST);

	return count > 0 ? virtio_net_release(&net, sent, (unsigned)count) : count;
}

/* Receive a burst and send back what is to be; the rest, and what there is no room for, is released. How many there
 * were, or an error. */
static int serve(void)
{
	struct virtio_net_frame *frames[BURST], *answers[BURST], *others[BURST];
	unsigned answer_count = 0, other_count = 0;
	int count = virtio_net_receive(&net, frames, BURST);

	for (int i = 0; i < count; i++) {
		if (answer(frames[i]))
			answers[answer_count++] = frames[i];
		else
			others[other_count++] = frames[i];
	}
	if (count <= 0)
		return count;
	int sent = virtio_net_transmit(&net, answers, answer_count);
	if (sent >= 0)
		sent = virtio_net_release(&net, answers + sent, answer_count - (unsigned)sent);
	if (sent >= 0)
		sent = virtio_net_release(&net, others, other_count);
	if (sent >= 0)
		sent = take_back_sent();
	return sent < 0 ? sent : count;
}

/* Sleep until a frame comes. */
static void nap(void)
{
	const struct virtio_platform *platform = machine_device.platform;

	if (!virtio_net_enable_receive_interrupts(&net))
		platform->wait(platform->context, UINT64_MAX);
	virtio_net_disable_receive_interrupts(&net);
}

int echo(const struct boot_info *info)
{
	bool poll = has_word(info->command_line, "poll");
	int result = open_device(info, VIRTIO_ID_NET, 0, poll);

	if (result == 0)
		result = virtio_net_attach(&net, &machine_device, NULL);
	if (result < 0)
		return result;
	station.mtu = net.mtu;
	for (unsigned i = 0; i < sizeof station.mac; i++)
		station.mac[i] = net.mac[i];
	print("ready by %s\n", boot_device_interrupts_describe(&machine_interrupts));
	while ((result = serve()) >= 0)
		if (result == 0 && !poll)
			nap();
	return result;
}
