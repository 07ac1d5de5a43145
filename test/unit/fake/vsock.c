/* SPDX-License-Identifier: ISC */
/* The fake socket device: packets between buffers and the test. */
#include "fake/vsock.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

struct fake_vsock fake_vsock;

#define transport fake_vsock.transport
#define RX (&transport.queues[VIRTIO_VSOCK_QUEUE_RX].ring)
#define TX (&transport.queues[VIRTIO_VSOCK_QUEUE_TX].ring)
#define EVENTS (&transport.queues[VIRTIO_VSOCK_QUEUE_EVENT].ring)

void fake_vsock_set_cid(uint64_t cid)
{
	struct le64 raw = le64_from(cid);

	fake_transport_set_config(&transport, VIRTIO_VSOCK_CONFIG_CID, &raw, sizeof raw);
}

void fake_vsock_start(uint64_t features)
{
	memset(&fake_vsock, 0, sizeof fake_vsock);
	fake_transport_init(&transport, fake_platform(), VIRTIO_ID_VSOCK, features);
	fake_vsock_set_cid(FAKE_VSOCK_CID);
	fake_vsock.room = FAKE_VSOCK_ROOM;
}

void fake_vsock_attach(void)
{
	static const struct virtio_vsock_options options = {
		.window = FAKE_VSOCK_WINDOW, .buffer_size = FAKE_VSOCK_PACKET, .buffers = 8};

	assert_int_equal(virtio_vsock_attach(
				 &fake_vsock.vsock, &transport.device, fake_vsock.table, FAKE_VSOCK_PLACES, &options),
		0);
}

void fake_vsock_detach(void)
{
	assert_int_equal(virtio_vsock_detach(&fake_vsock.vsock), 0);
	assert_int_equal(fake_platform_live(), 0);
}

struct virtio_vsock_hdr fake_vsock_header(uint32_t peer, uint32_t port, uint16_t op)
{
	return (struct virtio_vsock_hdr){
		.src_cid = le64_from(VIRTIO_VSOCK_CID_DEVICE),
		.dst_cid = le64_from(FAKE_VSOCK_CID),
		.src_port = le32_from(peer),
		.dst_port = le32_from(port),
		.type = le16_from(VIRTIO_VSOCK_TYPE_STREAM),
		.op = le16_from(op),
		.buf_alloc = le32_from(fake_vsock.room),
		.fwd_cnt = le32_from(fake_vsock.taken),
	};
}

void fake_vsock_say_lie(const struct virtio_vsock_hdr *header, const void *data, uint32_t length, uint32_t said)
{
	struct fake_device_buffer *buffer = &fake_vsock.buffer;

	assert_true(fake_device_take(RX, buffer));
	/* VSK-13 */
	assert_int_equal(buffer->readable_bytes, 0);
	assert_int_equal(buffer->count, 1);
	fake_device_write(buffer, 0, header, VIRTIO_VSOCK_HEADER);
	if (length)
		fake_device_write(buffer, VIRTIO_VSOCK_HEADER, data, length);
	fake_device_return(RX, buffer, said);
}

void fake_vsock_say(uint32_t peer, uint32_t port, uint16_t op, uint32_t flags, const void *data, uint32_t length)
{
	struct virtio_vsock_hdr header = fake_vsock_header(peer, port, op);

	header.flags = le32_from(flags);
	header.len = le32_from(length);
	fake_vsock_say_lie(&header, data, length, VIRTIO_VSOCK_HEADER + length);
}

uint16_t fake_vsock_take(void)
{
	struct fake_device_buffer *buffer = &fake_vsock.buffer;

	if (!fake_device_take(TX, buffer))
		return 0;
	/* VSK-13 */
	assert_int_equal(buffer->writable_bytes, 0);
	assert_int_equal(buffer->count, 1);
	assert_true(buffer->readable_bytes >= VIRTIO_VSOCK_HEADER);
	memset(&fake_vsock.header, 0, sizeof fake_vsock.header);
	fake_device_read(buffer, 0, &fake_vsock.header, VIRTIO_VSOCK_HEADER);
	fake_vsock.length = buffer->readable_bytes - VIRTIO_VSOCK_HEADER;
	assert_int_equal(le32_to(fake_vsock.header.len), fake_vsock.length);
	if (fake_vsock.length)
		fake_device_read(buffer, VIRTIO_VSOCK_HEADER, fake_vsock.data, fake_vsock.length);
	fake_device_return(TX, buffer, 0);
	/* VSK-02 */
	assert_int_equal(le64_to(fake_vsock.header.src_cid), fake_vsock.vsock.cid);
	return le16_to(fake_vsock.header.op);
}

void fake_vsock_expect(uint32_t peer, uint32_t port, uint16_t op)
{
	assert_int_equal(fake_vsock_take(), op);
	assert_int_equal(le32_to(fake_vsock.header.src_port), port);
	assert_int_equal(le32_to(fake_vsock.header.dst_port), peer);
}

void fake_vsock_expect_nothing(void)
{
	assert_int_equal(fake_device_available(TX), 0);
}

void fake_vsock_event(uint32_t id, uint32_t length)
{
	struct le32 raw = le32_from(id);

	assert_true(fake_device_take(EVENTS, &fake_vsock.buffer));
	assert_int_equal(fake_vsock.buffer.readable_bytes, 0);
	fake_device_write(&fake_vsock.buffer, 0, &raw, sizeof raw);
	fake_device_return(EVENTS, &fake_vsock.buffer, length);
}

struct virtio_vsock_connection *fake_vsock_connected(void)
{
	struct virtio_vsock_connection *connection;

	assert_int_equal(virtio_vsock_connect(&fake_vsock.vsock, VIRTIO_VSOCK_CID_DEVICE, 1234, &connection), 0);
	fake_vsock_expect(1234, connection->port, VIRTIO_VSOCK_OP_REQUEST);
	fake_vsock_say(1234, connection->port, VIRTIO_VSOCK_OP_RESPONSE, 0, NULL, 0);
	assert_int_equal(virtio_vsock_poll(&fake_vsock.vsock), 1);
	assert_int_equal(connection->state, VIRTIO_VSOCK_OPEN);
	return connection;
}
