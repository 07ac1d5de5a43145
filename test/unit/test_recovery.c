/* SPDX-License-Identifier: ISC */
/*
 * Every driver on a device that comes to grief while it has work (fake/misfortune.h): here those with a fake device of
 * their own, in test_recovery_small.c the others.
 */
#include <string.h>

#include "fake/blk.h"
#include "fake/cmocka.h"
#include "fake/console.h"
#include "fake/misfortune.h"
#include "fake/net.h"
#include "fake/platform.h"
#include "fake/vsock.h"

#define HELD 3 /* things of ours that each driver holds */

static struct virtio_segment segments[HELD];

/* ---- net ---- */

static struct virtio_net_frame frames[HELD];

static void net_start(void)
{
	fake_net_start(VIRTIO_F_VERSION_1);
}

static int net_attach(void)
{
	return virtio_net_attach(&fake_net.net, &fake_net.transport.device, NULL);
}

static void net_occupy(void)
{
	for (unsigned i = 0; i < HELD; i++) {
		struct virtio_net_frame *frame = &frames[i];
		frames[i] = fake_net_frame(100);
		fake_net_fill(frame, 1, 100);
		assert_int_equal(virtio_net_transmit(&fake_net.net, &frame, 1), 1);
	}
}

static int net_look(void)
{
	struct virtio_net_frame *frame;
	int result = virtio_net_transmitted(&fake_net.net, &frame, 1);
	return result < 0 ? result : virtio_net_poll_config(&fake_net.net);
}

static void net_back(void *context, struct virtio_net_frame *frame)
{
	(void)context;
	assert_true(frame >= frames && frame < frames + HELD);
	misfortune_back++;
}

static int net_detach(void)
{
	return virtio_net_detach(&fake_net.net, net_back, NULL);
}

static void net_work(void)
{
	struct virtio_net_frame *frame;
	fake_net_deliver(5, 80);
	assert_int_equal(virtio_net_receive(&fake_net.net, &frame, 1), 1);
	assert_int_equal(virtio_net_transmit(&fake_net.net, &frame, 1), 1);
	assert_int_equal(fake_net_send(), 80);
	assert_int_equal(virtio_net_transmitted(&fake_net.net, &frame, 1), 1);
	assert_int_equal(virtio_net_release(&fake_net.net, &frame, 1), 1);
}

/* ---- blk ---- */

static struct virtio_blk_request requests[HELD];

static void blk_start(void)
{
	fake_blk_start(FAKE_BLK_FEATURES);
}

static int blk_attach(void)
{
	fake_disk_start(&fake_blk.disk, &fake_blk.transport.queues[0].ring);
	return virtio_blk_attach(&fake_blk.blk, &fake_blk.transport.device, NULL);
}

static void blk_occupy(void)
{
	for (unsigned i = 0; i < HELD; i++) {
		requests[i] = fake_blk_request(VIRTIO_BLK_READ, i, &segments[i], 512);
		assert_int_equal(fake_blk_submit(&requests[i]), 1);
	}
}

static int blk_look(void)
{
	struct virtio_blk_request *request;
	int result = virtio_blk_completed(&fake_blk.blk, &request, 1);
	return result < 0 ? result : virtio_blk_poll_config(&fake_blk.blk);
}

static void blk_back(void *context, struct virtio_blk_request *request)
{
	(void)context;
	assert_int_equal(request->result, VIRTIO_ERR_NO_DEVICE);
	assert_false(virtio_blk_in_flight(request));
	misfortune_back++;
}

static int blk_detach(void)
{
	return virtio_blk_detach(&fake_blk.blk, blk_back, NULL);
}

static void blk_work(void)
{
	struct virtio_segment segment;
	struct virtio_blk_request request = fake_blk_request(VIRTIO_BLK_READ, 3, &segment, 512);
	assert_int_equal(fake_blk_execute(&request), 0);
	assert_memory_equal(segment.data, fake_blk.disk.medium[3], 512);
}

/* ---- console ---- */

static struct virtio_console_port *const port = &fake_console.ports[0];

