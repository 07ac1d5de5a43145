/* SPDX-License-Identifier: ISC */
/* A network card that goes while it sends. */
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"

#define FRAME 60

static struct virtio_net net;
static struct virtio_net_pool pool;
static struct virtio_net_watch watch;
static unsigned returned;

/* Frames to everybody, of an ethertype for experiments. */
static struct virtio_net_frame *make(void)
{
	struct virtio_net_frame *frame = virtio_net_pool_get(&pool);
	uint8_t *data = frame ? virtio_net_frame_data(frame) : NULL;

	for (unsigned i = 0; frame && i < FRAME; i++)
		data[i] = i < 6 ? 0xff : i < 12 ? net.mac[i - 6] : i == 12 ? 0x88 : i == 13 ? 0xb6 : (uint8_t)i;
	if (frame)
		frame->length = FRAME;
	return frame;
}

static const char *transmit(void)
{
	for (unsigned i = 0; i < IN_FLIGHT; i++) {
		struct virtio_net_frame *frame = make();
		if (!frame)
			return "frames";
		if (virtio_net_transmit(&net, &frame, 1) != 1)
			return "transmit";
	}
	return NULL;
}

/* How many came back. */
static int reap(void)
{
	struct virtio_net_frame *frames[IN_FLIGHT];
	int count = virtio_net_transmitted(&net, frames, IN_FLIGHT);

	for (int i = 0; i < count; i++)
		virtio_net_pool_put(&pool, frames[i]);
	return count;
}

static const char *work(void)
{
	uint64_t deadline = now() + PATIENCE;
	const char *error = transmit();

	for (unsigned back = 0; back < IN_FLIGHT && !error;) {
		int count = reap();
		if (count < 0)
			return virtio_error_name(count);
		back += (unsigned)count;
		if (virtio_net_watch(&net.first, &watch, PATIENCE) < 0 || now() > deadline)
			error = "nothing is sent";
	}
	return error;
}

static const char *attach(struct virtio_device *device)
{
	returned = 0;
	watch = (struct virtio_net_watch){0};
	if (!pool.count && virtio_net_pool_init(&pool, boot_platform(), IN_FLIGHT, FRAME) < 0)
		return "pool";
	return virtio_net_attach(&net, device, NULL) < 0 ? "attach" : work();
}

static int look(void)
{
	int count = reap();

	returned += count > 0 ? (unsigned)count : 0;
	return count < 0 ? count : virtio_net_watch(&net.first, &watch, PATIENCE);
}

static void take_back(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	virtio_net_pool_put(&pool, frame);
	returned++;
}

static unsigned detach(void)
{
	return virtio_net_detach(&net, take_back, NULL) < 0 ? 0 : returned;
}

const struct driver net_driver = {VIRTIO_ID_NET, attach, work, transmit, look, detach};
