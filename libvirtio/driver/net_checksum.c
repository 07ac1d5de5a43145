/* SPDX-License-Identifier: ISC */
/*
 * The internet checksum (RFC 1071), for devices that do not make it (VIRTIO 5.1.6.2: without CSUM frames carry full
 * ones). One's complement sums do not care in which byte order, nor in how wide words, they are made.
 */
#include <virtio/net.h>

/* The next bytes as a number, wherever they lie. */
static inline uint64_t load64(const uint8_t *bytes)
{
	uint64_t word;
	__builtin_memcpy(&word, bytes, sizeof word);
	return word;
}

/* A sum of 64 bits that carries round. */
static inline uint64_t add64(uint64_t sum, uint64_t word)
{
	return __builtin_add_overflow(sum, word, &sum) ? sum + 1 : sum;
}

static uint16_t fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 32) + (sum & UINT32_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)sum;
}

uint16_t virtio_net_checksum(const void *data, size_t length, uint16_t sum)
{
	const uint8_t *bytes = data;
	uint64_t even = sum, odd = 0; /* two at a time: neither waits for the other's carry */
	for (; length >= 16; length -= 16, bytes += 16) {
		even = add64(even, load64(bytes));
		odd = add64(odd, load64(bytes + 8));
	}
	if (length >= 8) {
		even = add64(even, load64(bytes));
		length -= 8;
		bytes += 8;
	}
	uint64_t rest = 0;
	__builtin_memcpy(&rest, bytes, length);
	return fold(add64(add64(even, odd), rest));
}

/* The sum with its two bytes exchanged: what the data would have given one byte further on. */
static uint16_t exchanged(uint16_t sum)
{
	return (uint16_t)(sum << 8 | sum >> 8);
}

/* Sum FRAME's bytes from START on, and find the two bytes at PLACE. NULL: they are not together in one segment. */
static uint8_t *sum_frame(const struct virtio_net_frame *frame, uint32_t start, uint32_t place, uint16_t *result)
{
	uint8_t *found = NULL;
	bool odd = false; /* an odd number of bytes was summed so far */
	uint16_t sum = 0;
	for (unsigned left = frame->segments; left > 0 && frame; left--, frame = frame->next) {
		uint8_t *data = virtio_net_frame_data(frame);
		if (place < frame->length && place + 1 < frame->length)
			found = data + place;
		place = place < frame->length ? UINT32_MAX : place - frame->length;
		if (start >= frame->length) {
			start -= frame->length;
			continue;
		}
		uint16_t part = virtio_net_checksum(data + start, frame->length - start, 0);
		sum = fold((uint64_t)sum + (odd ? exchanged(part) : part));
		odd ^= (frame->length - start) & 1;
		start = 0;
	}
	*result = sum;
	return found;
}

int virtio_net_checksum_complete(struct virtio_net_frame *frame)
{
	if (!(frame->flags & VIRTIO_NET_NEEDS_CHECKSUM))
		return 0;
	uint16_t sum;
	uint8_t *place =
		sum_frame(frame, frame->checksum_start, (uint32_t)frame->checksum_start + frame->checksum_offset, &sum);
	if (!place)
		return VIRTIO_ERR_INVALID;
	/* In UDP, 0 says that there is none, and 0xffff is the same number; TCP takes either. */
	sum = sum == UINT16_MAX ? sum : (uint16_t)~sum;
	__builtin_memcpy(place, &sum, sizeof sum);
	frame->flags &= (uint8_t)~VIRTIO_NET_NEEDS_CHECKSUM;
	return 0;
}
