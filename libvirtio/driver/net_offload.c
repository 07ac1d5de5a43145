/* SPDX-License-Identifier: ISC */
/*
 * Frames whose header says something: checksums and large frames both ways (VIRTIO 5.1.6.2, 5.1.6.4.2), hashes
 * (5.1.6.4.3), and received frames that fill several buffers (5.1.6.4). The header is read once, into the frame's
 * fields, and believed only as far as it can be true.
 */
#include "driver/net_internal.h"

#define RECEIVE_USO (VIRTIO_NET_F_GUEST_USO4 | VIRTIO_NET_F_GUEST_USO6)
#define UDP_HEADER 8
#define TCP_HEADER 20
#define TCP_OFFSET 12 /* byte in the TCP header whose upper half is the header's length in words */

/* The feature that a frame of GSO_TYPE needs, to be received or transmitted; 0: there is no such type. */
static uint64_t gso_feature(uint8_t gso_type, bool receive)
{
	switch (gso_type & ~VIRTIO_NET_GSO_ECN) {
	case VIRTIO_NET_GSO_TCPV4:
		return receive ? VIRTIO_NET_F_GUEST_TSO4 : VIRTIO_NET_F_HOST_TSO4;
	case VIRTIO_NET_GSO_TCPV6:
		return receive ? VIRTIO_NET_F_GUEST_TSO6 : VIRTIO_NET_F_HOST_TSO6;
	case VIRTIO_NET_GSO_UDP:
		return receive ? RECEIVE_USO : VIRTIO_NET_F_HOST_USO;
	default:
		return 0;
	}
}

/* Whether frames of GSO_TYPE may pass with these FEATURES; ECN is for TCP only. */
static bool gso_allowed(uint64_t features, uint8_t gso_type, bool receive)
{
	if (!(features & gso_feature(gso_type, receive)))
		return false;
	if (!(gso_type & VIRTIO_NET_GSO_ECN))
		return true;
	return gso_type != (VIRTIO_NET_GSO_UDP | VIRTIO_NET_GSO_ECN) &&
	       features & (receive ? VIRTIO_NET_F_GUEST_ECN : VIRTIO_NET_F_HOST_ECN);
}

/* Whether the place of the checksum lies within the LENGTH bytes of FRAME. */
static bool checksum_inside(const struct virtio_net_frame *frame, uint64_t length)
{
	return (uint64_t)frame->checksum_start + frame->checksum_offset + 2 <= length;
}

/* ---- receive ---- */

/* Take the header's fields over into FRAME; receive_check judges them once the frame is complete. Returns num_buffers.
 */
static unsigned read_header(const struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	const uint8_t *header = frame->buffer + VIRTIO_NET_HEADROOM - pair->header_size;
	uint64_t features = pair->net->features;
	struct virtio_net_hdr raw;
	__builtin_memcpy(&raw, header, pair->merge ? VIRTIO_NET_HDR_SIZE : VIRTIO_NET_HDR_SIZE_LEGACY);
	if (features & VIRTIO_NET_F_GUEST_CSUM) {
		/* With RSC_INFO the fields mean something else, and nobody agreed on that (5.1.6.4.2). */
		if ((raw.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_RSC_INFO)) ==
			VIRTIO_NET_HDR_F_NEEDS_CSUM)
			frame->flags = VIRTIO_NET_NEEDS_CHECKSUM;
		if (raw.flags & VIRTIO_NET_HDR_F_DATA_VALID)
			frame->flags |= VIRTIO_NET_CHECKSUM_VALID;
		frame->gso_type = raw.gso_type;
		frame->gso_size = le16_to(raw.gso_size);
		frame->checksum_start = le16_to(raw.csum_start);
		frame->checksum_offset = le16_to(raw.csum_offset);
	}
	if (features & VIRTIO_NET_F_HASH_REPORT) {
		struct virtio_net_hdr_hash hash;
		__builtin_memcpy(&hash, header + VIRTIO_NET_HDR_SIZE, sizeof hash);
		frame->hash = le32_to(hash.hash_value);
		frame->hash_report = le16_to(hash.hash_report);
	}
	return pair->merge ? le16_to(raw.num_buffers) : 1;
}

