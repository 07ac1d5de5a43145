/* SPDX-License-Identifier: ISC */
/* What the files of the network driver share (VIRTIO 5.1). */
#ifndef LIBVIRTIO_DRIVER_NET_INTERNAL_H
#define LIBVIRTIO_DRIVER_NET_INTERNAL_H

#include <virtio/net.h>
#include <virtio/spec/net.h>

#define NET_INLINE static inline __attribute__((always_inline))
#define NET_ALONE static __attribute__((noinline))

#define NET_SEND_TSO (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6)
#define NET_SEND_LARGE (NET_SEND_TSO | VIRTIO_NET_F_HOST_USO)
#define NET_RULES_MOST 32 /* of all that may be named */

#define NET_BURST 32          /* frames described at a time */
#define NET_BURST_SEGMENTS 64 /* and segments: two each, or some longer frames */

VIRTIO_STATIC_ASSERT(VIRTIO_NET_MAX_SEGMENTS + 1 <= NET_BURST_SEGMENTS, "the longest frame fits a burst");
VIRTIO_STATIC_ASSERT(VIRTIO_NET_HDR_SIZE_HASH <= VIRTIO_NET_HEADROOM, "the header fits the headroom");

/* Frames as the ring takes them: either all of one segment, or of any number. Left uninitialised beyond `count`. */
struct net_burst {
	uint64_t bytes; /* data in them, transmit only */
	unsigned count; /* of them, filled in */
	int error;      /* what is wrong with the first frame, when there are none */
	bool single;    /* singles count, else buffers */
	union {
		struct virtqueue_single singles[NET_BURST];
		struct {
			struct virtqueue_buffer buffers[NET_BURST];
			struct virtio_segment segments[NET_BURST_SEGMENTS];
		};
	};
};

/* How frames pass whose header says something. The plain way (net_queues.c) leaves it to this where it is named. */
struct virtio_net_offload_ops {
	uint64_t features;                       /* that it makes usable */
	const struct virtio_feature_rule *rules; /* what they need */

	/* virtio_net_with_needs. */
	uint64_t (*with_needs)(
		const struct virtio_net_options *options, uint64_t features, struct virtio_feature_rule *rules);

	/* What the features that were agreed on change of PAIR, which is settled for plain frames. */
	void (*settle)(struct virtio_net_pair *pair, const struct virtio_net_options *options);

	/* With MRG_RXBUF: bytes of each receive buffer, where LIMIT are asked for, 0: the default. */
	uint32_t (*merged_size)(const struct virtio_net_pair *pair, uint32_t limit);

	/* virtio_net_pair_receive. */
	int (*receive)(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count);

	/*
	 * With MRG_RXBUF: add FRAME of several segments to receive into, each of which becomes a buffer, or nothing: 1,
	 * 0 without room, or an error.
	 */
	int (*add_chain)(struct virtio_net_pair *pair, struct virtio_net_frame *frame);

	/* Describe up to COUNT, and NET_BURST, frames to transmit in BURST, headers included. */
	void (*describe)(const struct virtio_net_pair *pair, struct net_burst *burst,
		struct virtio_net_frame *const *frames, unsigned count);
};

/* What the control queue adds to attach and detach. */
struct virtio_net_control_ops {
	uint64_t features;                       /* that it makes usable */
	const struct virtio_feature_rule *rules; /* what they need */

	/* virtio_net_with_needs. */
	uint64_t (*with_needs)(
		const struct virtio_net_options *options, uint64_t features, struct virtio_feature_rule *rules);

	/* Read how many pairs there are. Adds to *BAD the features whose value is out of the question. 0, or the error
	 * of reading the configuration. */
	int (*look)(struct virtio_net *net, uint64_t *bad);

	/* Step 7 of 3.1.1: the pairs of queues beyond the first, and the control queue. */
	int (*start)(struct virtio_net *net, const struct virtio_net_options *options);

