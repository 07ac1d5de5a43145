/* SPDX-License-Identifier: ISC */
/* The fake network device: buffers to frames on the wire, and back. */
#include "fake/net.h"

#include <string.h>

#include "fake/cmocka.h"
#include "fake/platform.h"

struct fake_net fake_net;

const struct fake_net_kind fake_net_kinds[] = {
	{"legacy", 0, 10, true},
	{"legacy, everything but ANY_LAYOUT", VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX, 10, true},
	{"legacy with ANY_LAYOUT", VIRTIO_F_ANY_LAYOUT, 10, false},
	{"legacy, everything", VIRTIO_F_ANY_LAYOUT | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX, 10, false},
	{"modern", VIRTIO_F_VERSION_1, 12, false},
	{"modern with EVENT_IDX", VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX, 12, false},
	{"modern, notified with data", VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | VIRTIO_F_NOTIFICATION_DATA, 12, false},
	{"modern, everything", VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX, 12, false},
};
const unsigned fake_net_kind_count = sizeof fake_net_kinds / sizeof fake_net_kinds[0];

void fake_net_start(uint64_t features)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x01, 0x02, 0x03};

	memset(&fake_net, 0, sizeof fake_net);
	fake_transport_init(
		&fake_net.transport, fake_platform(), VIRTIO_ID_NET, features | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS);
	if (!(features & VIRTIO_F_VERSION_1))
		fake_transport_make_legacy(&fake_net.transport);
	fake_transport_set_config(&fake_net.transport, VIRTIO_NET_CONFIG_MAC, mac, sizeof mac);
	fake_net_config16(VIRTIO_NET_CONFIG_STATUS, VIRTIO_NET_S_LINK_UP);
	fake_net_config16(VIRTIO_NET_CONFIG_MTU, FAKE_NET_MTU);
}

void fake_net_config16(uint32_t offset, uint16_t value)
{
	uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

	fake_transport_set_config(&fake_net.transport, offset, bytes, sizeof bytes);
}

void fake_net_attach(const struct virtio_net_options *options)
{
	assert_int_equal(virtio_net_attach(&fake_net.net, &fake_net.transport.device, options), 0);
}

void fake_net_detach(void)
{
	assert_int_equal(virtio_net_detach(&fake_net.net, NULL, NULL), 0);
	fake_net_forget();
}

void fake_net_forget(void)
{
	for (unsigned i = 0; i < FAKE_TRANSPORT_QUEUES; i++)
		fake_device_detach(&fake_net.transport.queues[i].ring);
}

struct fake_device_ring *fake_net_receiveq(void)
{
	return &fake_net.transport.queues[0].ring;
}

struct fake_device_ring *fake_net_transmitq(void)
{
	return &fake_net.transport.queues[1].ring;
}

uint32_t fake_net_header_size(void)
{
	uint64_t accepted = fake_net.transport.accepted;

	if (accepted & VIRTIO_NET_F_HASH_REPORT)
		return 20;
	return accepted & (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MRG_RXBUF) ? 12 : 10;
}

/* 5.1.6.6: without VERSION_1 and ANY_LAYOUT the first element is the header and nothing else. */
static void check_framing(const struct fake_device_buffer *buffer)
{
	if (!(fake_net.transport.accepted & (VIRTIO_F_VERSION_1 | VIRTIO_F_ANY_LAYOUT))) {
		assert_true(buffer->count >= 2);
		assert_int_equal(buffer->elements[0].length, fake_net_header_size());
	} else {
		assert_true(buffer->elements[0].length > fake_net_header_size());
	}
}

static uint8_t made_of(uint8_t seed, uint32_t at)
{
	return (uint8_t)(seed + at + (at >> 8));
}

bool fake_net_made_of(const uint8_t *bytes, uint8_t seed, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		if (bytes[i] != made_of(seed, i))
			return false;
	return true;
}

void fake_net_fill(struct virtio_net_frame *frame, uint8_t seed, uint32_t length)
{
	uint8_t *data = virtio_net_frame_data(frame);

	frame->length = length;
	for (uint32_t i = 0; i < length; i++)
		data[i] = made_of(seed, i);
}

void fake_net_deliver_lie(uint8_t seed, uint32_t length, uint32_t said)
{
	uint8_t header[20], data[2048];

	assert_true(fake_device_take(fake_net_receiveq(), &fake_net.buffer));
	check_framing(&fake_net.buffer);
	assert_int_equal(fake_net.buffer.readable_bytes, 0);
	/* A header full of promises that nobody negotiated: it must not matter. */
	memset(header, 0xff, sizeof header);
	fake_device_write(&fake_net.buffer, 0, header, fake_net_header_size());
	assert_true(length <= sizeof data);
	for (uint32_t i = 0; i < length; i++)
		data[i] = made_of(seed, i);
	fake_device_write(&fake_net.buffer, fake_net_header_size(), data, length);
	fake_device_return(fake_net_receiveq(), &fake_net.buffer, said);
}

void fake_net_deliver(uint8_t seed, uint32_t length)
{
	bool known = fake_net.transport.status & VIRTIO_STATUS_DRIVER_OK;

	assert_true(known);
	fake_net_deliver_lie(seed, length, fake_net_header_size() + length);
}