/*
 * The header's own word for the length of the headers is a hint at best (5.1.6.4.2), so it is worked out from where the
 * checksum begins, if the first segment holds them. False: they reach beyond the frame.
 */
static bool find_header_length(struct virtio_net_frame *frame, uint64_t length)
{
	uint32_t start = frame->checksum_start, transport = UDP_HEADER;
	frame->header_length = 0;
	if (!(frame->flags & VIRTIO_NET_NEEDS_CHECKSUM))
		return true;
	if (frame->gso_type != VIRTIO_NET_GSO_UDP) {
		if (start + TCP_HEADER > frame->length)
			return start + TCP_HEADER <= length;
		transport = (uint32_t)(virtio_net_frame_data(frame)[start + TCP_OFFSET] >> 4) * 4;
		if (transport < TCP_HEADER)
			return false;
	}
	if (start + transport > length || start + transport > UINT16_MAX)
		return false;
	frame->header_length = (uint16_t)(start + transport);
	return true;
}

/* Whether a complete FRAME of LENGTH bytes is one to hand up. */
static bool receive_check(const struct virtio_net_pair *pair, struct virtio_net_frame *frame, uint64_t length)
{
	if (frame->length < VIRTIO_NET_ETHERNET)
		return false;
	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM && !checksum_inside(frame, length))
		return false;
	if (frame->gso_type == VIRTIO_NET_GSO_NONE)
		return length <= pair->receive.longest;
	return length <= pair->receive.longest_gso && frame->gso_size > 0 &&
	       gso_allowed(pair->net->features, frame->gso_type, true) && find_header_length(frame, length);
}

/* All of FRAME has come. Returns it, or NULL where it goes back. */
static struct virtio_net_frame *receive_finish(
	struct virtio_net_pair *pair, struct virtio_net_frame *frame, uint32_t length, bool bad)
{
	if (bad || !receive_check(pair, frame, length)) {
		virtio_net_receive_drop(pair, &frame, 1);
		return NULL;
	}
	pair->receive.frames++;
	pair->receive.bytes += length;
	return frame;
}

/*
 * Whether FRAME, whose first buffer this is, must be asked for its header. That is on a cache line which the
 * device has just written, so reading it makes both wait. Only a frame's last buffer may have room left (5.1.6.4): with
 * nothing else agreed on, such a first one needs no header to be known for the only one.
 */
static bool header_matters(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame)
{
	const uint64_t meanings = VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HASH_REPORT;
	if ((pair->net->features & (meanings | VIRTIO_F_VERSION_1)) != VIRTIO_F_VERSION_1)
		return true;
	return frame->offset + frame->length >= frame->capacity;
}

/* The first buffer of a frame: returns the frame if it is the only one, and is right. */
static struct virtio_net_frame *receive_first(struct virtio_net_pair *pair, const struct virtqueue_used *used)
{
	struct virtio_net_direction *receive = &pair->receive;
	struct virtio_net_frame *frame = used->token;
	bool bad = used->length < pair->header_size;
	frame->offset = VIRTIO_NET_HEADROOM;
	frame->length = bad ? 0 : used->length - pair->header_size;
	frame->segments = 1;
	frame->next = NULL;
	frame->flags = 0;
	frame->gso_type = VIRTIO_NET_GSO_NONE;
	unsigned buffers = !bad && header_matters(pair, frame) ? read_header(pair, frame) : 1;
	if (buffers == 1)
		return receive_finish(pair, frame, frame->length, bad);
	/* A frame needs no more buffers than there are: then it is no number, and the next one starts a new frame. */
	if (buffers == 0 || buffers > receive->queue.ring.size)
		return receive_finish(pair, frame, 0, true);
	receive->held = receive->tail = frame;
	receive->held_bad = frame->length > receive->longest_gso;
	receive->held_length = receive->held_bad ? 0 : frame->length;
	receive->held_missing = (uint16_t)(buffers - 1);
	return NULL;
}