	/* The device is live: enable the pairs, and tell it of an address that we made up. May wait. */
	int (*ready)(struct virtio_net *net);

	/* After a reset: free all, save, where KEEP, memory that a stuck device may still write. */
	void (*stop)(struct virtio_net *net, bool keep);
};

/*
 * net_negotiate.c: agree on features, less those that are EXCLUDED, and read what the features decide on: the MTU, the
 * number of pairs.
 */
VIRTIO_MUST_CHECK int virtio_net_negotiate(
	struct virtio_net *net, const struct virtio_net_options *options, uint64_t excluded);

/*
 * net_needs.c: FEATURES, and those that they need by the rules of what OPTIONS name (5.1.3.1), which go into RULES,
 * NET_RULES_MOST at most.
 */
uint64_t virtio_net_with_needs(
	const struct virtio_net_options *options, uint64_t features, struct virtio_feature_rule *rules);

/* net_offload_settle.c: members of virtio_net_offload. */
void virtio_net_offload_settle(struct virtio_net_pair *pair, const struct virtio_net_options *options);
uint32_t virtio_net_merged_size(const struct virtio_net_pair *pair, uint32_t limit);

/* net_negotiate.c: what the features decide for PAIR: the header, limits, how frames pass. */
void virtio_net_pair_settle(
	struct virtio_net *net, struct virtio_net_pair *pair, const struct virtio_net_options *options);

/* net_config.c: the MAC address, and all that may change later, as the device tells it now. */
VIRTIO_MUST_CHECK int virtio_net_read_config(struct virtio_net *net);

/* net_config.c: a new MTU, within what the frames were made for. */
void virtio_net_set_mtu(struct virtio_net *net, uint16_t mtu);

/* net_pair.c: settle PAIR, whose number is NUMBER, and step 7 of 3.1.1 for it: its queues and its frames. */
VIRTIO_MUST_CHECK int virtio_net_pair_start(struct virtio_net *net, struct virtio_net_pair *pair, uint16_t number,
	const struct virtio_net_options *options);

/* net_pair.c: after the reset: hand over the runtime's frames that the device had not used. */
void virtio_net_pair_reclaim(
	struct virtio_net_pair *pair, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context);

/* net_frames.c: allocate frames to fill PAIR's receive queue with, of at most LIMIT bytes each where they may be small.
 * 0 or VIRTIO_ERR_NO_MEMORY. */
VIRTIO_MUST_CHECK int virtio_net_frames_alloc(struct virtio_net_pair *pair, uint32_t limit);

/* net_frames.c: free them. The device must be done with them; without any does nothing. */
void virtio_net_frames_free(struct virtio_net_pair *pair);

/* net_frames.c: put all of them into the receive queue, without telling the device yet. 0 or the error of the queue. */
VIRTIO_MUST_CHECK int virtio_net_frames_post(struct virtio_net_pair *pair);

/* net_queues.c: virtio_net_pair_release, without telling the device. */
VIRTIO_MUST_CHECK int virtio_net_receive_add(
	struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count);

/* net_chains.c: PART and what follows, LEFT segments that nobody has, wait for detach. */
void virtio_net_lose(struct virtio_net_pair *pair, struct virtio_net_frame *part, unsigned left);

/* net_chains.c: frames that nobody shall see go back to the device, or, when the ring broke, wait for detach. */
void virtio_net_receive_drop(struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count);

/* net_chains.c: add one FRAME to receive into, of any kind: 1, 0 without room, or an error of virtio_net_release. */
VIRTIO_MUST_CHECK int virtio_net_receive_add_other(struct virtio_net_pair *pair, struct virtio_net_frame *frame);

/* net_chains.c: add FRAME, large enough, with a descriptor of its own for the header. Results as virtqueue_add. */
VIRTIO_MUST_CHECK int virtio_net_receive_add_apart(struct virtio_net_pair *pair, struct virtio_net_frame *frame);

