/* SPDX-License-Identifier: ISC */
/* virtio-vsock (VIRTIO 5.10) with a device that does as it likes: packets of connections that are, were, or are not. */
#include <virtio/spec/ids.h>
#include <virtio/vsock.h>

#include "session.h"

#define PLACES 6
#define MOST 400 /* bytes at once: more than one packet takes */
#define OUR_CID 3
#define PORT 7

static struct virtio_vsock vsock;
static struct virtio_vsock_connection table[PLACES];
static bool ours[PLACES]; /* which of them the user has */

static int attach(struct fuzz_device *device)
{
	const struct virtio_vsock_options options = {
		.window = 64u << (fuzz_byte(device->input) & 3),
		.buffer_size = 64u + fuzz_byte(device->input),
		.buffers = (uint16_t)(2 + (fuzz_byte(device->input) & 15)),
	};

	memset(ours, 0, sizeof ours);
	return virtio_vsock_attach(&vsock, &device->driver, table, PLACES, &options);
}

static int attach_plainly(struct fuzz_device *device)
{
	memset(ours, 0, sizeof ours);
	return virtio_vsock_attach(&vsock, &device->driver, table, PLACES, NULL);
}

static int detach(struct fuzz_device *device)
{
	(void)device;
	return virtio_vsock_detach(&vsock);
}

/* A place that was given out is nobody else's. */
static void own(const struct virtio_vsock_connection *connection)
{
	size_t at = (size_t)(connection - table);

	fuzz_check(at < PLACES && !ours[at]);
	ours[at] = true;
}

/* No more waits in any window than it has room for. */
static void check(void)
{
	for (unsigned i = 0; i < PLACES; i++)
		fuzz_check(table[i].received - table[i].taken <= vsock.window);
}

static void send_some(struct fuzz_device *device, struct virtio_vsock_connection *connection)
{
	static const uint8_t bytes[MOST];
	uint32_t length = fuzz_u16(device->input) % MOST;
	int sent = virtio_vsock_send(connection, bytes, length);

	fuzz_check(sent < 0 || (uint32_t)sent <= length);
}

static void receive_some(struct fuzz_device *device, struct virtio_vsock_connection *connection)
{
	uint32_t length = fuzz_u16(device->input) % MOST;
	uint8_t *bytes =
		malloc(length + 1); /* of nearly its own size, so that the sanitizers see an access behind it */
	int got = virtio_vsock_receive(connection, bytes, length);

	fuzz_check(got < 0 || ((uint32_t)got <= length && (uint32_t)got <= vsock.window));
	(void)virtio_vsock_at_end(connection);
	free(bytes);
}

/* New places: by calling, by listening, by accepting. */
static void take_place(struct fuzz_device *device, unsigned choice)
{
	struct virtio_vsock_connection *connection = NULL;
	unsigned at = fuzz_byte(device->input) % PLACES;
	int result = 0;

	if (choice % 3 == 0)
		result = virtio_vsock_connect(&vsock, VIRTIO_VSOCK_CID_DEVICE, at, &connection);
	else if (choice % 3 == 1)
		result = virtio_vsock_listen(&vsock, PORT + at % 2, (uint16_t)(at / 2), &connection);
	else if (ours[at])
		result = virtio_vsock_accept(&table[at], &connection) == 1 ? 0 : VIRTIO_ERR_AGAIN;
	else
		return;
	if (result == 0)
		own(connection);
}

static void use_place(struct fuzz_device *device, unsigned choice)
{
	unsigned at = fuzz_byte(device->input) % PLACES;

	if (!ours[at])
		return;
	switch (choice % 4) {
	case 0:
		send_some(device, &table[at]);
		return;
	case 1:
		receive_some(device, &table[at]);
		return;
	case 2:
		(void)!virtio_vsock_shutdown(&table[at], choice / 4 % 4);
		return;
	default:
		virtio_vsock_close(&table[at]);
		ours[at] = false;
	}
}

static void step(struct fuzz_device *device, unsigned choice)
{
	switch (choice % 5) {
	case 0:
		take_place(device, choice / 5);
		return;
	case 1:
	case 2:
		use_place(device, choice / 5);
		return;
	case 3:
		(void)!virtio_vsock_poll(&vsock);
		check();
		return;
	default:
		(void)!virtio_vsock_enable_interrupts(&vsock);
		virtio_vsock_disable_interrupts(&vsock);
	}
}