void fake_net_put(const void *bytes, uint32_t length, uint32_t said)
{
	assert_true(fake_device_take(fake_net_receiveq(), &fake_net.buffer));
	check_framing(&fake_net.buffer);
	fake_device_write(&fake_net.buffer, 0, bytes, length);
	fake_device_put(fake_net_receiveq(), &fake_net.buffer, said);
}

unsigned fake_net_deliver_header(const struct virtio_net_hdr *header, const struct virtio_net_hdr_hash *hash,
	const uint8_t *bytes, uint32_t length)
{
	static struct fake_device_buffer buffers[256];
	const uint32_t size = fake_net_header_size();
	uint32_t room, done = 0;
	uint8_t raw[20] = {0};
	unsigned count = 0;

	memcpy(raw, header, sizeof *header);
	if (size == 20)
		memcpy(raw + sizeof *header, hash, sizeof *hash);
	for (; count == 0 || done < length; count++) {
		uint32_t start = count == 0 ? size : 0;

		assert_true(count < 256);
		assert_true(fake_device_take(fake_net_receiveq(), &buffers[count]));
		check_framing(&buffers[count]);
		room = buffers[count].writable_bytes - start;
		room = room < length - done ? room : length - done;
		fake_device_write(&buffers[count], start, bytes + done, room);
		done += room;
		fake_device_put(fake_net_receiveq(), &buffers[count], start + room);
	}
	if (size > 10 && header->num_buffers.value == 0)
		((struct virtio_net_hdr *)(void *)raw)->num_buffers = le16_from((uint16_t)count);
	fake_device_write(&buffers[0], 0, raw, size);
	fake_device_publish(fake_net_receiveq());
	assert_true(count == 1 || fake_net.transport.accepted & VIRTIO_NET_F_MRG_RXBUF);
	return count;
}

/* 5.1.6.2.1: what a driver may say in the header of a frame of LENGTH bytes. */
static void check_header(const struct virtio_net_hdr *header, uint32_t length)
{
	uint64_t accepted = fake_net.transport.accepted;
	uint8_t gso_type = header->gso_type & 0x7f;
	uint64_t feature = gso_type == VIRTIO_NET_HDR_GSO_TCPV4    ? VIRTIO_NET_F_HOST_TSO4
			   : gso_type == VIRTIO_NET_HDR_GSO_TCPV6  ? VIRTIO_NET_F_HOST_TSO6
			   : gso_type == VIRTIO_NET_HDR_GSO_UDP_L4 ? VIRTIO_NET_F_HOST_USO
								   : 0;

	assert_int_equal(header->num_buffers.value, 0);
	assert_true((header->flags & ~VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0);
	assert_true(header->flags == 0 || accepted & VIRTIO_NET_F_CSUM);
	assert_true(header->gso_type == 0 || accepted & feature);
	assert_true(!(header->gso_type & VIRTIO_NET_HDR_GSO_ECN) || accepted & VIRTIO_NET_F_HOST_ECN);
	if (header->flags)
		assert_true(le16_to(header->csum_start) + le16_to(header->csum_offset) + 2u <= length);
	else
		assert_int_equal(header->csum_start.value | header->csum_offset.value, 0);
	if (header->gso_type == 0) {
		assert_int_equal(header->gso_size.value | header->hdr_len.value, 0);
		assert_true(length <= fake_net.net.mtu + 14u);
		return;
	}
	assert_int_equal(header->flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_true(le16_to(header->gso_size) > 0);
	assert_true(le16_to(header->hdr_len) > le16_to(header->csum_start) && le16_to(header->hdr_len) <= length);
}

uint32_t fake_net_send(void)
{
	static const uint8_t zeros[20];
	uint8_t header[20];
	uint32_t length;

	if (!fake_device_take(fake_net_transmitq(), &fake_net.buffer))
		return 0;
	check_framing(&fake_net.buffer);
	assert_int_equal(fake_net.buffer.writable_bytes, 0);
	fake_device_read(&fake_net.buffer, 0, header, fake_net_header_size());
	assert_true(fake_net_header_size() < 20 || memcmp(header + 12, zeros, 8) == 0);
	memset(&fake_net.sent, 0, sizeof fake_net.sent);
	memcpy(&fake_net.sent, header, fake_net_header_size() < 12 ? fake_net_header_size() : 12);
	length = fake_net.buffer.readable_bytes - fake_net_header_size();
	assert_true(length <= FAKE_NET_LONGEST);
	check_header(&fake_net.sent, length);
	fake_device_read(&fake_net.buffer, fake_net_header_size(), fake_net.wire, length);
	fake_device_return(fake_net_transmitq(), &fake_net.buffer, 0xffff); /* rubbish, which some devices write */
	return length;
}

struct virtio_net_frame fake_net_frame(uint32_t length)
{
	struct virtio_segment memory = fake_platform_buffer(VIRTIO_NET_HEADROOM + length);
	struct virtio_net_frame frame;

	virtio_net_frame_init(&frame, memory.data, memory.device_address, memory.length);
	return frame;
}
