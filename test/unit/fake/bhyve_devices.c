/* SPDX-License-Identifier: ISC */
/* What bhyve's block, net and entropy devices do with the chains that they are given. */
#include <string.h>
#include <virtio/spec/blk.h>
#include <virtio/spec/features.h>
#include <virtio/spec/net.h>
#include <virtio/spec/status.h>

#include "base/barrier.h"
#include "fake/bhyve.h"

#define RECEIVE 0
#define TRANSMIT 1

static void put_config32(struct bhyve_device *device, unsigned offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		device->config[offset + i] = (uint8_t)(value >> 8 * i);
}

static unsigned segment_limit(const struct bhyve_device *device)
{
	return device->version == BHYVE_NEW ? 126 : 33;
}

static void block_init(struct bhyve_device *device)
{
	device->offered = (uint32_t)(VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
				     VIRTIO_BLK_F_TOPOLOGY | VIRTIO_F_INDIRECT_DESC);
	device->queue_count = 1;
	device->queues[0].size = device->version == BHYVE_NEW ? 128 : 64;
	device->config_size = device->version == BHYVE_NEW ? 60 : 32;
	put_config32(device, VIRTIO_BLK_CONFIG_CAPACITY, BHYVE_SECTORS);
	put_config32(device, VIRTIO_BLK_CONFIG_SEG_MAX, segment_limit(device));
	put_config32(device, VIRTIO_BLK_CONFIG_BLK_SIZE, 512);
}

void bhyve_offer_discard(struct bhyve_device *device)
{
	device->offered |= (uint32_t)VIRTIO_BLK_F_DISCARD;
	put_config32(device, VIRTIO_BLK_CONFIG_DISCARD, BHYVE_SECTORS);
	put_config32(device, VIRTIO_BLK_CONFIG_DISCARD + 4, 1);
	put_config32(device, VIRTIO_BLK_CONFIG_DISCARD + 8, 1);
}

static void net_init(struct bhyve_device *device)
{
	static const uint8_t mac[6] = {0x58, 0x9c, 0xfc, 1, 2, 3};

	device->offered =
		(uint32_t)(VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_F_NOTIFY_ON_EMPTY);
	if (device->version == BHYVE_NEW)
		device->offered |= (uint32_t)VIRTIO_F_INDIRECT_DESC;
	device->queue_count = 2;
	device->queues[RECEIVE].size = 1024;
	device->queues[TRANSMIT].size = 1024;
	device->config_size = 12;
	memcpy(device->config, mac, sizeof mac);
	device->config[VIRTIO_NET_CONFIG_STATUS] = VIRTIO_NET_S_LINK_UP;
}

static void reset_vectors(struct bhyve_device *device)
{
	device->config_vector = VIRTIO_NO_VECTOR;
	for (unsigned i = 0; i < device->queue_count; i++)
		device->queues[i].vector = VIRTIO_NO_VECTOR;
}

void bhyve_device_init(struct bhyve_device *device)
{
	if (device->type == VIRTIO_ID_BLOCK) {
		block_init(device);
	} else if (device->type == VIRTIO_ID_NET) {
		net_init(device);
	} else {
		device->queue_count = 1;
		device->queues[0].size = 64;
	}
	reset_vectors(device);
}

void bhyve_device_reset(struct bhyve_device *device)
{
	if (device->held_count)
		bhyve_kill("a reset while the disk works on requests: they finish into a ring that is gone");
	for (unsigned i = 0; i < device->queue_count; i++)
		device->queues[i] = (struct bhyve_queue){.size = device->queues[i].size};
	reset_vectors(device);
	device->status = 0;
	device->isr = 0;
	device->select = 0;
	device->features = 0;
	device->features_written = 0;
	device->receiving = false;
	device->resets++;
}

/* Header and status where bhyve wants them; the data all of one direction, and of whole sectors. */
static bool block_framing_ok(const struct bhyve_device *device, const struct bhyve_chain *chain)
{
	const struct bhyve_piece *last = &chain->pieces[chain->count - 1];

	if (chain->count < 2 || chain->count > segment_limit(device) + 2)
		bhyve_kill("a block request has a header, at most seg_max segments, and a status");
	else if (chain->pieces[0].length != sizeof(struct virtio_blk_req) || chain->pieces[0].writable)
		bhyve_kill("the first descriptor of a block request is exactly its 16-byte header");
	else if (last->length != 1 || !last->writable)
		bhyve_kill("the last descriptor of a block request is exactly 1 byte, device-writable");
	return !bhyve_killed();
}

