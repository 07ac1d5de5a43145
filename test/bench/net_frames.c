/* SPDX-License-Identifier: ISC */
/* Frames that tell whether they are whole: number and length stand in them, and every other byte follows from these. */
#include <string.h>

#include "net.h"

#define NUMBER_AT 14 /* behind the Ethernet header: number and length, 4 bytes each */
#define FILLING_AT 22

static const uint8_t ethernet[NUMBER_AT] = {
	0x02, 0x56, 0x48, 0, 0, 1, 0x02, 0x56, 0x48, 0, 0, 2, 0x88, 0xb5}; /* a type for experiments */

static void fill(uint8_t *bytes, uint32_t number, uint32_t length)
{
	memcpy(bytes, ethernet, sizeof ethernet);
	memcpy(bytes + NUMBER_AT, &number, 4);
	memcpy(bytes + NUMBER_AT + 4, &length, 4);
	for (uint32_t i = FILLING_AT; i < length; i++)
		bytes[i] = (uint8_t)(number * 37 + i * 11 + (i >> 8));
}

int net_take_back(struct net_bench *bench)
{
	struct virtio_net_frame *frames[NET_BURST];
	int count = virtio_net_transmitted(&bench->net, frames, NET_BURST);

	for (int i = 0; i < count; i++)
		net_drop(bench, frames[i]);
	return count;
}

void net_drop(struct net_bench *bench, struct virtio_net_frame *frame)
{
	while (frame) {
		struct virtio_net_frame *next = frame->next;
		virtio_net_pool_put(&bench->pool, frame);
		frame = next;
	}
}

struct virtio_net_frame *net_make(struct net_bench *bench, uint32_t number, uint32_t length, unsigned pieces)
{
	uint8_t bytes[NET_LONGEST];
	struct virtio_net_frame *first = NULL, **link = &first;
	uint32_t at = 0;

	fill(bytes, number, length);
	for (unsigned i = 0; i < pieces; i++) {
		struct virtio_net_frame *frame = virtio_net_pool_get(&bench->pool);
		if (!frame) {
			net_drop(bench, first);
			return NULL;
		}
		frame->length = i + 1 == pieces ? length - at : length / pieces;
		memcpy(virtio_net_frame_data(frame), bytes + at, frame->length);
		at += frame->length;
		*link = frame;
		link = &frame->next;
	}
	first->segments = (uint16_t)pieces;
	return first;
}

/* All segments in a row; how many bytes, or 0 when they are too many. */
static uint32_t gather(const struct virtio_net_frame *frame, uint8_t *bytes)
{
	const struct virtio_net_frame *segment = frame;
	uint32_t at = 0;

	for (unsigned i = 0; i < frame->segments; i++, segment = segment->next) {
		if (segment->length > NET_LONGEST - at)
			return 0;
		memcpy(bytes + at, virtio_net_frame_data(segment), segment->length);
		at += segment->length;
	}
	return at;
}

bool net_is_whole(const struct virtio_net_frame *frame, uint32_t *number, uint32_t *length)
{
	uint8_t bytes[NET_LONGEST], as_sent[NET_LONGEST];

	*number = 0;
	*length = gather(frame, bytes);
	if (*length < NET_SHORTEST)
		return false;
	memcpy(number, bytes + NUMBER_AT, 4);
	fill(as_sent, *number, *length);
	return memcmp(bytes, as_sent, *length) == 0;
}