/* net_chains.c: describe a burst of plain frames to transmit, of any number of segments. */
void virtio_net_describe_others(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count);

/* net_chains.c: the bytes in COUNT frames, all their segments. */
uint64_t virtio_net_frames_bytes(struct virtio_net_frame *const *frames, unsigned count);

/* LENGTH bytes of the memory of FRAME, from START on. */
NET_INLINE struct virtio_segment virtio_net_span(const struct virtio_net_frame *frame, uint64_t start, uint64_t length)
{
	return (struct virtio_segment){frame->buffer + start, frame->device_address + start, (uint32_t)length};
}

/* The header before FRAME's data becomes all zeros, as a plain frame asks for nothing (5.1.6.2). */
NET_INLINE void virtio_net_clear_header(const struct virtio_net_frame *frame)
{
	uint8_t *header = frame->buffer + frame->offset - VIRTIO_NET_HDR_SIZE;
	__builtin_memset(header, 0, 8); /* two stores, where the compiler saves bytes, too */
	__builtin_memset(header + 8, 0, VIRTIO_NET_HDR_SIZE - 8);
}

/*
 * Describe FRAME of one segment and up to LONGEST bytes behind a header of HEADER zeros, and add its length to *BYTES.
 * False: something is wrong.
 */
NET_INLINE bool virtio_net_describe_single(const struct virtio_net_frame *frame, uint64_t longest, uint64_t header,
	struct virtio_segment *segment, uint64_t *bytes)
{
	const uint64_t offset = frame->offset, length = frame->length; /* wide: their sum does not wrap */
	if (offset < VIRTIO_NET_HEADROOM || length - 1 >= longest || offset + length > frame->capacity)
		return false;
	*bytes += length;
	*segment = virtio_net_span(frame, offset - header, header + length);
	virtio_net_clear_header(frame);
	return true;
}

/* Whether FRAME is one segment to the device, header and all. */
NET_INLINE bool virtio_net_is_single(const struct virtio_net_pair *pair, const struct virtio_net_frame *frame)
{
	return frame->segments == 1 && !pair->own_header;
}

/*
 * Describe frames to transmit until COUNT, one that is wrong, or one that goes another way than the first: as a SINGLE,
 * or not. DESCRIBE does it for one: how many segments that took, or an error, and the bytes in it.
 */
NET_INLINE void virtio_net_describe_burst(const struct virtio_net_pair *pair, struct net_burst *burst,
	struct virtio_net_frame *const *frames, unsigned count, bool single,
	int (*describe)(const struct virtio_net_pair *pair, struct virtio_net_frame *frame,
		struct virtio_segment *segments, uint64_t *bytes))
{
	unsigned i, at = 0;
	burst->single = single;
	burst->bytes = 0;
	for (i = 0; i < count; i++) {
		struct virtio_net_frame *frame = frames[i];
		struct virtio_segment *segments = single ? &burst->singles[i].segment : &burst->segments[at];
		uint64_t bytes;
		if (i > 0 &&
			(virtio_net_is_single(pair, frame) != single || at + frame->segments + 1u > NET_BURST_SEGMENTS))
			break;
		int used = describe(pair, frame, segments, &bytes);
		if (used < 0) {
			burst->error = used;
			break;
		}
		if (single)
			burst->singles[i].token = frame;
		else
			burst->buffers[i] = (struct virtqueue_buffer){segments, frame, (uint16_t)used, 0};
		burst->bytes += bytes;
		at += (unsigned)used;
	}
	burst->count = i;
}

/* net_chains.c: describe FRAME of any number of segments and up to LONGEST bytes, behind a header of zeros. Returns how
 * many segments that took, or an error of virtio_net_pair_transmit; *BYTES is the length of the frame. */
VIRTIO_MUST_CHECK int virtio_net_describe_chain(const struct virtio_net_pair *pair,
	const struct virtio_net_frame *frame, uint32_t longest, struct virtio_segment *segments, uint64_t *bytes);

#endif