/* Copy between the medium and the pieces of a read or write. */
static uint8_t block_transfer(struct bhyve_device *device, const struct bhyve_chain *chain, uint64_t sector, bool write)
{
	uint64_t offset = sector * 512;
	uint64_t end = offset;

	for (unsigned i = 1; i + 1 < chain->count; i++) {
		end += chain->pieces[i].length;
		if (chain->pieces[i].writable == write)
			bhyve_kill("data of a block request has the wrong direction");
	}
	if (sector > BHYVE_SECTORS || end > sizeof device->disk)
		bhyve_kill("a request past the end: reads answer OK with untouched data, writes grow the file");
	if (end % 512)
		bhyve_kill("a block request of no whole sectors");
	if (bhyve_killed() || (write && device->read_only))
		return VIRTIO_BLK_S_IOERR;
	for (unsigned i = 1; i + 1 < chain->count; i++) {
		const struct bhyve_piece *piece = &chain->pieces[i];
		uint8_t *medium = (uint8_t *)device->disk + offset;
		memcpy(write ? medium : piece->data, write ? piece->data : medium, piece->length);
		offset += piece->length;
	}
	return VIRTIO_BLK_S_OK;
}

/* One range, within the disk; the hole reads as zeroes. */
static uint8_t block_discard(struct bhyve_device *device, const struct bhyve_chain *chain)
{
	struct virtio_blk_range range;

	if (!(device->features & VIRTIO_BLK_F_DISCARD))
		return VIRTIO_BLK_S_UNSUPP;
	if (chain->count != 3 || chain->pieces[1].length != sizeof range || chain->pieces[1].writable) {
		bhyve_kill("a discard is one range that the device reads");
		return VIRTIO_BLK_S_IOERR;
	}
	memcpy(&range, chain->pieces[1].data, sizeof range);
	uint64_t sector = le64_to(range.sector);
	uint32_t count = le32_to(range.count);
	if (sector > BHYVE_SECTORS || count > BHYVE_SECTORS - sector || le32_to(range.flags))
		return VIRTIO_BLK_S_IOERR;
	memset(device->disk[sector], 0, count * sizeof device->disk[0]);
	return VIRTIO_BLK_S_OK;
}