static void console_start(void)
{
	fake_console_start(VIRTIO_F_VERSION_1);
}

static int console_attach(void)
{
	return virtio_console_attach(
		&fake_console.console, &fake_console.transport.device, fake_console.ports, 1, NULL);
}

static void console_occupy(void)
{
	assert_int_equal(virtio_console_write(port, "hello", 5), 5);
}

static int console_look(void)
{
	int result = virtio_console_unsent(port);
	return result < 0 ? result : virtio_console_poll_config(&fake_console.console);
}

static int console_detach(void)
{
	return virtio_console_detach(&fake_console.console);
}

static void console_check_over(void)
{
	char byte;
	assert_int_equal(virtio_console_write(port, "x", 1), VIRTIO_ERR_NO_DEVICE);
	assert_int_equal(virtio_console_read(port, &byte, 1), VIRTIO_ERR_NO_DEVICE);
}

static void console_work(void)
{
	uint8_t bytes[5];
	console_occupy();
	assert_int_equal(fake_console_collect(fake_console_transmitq(0)), 5);
	fake_console_type(0, "again");
	assert_int_equal(virtio_console_read(port, bytes, sizeof bytes), 5);
}

/* ---- vsock ---- */

static struct virtio_vsock_connection *connection, *listener;

static void vsock_start(void)
{
	fake_vsock_start(VIRTIO_F_VERSION_1);
}

static int vsock_attach(void)
{
	return virtio_vsock_attach(
		&fake_vsock.vsock, &fake_vsock.transport.device, fake_vsock.table, FAKE_VSOCK_PLACES, NULL);
}

static void vsock_occupy(void)
{
	assert_int_equal(virtio_vsock_listen(&fake_vsock.vsock, 80, 1, &listener), 0);
	connection = fake_vsock_connected();
	fake_vsock_say(1234, connection->port, VIRTIO_VSOCK_OP_RW, 0, "unread", 6);
	assert_int_equal(virtio_vsock_poll(&fake_vsock.vsock), 1);
	assert_int_equal(virtio_vsock_send(connection, "hello", 5), 5);
}

static int vsock_look(void)
{
	int result = virtio_vsock_poll(&fake_vsock.vsock);
	return result < 0 ? result : virtio_device_check(&fake_vsock.transport.device);
}

static int vsock_detach(void)
{
	return virtio_vsock_detach(&fake_vsock.vsock);
}

/* The window is gone, and the connection knows it. */
static void vsock_check_over(void)
{
	struct virtio_vsock_connection *other;
	char bytes[8];
	if (!connection)
		return;
	assert_int_equal(virtio_vsock_receive(connection, bytes, sizeof bytes), 0);
	assert_true(virtio_vsock_at_end(connection));
	assert_int_equal(virtio_vsock_send(connection, "x", 1), VIRTIO_ERR_IO);
	assert_int_equal(virtio_vsock_accept(listener, &other), VIRTIO_ERR_INVALID);
	assert_int_equal(virtio_vsock_connect(&fake_vsock.vsock, 2, 1, &other), VIRTIO_ERR_AGAIN);
	virtio_vsock_close(connection);
	virtio_vsock_close(listener);
	assert_int_equal(connection->state, VIRTIO_VSOCK_FREE);
	connection = NULL;
}

static void vsock_work(void)
{
	struct virtio_vsock_connection *one = fake_vsock_connected();
	assert_int_equal(virtio_vsock_send(one, "hello", 5), 5);
	fake_vsock_expect(1234, one->port, VIRTIO_VSOCK_OP_RW);
}

static const struct misfortune_driver drivers[] = {
	MISFORTUNE_DRIVER(net, &fake_net.transport, 1, HELD, NULL),
	MISFORTUNE_DRIVER(blk, &fake_blk.transport, 0, HELD, NULL),
	MISFORTUNE_DRIVER(console, &fake_console.transport, 1, 0, console_check_over),
	MISFORTUNE_DRIVER(vsock, &fake_vsock.transport, 1, 0, vsock_check_over),
};

int main(void)
{
	return misfortune_run(drivers, sizeof drivers / sizeof drivers[0]);
}