static struct virtio_vsock_hdr packet(unsigned op, uint32_t port, uint32_t peer_port, uint32_t length)
{
	return (struct virtio_vsock_hdr){
		.src_cid = le64_from(VIRTIO_VSOCK_CID_DEVICE),
		.dst_cid = le64_from(OUR_CID),
		.src_port = le32_from(peer_port),
		.dst_port = le32_from(port),
		.len = le32_from(length),
		.type = le16_from(VIRTIO_VSOCK_TYPE_STREAM),
		.op = le16_from((uint16_t)op),
		.buf_alloc = le32_from(1000),
	};
}

/* What a good device would do next with CONNECTION: without it few inputs come as far as data. */
static unsigned fitting(const struct virtio_vsock_connection *connection)
{
	switch (connection->state) {
	case VIRTIO_VSOCK_LISTENING:
		return VIRTIO_VSOCK_OP_REQUEST;
	case VIRTIO_VSOCK_CONNECTING:
		return VIRTIO_VSOCK_OP_RESPONSE;
	default:
		return VIRTIO_VSOCK_OP_RW;
	}
}

/* A packet for one of the connections that there are, or for a listener. */
static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	struct fuzz_input *input = device->input;
	const struct virtio_vsock_connection *connection = &table[fuzz_byte(input) % PLACES];
	unsigned length = fuzz_byte(input);
	unsigned op = fuzz_byte(input);
	struct virtio_vsock_hdr header =
		packet(op < 128 ? op % 9 : fitting(connection), connection->port, connection->peer_port, length);

	(void)queue, (void)chain;
	header.flags = le32_from(fuzz_byte(input));
	header.fwd_cnt = le32_from(connection->sent - (fuzz_byte(input) & 15u));
	if (fuzz_byte(input) & 1)
		header.buf_alloc = le32_from(fuzz_u32(input));
	memcpy(bytes, &header, VIRTIO_VSOCK_HEADER);
	memset(bytes + VIRTIO_VSOCK_HEADER, 0x33, length);
	return VIRTIO_VSOCK_HEADER + length - (length & fuzz_byte(input));
}

/* A good device takes what is sent, and keeps what it may write to. */
static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	(void)device, (void)chain;
	return queue == VIRTIO_VSOCK_QUEUE_TX ? 0 : UINT32_MAX;
}

static void deliver(struct fuzz_device *device, unsigned op, const char *text)
{
	uint8_t bytes[64] = {0};
	struct virtio_vsock_hdr header = packet(op, PORT, 99, (uint32_t)strlen(text));

	memcpy(bytes, &header, VIRTIO_VSOCK_HEADER);
	memcpy(bytes + VIRTIO_VSOCK_HEADER, text, strlen(text));
	fuzz_check(fuzz_device_deliver(
		device, VIRTIO_VSOCK_QUEUE_RX, bytes, VIRTIO_VSOCK_HEADER + (uint32_t)strlen(text)));
	fuzz_check(virtio_vsock_poll(&vsock) == 1);
}

static void prove(struct fuzz_device *device)
{
	struct virtio_vsock_connection *listener, *connection;
	char bytes[8] = "";

	fuzz_check(virtio_vsock_listen(&vsock, PORT, 2, &listener) == 0);
	deliver(device, VIRTIO_VSOCK_OP_REQUEST, "");
	fuzz_check(virtio_vsock_accept(listener, &connection) == 1);
	deliver(device, VIRTIO_VSOCK_OP_RW, "hello");
	fuzz_check(virtio_vsock_receive(connection, bytes, sizeof bytes) == 5 && memcmp(bytes, "hello", 5) == 0);
	fuzz_check(virtio_vsock_send(connection, "answer", 6) == 6);
	virtio_vsock_close(connection);
	virtio_vsock_close(listener);
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_VSOCK,
	.features = VIRTIO_VSOCK_F_STREAM | VIRTIO_VSOCK_F_SEQPACKET | VIRTIO_VSOCK_F_NO_IMPLIED_STREAM,
	.needed = VIRTIO_VSOCK_F_STREAM,
	.config = (const uint8_t *)"\x03\0\0\0\0\0\0",
	.config_length = 8,
	.queues = 3,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach_plainly, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