/*
 * One more buffer of the frame that is held: it has no header, so the data begins where that would be. Buffers of a
 * frame that is wrong are held, too, since all of them go back with it.
 */
static struct virtio_net_frame *receive_next(struct virtio_net_pair *pair, const struct virtqueue_used *used)
{
	struct virtio_net_direction *receive = &pair->receive;
	struct virtio_net_frame *part = used->token, *frame = receive->held;
	part->offset = VIRTIO_NET_HEADROOM - pair->header_size;
	part->length = used->length;
	part->segments = 1;
	part->next = NULL;
	receive->tail->next = part;
	receive->tail = part;
	frame->segments++;
	if (used->length == 0 || used->length > receive->longest_gso - receive->held_length)
		receive->held_bad = true;
	else
		receive->held_length += used->length;
	if (--receive->held_missing > 0)
		return NULL;
	receive->held = NULL;
	return receive_finish(pair, frame, receive->held_length, receive->held_bad);
}

static int offload_receive(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count)
{
	struct virtqueue_used used[NET_BURST];
	/* What is looked at is bounded: a device cannot keep us here with buffers that make no frame. */
	unsigned done = 0, looks = count + pair->receive.queue.ring.size;
	while (done < count && looks > 0) {
		unsigned turn = count - done < NET_BURST ? count - done : NET_BURST;
		turn = turn < looks ? turn : looks;
		int got = virtio_queue_get(&pair->receive.queue, used, turn);
		if (got < 0 && done == 0)
			return got;
		for (int i = 0; i < got; i++) {
			struct virtio_net_frame *frame =
				pair->receive.held ? receive_next(pair, &used[i]) : receive_first(pair, &used[i]);
			if (frame)
				frames[done++] = frame;
		}
		if (got < (int)turn)
			break;
		looks -= turn;
	}
	return (int)done;
}

/* Whether all segments of FRAME are there and large enough. */
static bool chain_valid(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame)
{
	for (unsigned left = frame->segments; left > 0; left--, frame = frame->next)
		if (!frame || frame->capacity < pair->receive.least)
			return false;
	return true;
}

/* Add the next COUNT segments from FRAME on, NET_BURST at most. Results as virtqueue_add. */
static int add_segments(struct virtio_net_pair *pair, struct virtio_net_frame *frame, unsigned count)
{
	struct virtqueue_single singles[NET_BURST];
	const uint32_t start = VIRTIO_NET_HEADROOM - pair->header_size;
	for (unsigned i = 0; i < count; i++, frame = frame->next)
		singles[i] = (struct virtqueue_single){virtio_net_span(frame, start, frame->capacity - start), frame};
	return virtio_queue_add_singles(&pair->receive.queue, singles, count, true);
}

static int offload_add_chain(struct virtio_net_pair *pair, struct virtio_net_frame *frame)
{
	const struct virtqueue *ring = &pair->receive.queue.ring;
	const unsigned descriptors = pair->own_header && !ring->tables ? 2 : 1;
	const unsigned most = pair->own_header ? 1 : NET_BURST;
	const unsigned all = frame->segments;
	unsigned left = all;
	if (!chain_valid(pair, frame))
		return VIRTIO_ERR_INVALID;
	if (ring->fault)
		return VIRTIO_ERR_PROTOCOL;
	if (left * descriptors > ring->free_count)
		return 0;
	while (left > 0) {
		const unsigned turn = left < most ? left : most;
		const int added =
			pair->own_header ? virtio_net_receive_add_apart(pair, frame) : add_segments(pair, frame, turn);
		if (added <= 0 && left == all)
			return added;
		for (int i = 0; i < added; i++, left--)
			frame = frame->next;
		/* There was room, so a mapping was refused. What the device has stays there: the rest waits. */
		if (added < (int)turn) {
			virtio_net_lose(pair, frame, left);
			break;
		}
	}
	return 1;
}

/* ---- transmit ---- */