static uint8_t block_serve(struct bhyve_device *device, const struct bhyve_chain *chain)
{
	struct virtio_blk_req header;

	memcpy(&header, chain->pieces[0].data, sizeof header);
	uint32_t type = le32_to(header.type);
	device->served[type & 15]++;
	switch (type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		return block_transfer(device, chain, le64_to(header.sector), type == VIRTIO_BLK_T_OUT);
	case VIRTIO_BLK_T_FLUSH:
		if (chain->count != 2)
			bhyve_kill("a flush with data");
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		memset(chain->pieces[1].data, 0, chain->pieces[1].length);
		memcpy(chain->pieces[1].data, "BHYVE-1234-5678-9ABC", VIRTIO_BLK_ID_LENGTH);
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		return block_discard(device, chain);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

void bhyve_release(struct bhyve_device *device)
{
	struct bhyve_queue *queue = &device->queues[0];

	while (device->held_count && !bhyve_killed()) {
		const struct bhyve_chain *chain = &device->held[--device->held_count];
		*chain->pieces[chain->count - 1].data = block_serve(device, chain);
		/* Always 1, however much was read: only the status is counted. */
		bhyve_chain_return(queue, chain->head, 1);
		bhyve_interrupt(device, queue);
	}
}

static void block_notify(struct bhyve_device *device)
{
	struct bhyve_queue *queue = &device->queues[0];

	while (bhyve_chain_waits(queue)) {
		struct bhyve_chain *chain = &device->held[device->held_count];
		if (!bhyve_chain_take(device, queue, chain) || !block_framing_ok(device, chain))
			return;
		device->held_count++;
	}
	if (!device->hold)
		bhyve_release(device);
}

/* The size of the header in front of each frame. */
static uint32_t net_header(const struct bhyve_device *device)
{
	return device->features & VIRTIO_NET_F_MRG_RXBUF ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_HDR_SIZE_LEGACY;
}

static void net_send(struct bhyve_device *device, const struct bhyve_chain *chain)
{
	uint32_t header = net_header(device);

	if (chain->count < 2 || chain->pieces[0].length != header)
		bhyve_kill("the net header is a descriptor of its own: older versions drop the whole first one");
	if (chain->count > (device->version == BHYVE_NEW ? 256u : 32u))
		bhyve_kill("a frame of more segments than bhyve takes");
	device->sent_length = 0;
	for (unsigned i = 0; i < chain->count; i++) {
		const struct bhyve_piece *piece = &chain->pieces[i];
		if (piece->writable)
			bhyve_kill("a frame to transmit in memory for the device to write");
		if (bhyve_killed())
			return;
		if (i == 0 || device->sent_length + piece->length > BHYVE_FRAME)
			continue;
		memcpy(device->sent + device->sent_length, piece->data, piece->length);
		device->sent_length += piece->length;
	}
	device->sent_count++;
}

static void net_transmit(struct bhyve_device *device)
{
	static struct bhyve_chain chain;
	struct bhyve_queue *queue = &device->queues[TRANSMIT];

	while (bhyve_chain_waits(queue)) {
		if (!bhyve_chain_take(device, queue, &chain))
			return;
		net_send(device, &chain);
		bhyve_chain_return(queue, chain.head, 0);
	}
	bhyve_interrupt(device, queue);
}

/*
 * Write a frame, as far as it fits, into a receive buffer, behind a header of SIZE bytes; 0: without one, for the
 * second and later buffers of a merged frame. Returns how much of the frame.
 */
static uint32_t net_fill(const struct bhyve_chain *chain, const uint8_t *frame, uint32_t length, uint32_t size)
{
	struct virtio_net_hdr header = {.num_buffers = le16_from(1)};
	uint32_t done = 0;
	uint32_t skip = size;

	if (chain->pieces[0].length < size || (chain->pieces[0].length == size && chain->count < 2))
		bhyve_kill("the receive header must fit the first descriptor, and data must follow");
	for (unsigned i = 0; i < chain->count; i++) {
		if (!chain->pieces[i].writable)
			bhyve_kill("a receive buffer that the device may not write");
		if (bhyve_killed())
			return 0;
		uint32_t room = chain->pieces[i].length - skip;
		uint32_t part = room < length - done ? room : length - done;
		memcpy(chain->pieces[i].data + skip, frame + done, part);
		done += part;
		skip = 0;
	}
	memcpy(chain->pieces[0].data, &header, size);
	return done;
}

/* Newer versions go on in more buffers where merging was agreed on; older ones cut what does not fit. */
static void net_receive(struct bhyve_device *device, const uint8_t *frame, uint32_t length)
{
	static struct bhyve_chain chain;
	struct bhyve_queue *queue = &device->queues[RECEIVE];
	bool merge = device->version == BHYVE_NEW && device->features & VIRTIO_NET_F_MRG_RXBUF;
	uint32_t size = net_header(device);
	uint8_t *count_at = NULL;
	uint32_t done = 0;

	for (uint16_t count = 1; count == 1 || (merge && done < length && bhyve_chain_waits(queue)); count++) {
		uint32_t header = count == 1 ? size : 0;
		if (!bhyve_chain_take(device, queue, &chain))
			return;
		uint32_t part = net_fill(&chain, frame + done, length - done, header);
		if (bhyve_killed())
			return;
		if (count == 1)
			count_at = chain.pieces[0].data + offsetof(struct virtio_net_hdr, num_buffers);
		else
			*count_at = (uint8_t)count;
		bhyve_chain_return(queue, chain.head, header + part);
		done += part;
	}
	bhyve_interrupt(device, queue);
}

bool bhyve_deliver(struct bhyve_device *device, const void *frame, uint32_t length)
{
	struct bhyve_queue *queue = &device->queues[RECEIVE];

	if (!device->receiving || !bhyve_chain_waits(queue)) {
		/* Newer versions wait for the next notification, older ones drop and go on. */
		if (device->receiving && device->version == BHYVE_NEW) {
			device->receiving = false;
			virtio_store_relaxed16(&queue->used->flags, 0);
		}
		device->dropped++;
		return false;
	}
	net_receive(device, frame, length);
	return !bhyve_killed();
}

static void entropy_notify(struct bhyve_device *device)
{
	static struct bhyve_chain chain;
	struct bhyve_queue *queue = &device->queues[0];

	while (bhyve_chain_waits(queue)) {
		if (!bhyve_chain_take(device, queue, &chain))
			return;
		if (chain.count != 1 || !chain.pieces[0].writable) {
			bhyve_kill("an entropy buffer is one device-writable descriptor");
			return;
		}
		memset(chain.pieces[0].data, 0x5a, chain.pieces[0].length);
		bhyve_chain_return(queue, chain.head, chain.pieces[0].length);
	}
	bhyve_interrupt(device, queue);
}

void bhyve_device_notify(struct bhyve_device *device, unsigned index)
{
	if (device->type == VIRTIO_ID_BLOCK) {
		block_notify(device);
	} else if (device->type == VIRTIO_ID_ENTROPY) {
		entropy_notify(device);
	} else if (index == TRANSMIT) {
		net_transmit(device);
	} else {
		/* From now on frames are taken, and no more notifications are asked for. */
		device->receiving = true;
		virtio_store_relaxed16(&device->queues[RECEIVE].used->flags, VIRTQ_USED_F_NO_NOTIFY);
	}
}
