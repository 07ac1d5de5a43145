/* SPDX-License-Identifier: ISC */
/* Users of a network card and of a disk. */
#include <string.h>
#include <virtio/helper.h>
#include <virtio/net_control.h>
#include <virtio/spec/blk.h>
#include <virtio/spec/ids.h>
#include <virtio/spec/net.h>

#include "fake/cmocka.h"
#include "fake/platform.h"
#include "fake/users_inside.h"

/* ---- network ---- */

static struct virtio_net net;
static struct virtio_net_frame sent[AT_ONCE];
static bool sending[AT_ONCE];

static void net_configure(void)
{
	static const uint8_t config[12] = {0x52, 0x54, 0, 1, 2, 3, VIRTIO_NET_S_LINK_UP};
	static const uint8_t mtu[2] = {0xdc, 5};

	fake_transport_set_config(&fake_user_transport, VIRTIO_NET_CONFIG_MAC, config, sizeof config);
	fake_transport_set_config(&fake_user_transport, VIRTIO_NET_CONFIG_MTU, mtu, sizeof mtu);
}

static int net_attach(void)
{
	static const struct virtio_net_options options = {
		.wanted = VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_SPEED_DUPLEX,
		.control = &virtio_net_control};

	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct virtio_segment memory = fake_platform_buffer(VIRTIO_NET_HEADROOM + 200);

		virtio_net_frame_init(&sent[i], memory.data, memory.device_address, memory.length);
		sent[i].length = 100;
		sending[i] = false;
	}
	return virtio_net_attach(&net, device, &options);
}

static int net_receive(void)
{
	struct virtio_net_frame *frames[8];
	int count = virtio_net_receive(&net, frames, 8);

	for (int i = 0; i < count; i++)
		fake_user_look(virtio_net_frame_data(frames[i]), frames[i]->length);
	return count > 0 ? fake_user_first_error(0, virtio_net_release(&net, frames, (unsigned)count)) : count;
}

static int net_transmit(void)
{
	struct virtio_net_frame *frames[AT_ONCE];
	int count = virtio_net_transmitted(&net, frames, AT_ONCE);

	for (int i = 0; i < count; i++) {
		assert_true(sending[frames[i] - sent]);
		sending[frames[i] - sent] = false;
	}
	for (unsigned i = 0; i < AT_ONCE && count >= 0; i++) {
		struct virtio_net_frame *frame = &sent[i];

		if (!sending[i])
			count = virtio_net_transmit(&net, &frame, 1);
		sending[i] |= count > 0;
	}
	return fake_user_first_error(0, count);
}

static int net_command(void)
{
	int result = virtio_net_command_poll(&net);

	if (result == VIRTIO_ERR_PROTOCOL)
		return result;
	return result ? virtio_net_set_receive_mode(&net, 0, true) : 0;
}

static int net_work(void)
{
	int received = net_receive(), transmitted = net_transmit();

	return fake_user_first_error(fake_user_first_error(received, transmitted), net_command());
}

static int net_wait(uint64_t deadline)
{
	struct virtio_net_frame *frame;
	int result = virtio_net_receive_wait(&net, &frame, 1, deadline);

	return fake_user_no_timeout(result, virtio_net_command_wait(&net, deadline));
}

static int net_poll_config(void)
{
	return virtio_net_poll_config(&net);
}

static int net_detach(void)
{
	return virtio_net_detach(&net, NULL, NULL);
}

const struct fake_user fake_user_net = {"net", VIRTIO_ID_NET,
	VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU | VIRTIO_NET_F_SPEED_DUPLEX | VIRTIO_NET_F_CTRL_VQ |
		VIRTIO_NET_F_CTRL_RX,
	3, net_configure, net_attach, NULL, net_work, net_wait, net_poll_config, net_detach};

/* ---- block ---- */

static struct virtio_blk blk;
static struct virtio_blk_request requests[AT_ONCE];
static struct virtio_segment sectors[AT_ONCE];

static void blk_configure(void)
{
	static const uint8_t capacity[8] = {100}, block_size[4] = {0, 2}, some[4] = {4};
	static const unsigned limits[] = {VIRTIO_BLK_CONFIG_SEG_MAX, VIRTIO_BLK_CONFIG_DISCARD,
		VIRTIO_BLK_CONFIG_DISCARD + 4, VIRTIO_BLK_CONFIG_DISCARD + 8};

	fake_transport_set_config(&fake_user_transport, VIRTIO_BLK_CONFIG_CAPACITY, capacity, sizeof capacity);
	fake_transport_set_config(&fake_user_transport, VIRTIO_BLK_CONFIG_BLK_SIZE, block_size, sizeof block_size);
	for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++)
		fake_transport_set_config(&fake_user_transport, limits[i], some, sizeof some);
}

static int blk_attach(void)
{
	for (unsigned i = 0; i < AT_ONCE; i++) {
		sectors[i] = fake_platform_buffer(512);
		requests[i] = (struct virtio_blk_request){.type = i % 2 ? VIRTIO_BLK_WRITE : VIRTIO_BLK_READ,
			.sector = i,
			.segments = &sectors[i],
			.segment_count = 1};
	}
	return virtio_blk_attach(&blk, device, NULL);
}

static int blk_work(void)
{
	struct virtio_blk_request *done[AT_ONCE];
	int result = virtio_blk_completed(&blk, done, AT_ONCE);

	for (int i = 0; i < result; i++)
		if (done[i]->type == VIRTIO_BLK_READ && done[i]->result == 0)
			fake_user_look(done[i]->segments->data, done[i]->segments->length);
	for (unsigned i = 0; i < AT_ONCE && result >= 0; i++) {
		struct virtio_blk_request *request = &requests[i];

		if (!virtio_blk_in_flight(request))
			result = virtio_blk_submit(&blk, &request, 1);
	}
	return fake_user_first_error(0, result);
}

static int blk_wait(uint64_t deadline)
{
	struct virtio_blk_request *done;
	static struct virtio_blk_request flush;
	int result = virtio_blk_completed_wait(&blk.queues[0], &done, 1, deadline);

	flush = (struct virtio_blk_request){
		.type = VIRTIO_BLK_READ, .sector = 9, .segments = &sectors[0], .segment_count = 1};
	return fake_user_no_timeout(result, virtio_blk_execute(&blk, &flush, deadline));
}

static int blk_poll_config(void)
{
	return virtio_blk_poll_config(&blk);
}

static int blk_detach(void)
{
	return virtio_blk_detach(&blk, NULL, NULL);
}

const struct fake_user fake_user_blk = {"blk", VIRTIO_ID_BLOCK,
	VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_TOPOLOGY |
		VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_SECURE_ERASE |
		VIRTIO_BLK_F_WRITE_ZEROES,
	1, blk_configure, blk_attach, NULL, blk_work, blk_wait, blk_poll_config, blk_detach};