/* What is wrong with the fields of a large FRAME of LENGTH bytes (5.1.6.2.1); 0: nothing. */
static int check_gso(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame, uint64_t length)
{
	if (!gso_allowed(pair->net->features, frame->gso_type, false))
		return gso_feature(frame->gso_type, false) ? VIRTIO_ERR_UNSUPPORTED : VIRTIO_ERR_INVALID;
	if (!(frame->flags & VIRTIO_NET_NEEDS_CHECKSUM) || frame->gso_size == 0 || frame->header_length > length ||
		frame->header_length < frame->checksum_start + frame->checksum_offset + 2)
		return VIRTIO_ERR_INVALID;
	return 0;
}

/* What is wrong with the fields of FRAME of LENGTH bytes; 0: nothing. */
static int check_fields(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame, uint64_t length)
{
	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM && !checksum_inside(frame, length))
		return VIRTIO_ERR_INVALID;
	if (frame->gso_type != VIRTIO_NET_GSO_NONE)
		return check_gso(pair, frame, length);
	return length > __atomic_load_n(&pair->transmit.longest, __ATOMIC_RELAXED) ? VIRTIO_ERR_TOO_LARGE : 0;
}

/* Write the header of FRAME, which has been checked, before its data, where describing it has left zeros for the rest.
 * Flags other than NEEDS_CSUM are not ours to set. */
static void write_header(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame)
{
	uint8_t *header = virtio_net_frame_data(frame) - pair->header_size;
	struct virtio_net_hdr raw = {.flags = 0};
	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM) {
		raw.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		raw.csum_start = le16_from(frame->checksum_start);
		raw.csum_offset = le16_from(frame->checksum_offset);
	}
	if (frame->gso_type != VIRTIO_NET_GSO_NONE) {
		raw.gso_type = frame->gso_type;
		raw.gso_size = le16_from(frame->gso_size);
		raw.hdr_len = le16_from(frame->header_length);
	}
	__builtin_memcpy(header, &raw, VIRTIO_NET_HDR_SIZE_LEGACY);
}

/* Describe one frame. Returns how many segments that took, or an error. */
static int describe_frame(const struct virtio_net_pair *pair, struct virtio_net_frame *frame,
	struct virtio_segment *segments, uint64_t *bytes)
{
	const uint32_t longest = pair->transmit.longest_gso;
	int used = 1;
	*bytes = 0;
	if (!virtio_net_is_single(pair, frame) ||
		!virtio_net_describe_single(frame, longest, pair->header_size, segments, bytes))
		used = virtio_net_describe_chain(pair, frame, longest, segments, bytes);
	int error = used < 0 ? used : check_fields(pair, frame, *bytes);
	if (error < 0)
		return error;
	/* What the device lacks is done without: only whole frames get here, large ones have been refused. */
	if (frame->flags & VIRTIO_NET_NEEDS_CHECKSUM && !(pair->net->features & VIRTIO_NET_F_CSUM) &&
		(error = virtio_net_checksum_complete(frame)) < 0)
		return error;
	write_header(pair, frame);
	return used;
}

static void offload_describe(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count)
{
	virtio_net_describe_burst(pair, burst, frames, count, virtio_net_is_single(pair, frames[0]), describe_frame);
}

/* 5.1.3.1 */
static const struct virtio_feature_rule offload_rules[] = {
	{VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM},
	{VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM},
	{VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM},
	{VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM},
	{VIRTIO_NET_F_GUEST_ECN, VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6},
	{VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM},
	{VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM},
	{VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM},
	{VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6},
	{VIRTIO_NET_F_GUEST_HDRLEN, VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_USO},
	{VIRTIO_NET_F_HASH_REPORT, VIRTIO_NET_F_CTRL_VQ},
	{0, 0},
};

const struct virtio_net_offload_ops virtio_net_offload = {
	.features = VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 |
		    VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_HOST_USO | VIRTIO_NET_F_GUEST_HDRLEN |
		    VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN | RECEIVE_USO |
		    VIRTIO_NET_F_HASH_REPORT,
	.rules = offload_rules,
	.with_needs = virtio_net_with_needs,
	.settle = virtio_net_offload_settle,
	.merged_size = virtio_net_merged_size,
	.receive = offload_receive,
	.add_chain = offload_add_chain,
	.describe = offload_describe,
};
