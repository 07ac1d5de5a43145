/* SPDX-License-Identifier: ISC */
/*
 * virtio-net (VIRTIO 5.1): Ethernet frames, in bursts, in place.
 *
 *     struct virtio_net net;
 *     result = virtio_net_attach(&net, &device, NULL);
 *
 *     struct virtio_net_frame *frames[32];
 *     int count = virtio_net_receive(&net, frames, 32);      frames[i] now belong to us
 *     ... read them, or turn them round ...
 *     sent = virtio_net_transmit(&net, frames, count);       the first `sent` belong to the device
 *     done = virtio_net_transmitted(&net, frames, 32);       sent ones come back
 *     virtio_net_release(&net, frames, done);                and are used to receive again
 *
 * Nothing is copied: the device's header lies in the headroom before the frame (in one descriptor with it, or
 * in one of its own where a device wants that), and a received frame can be transmitted as it is. Nobody blocks
 * here: each call does what can be done now and says how much that was. receive, release and transmit,
 * transmitted are two independent halves: each may be used by a processor of its own, by one at a time. All four
 * may be called from an interrupt handler by that user.
 */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include <virtio/device.h>

VIRTIO_BEGIN_DECLS

#define VIRTIO_NET_HEADROOM 32      /* bytes that every frame keeps free before its data, for the device's header */
#define VIRTIO_NET_ETHERNET 14      /* bytes of an Ethernet header: a frame may be mtu + 14 bytes long */
#define VIRTIO_NET_VLAN 4           /* bytes of a VLAN tag: a received frame may be longer by one */
#define VIRTIO_NET_DEFAULT_MTU 1500 /* where the device does not tell */
#define VIRTIO_NET_MIN_MTU 68       /* what IPv4 needs: a device that tells less is not believed */
#define VIRTIO_NET_MAX_SEGMENTS 31  /* of one frame: a chain with the header stays within what every device takes */

/*
 * A frame, or one segment of it. The struct lies in private memory and belongs to whoever holds the frame; the
 * memory behind it must be visible to the device. Owner of the memory: fills in the first group once (or
 * virtio_net_frame_init does). Holder: the second group, which receiving sets.
 */
struct virtio_net_frame {
	uint8_t *buffer;         /* the memory, VIRTIO_NET_HEADROOM + the longest frame, in one piece */
	uint64_t device_address; /* of buffer, for the device */
	uint32_t capacity;       /* bytes in it */
	void *context;           /* the owner's own; the library does not touch it */

	uint32_t offset;   /* where the data begins in buffer: VIRTIO_NET_HEADROOM or more on the first segment */
	uint32_t length;   /* bytes of data in this segment, at least 1 to transmit */
	uint16_t segments; /* how many segments the frame has, this one included: on the first only; 1 or more */
	uint16_t flags;    /* for offloads: 0 for now */
	struct virtio_net_frame *next; /* the next segment, where `segments` says that there is one */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_net_options {
	uint16_t ring_size;    /* entries of each virtqueue at most, a power of two; 0: as many as the device has, up to
				  256. Legacy devices have the last word. */
	uint16_t max_segments; /* most segments of a frame to transmit, up to VIRTIO_NET_MAX_SEGMENTS; 0: 4 */
	bool own_receive_frames; /* the driver allocates no frames to receive into: virtio_net_release gives them */
	bool refuse_mtu;         /* do not take a larger MTU than 1500 from the device */
};

/* One direction of traffic: a virtqueue and what passed through it. Private, but the counters may be read. */
struct virtio_net_direction {
	struct virtio_queue queue;     /* receiveq1 or transmitq1 */
	struct virtio_net_frame *lost; /* frames that a broken receive ring did not take back, linked by next */
	uint32_t longest;              /* bytes of the longest frame that may pass, Ethernet header included */
	uint32_t under_way;            /* frames that the device holds, transmit only */
	uint64_t frames;               /* counter: frames received or transmitted */
	uint64_t bytes;                /* counter: bytes in them */
	uint64_t dropped;              /* counter: received frames that broke the rules */
};

/* A network device. Caller-owned, private but for the fields that say otherwise. */
struct virtio_net {
	struct virtio_device *device; /* whose driver this is, NULL while it is not attached */
	uint8_t mac[6];               /* read-only: our address */
	uint16_t mtu;                 /* read-only: largest payload of a frame we send, without the Ethernet header */
	uint16_t mtu_limit;           /* the largest that it may become: what the frames were made for */
	bool link_up;                 /* read-only: as of attach, or of the last virtio_net_poll_config */
	bool own_header;              /* the header must be a descriptor of its own (legacy, no ANY_LAYOUT; 5.1.6.6) */
	uint8_t header_size;          /* bytes of the device's header: 10 or 12 */
	uint16_t max_segments;        /* read-only: most of a frame to transmit, fewer than asked for on a short ring */
	struct virtio_net_frame *pool;       /* the frames that attach allocated, NULL with own_receive_frames */
	uint8_t *pool_buffers;               /* their memory */
	uint64_t pool_address;               /* the same, for the device */
	uint32_t pool_count;                 /* how many */
	uint32_t pool_frame_size;            /* bytes of each buffer */
	struct virtio_net_direction receive; /* receiveq1 */
	uint8_t apart[64]; /* keeps the two, which two processors may use, on cache lines of their own */
	struct virtio_net_direction transmit; /* transmitq1 */
};

/*
 * Start the driver on an opened device: negotiate (MAC, MTU, STATUS, ...), set up the queues, fill the receive queue,
 * go live. OPTIONS may be NULL and is read during the call only. NET and DEVICE must stay where they are until
 * virtio_net_detach. Allocates and may wait for the reset.
 *
 * A device without a usable MAC address (none, zero, or a multicast one) gets a locally administered one made up; one
 * with an MTU below VIRTIO_NET_MIN_MTU is not believed and driven with 1500. The log tells of both.
 *
 * VIRTIO_ERR_NO_DEVICE: it is no network device, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it already;
 * VIRTIO_ERR_INVALID: an option is out of its range;
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue;
 * VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the device is reset, unless it is stuck. A line in
 * the log says why.
 */
VIRTIO_MUST_CHECK int virtio_net_attach(
	struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options);

/*
 * Stop: reset the device and free what attach allocated. Frames of the runtime's own that the device still held are
 * handed to RECLAIM (with CONTEXT), one at a time; NULL forgets them. Frames of the driver's own pool must have come
 * back first or are invalid from now on. May wait for the reset. Does nothing when NET is not attached.
 * VIRTIO_ERR_TIMEOUT: the device is stuck, memory that it may still write stays allocated, and frames stay with it.
 */
int virtio_net_detach(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context);

/*
 * Take up to COUNT received frames. Each is the caller's until virtio_net_release. offset and length tell where the
 * data lies; length never exceeds what the device wrote. Frames that break the rules (shorter than an Ethernet header,
 * longer than one of mtu bytes with a VLAN tag) are dropped, counted, and given back to the device. Returns how many, 0
 * when there are none; VIRTIO_ERR_PROTOCOL when the device broke the ring: detach and attach again.
 */
VIRTIO_MUST_CHECK int virtio_net_receive(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count);

/*
 * Give COUNT frames to the device to receive into: received ones when they are done with, also after transmitting them,
 * or the runtime's own; each of one segment. Notifies the device when it asks for it. Returns how many were taken; the
 * rest stay the caller's: when the ring is full (never so for frames that came from receive). When the FIRST frame is
 * wrong: VIRTIO_ERR_INVALID (too small for the headroom and mtu + 14 bytes, or several segments); a later wrong one
 * ends the burst before it. VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
int virtio_net_release(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/*
 * Send up to COUNT frames, in order. Those taken belong to the device until virtio_net_transmitted returns them, and at
 * most one notification is made. Returns how many were taken; fewer when the ring is full (take sent ones back, then
 * try again). When the FIRST frame is wrong: VIRTIO_ERR_TOO_LARGE (longer than mtu + 14 bytes, more segments than
 * max_segments) or VIRTIO_ERR_INVALID (no data, no headroom, data beyond capacity); a later wrong one ends the
 * burst before it.
 * VIRTIO_ERR_PROTOCOL: the ring is broken. A short frame is sent as it is: devices pad it.
 */
VIRTIO_MUST_CHECK int virtio_net_transmit(
	struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/* Take back up to COUNT frames that were sent. Returns how many, 0 when there are none; VIRTIO_ERR_PROTOCOL: the ring
 * is broken. */
VIRTIO_MUST_CHECK int virtio_net_transmitted(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count);

/*
 * Ask for an interrupt when a frame arrives. True: some are waiting already and no interrupt will come for them, so
 * receive instead of sleeping. Interrupts are off after attach, and stay on until they are disabled: turn them off when
 * there is much to receive. For the receiving user, callable in interrupt handlers.
 */
VIRTIO_MUST_CHECK bool virtio_net_enable_receive_interrupts(struct virtio_net *net);

/* Ask for none: a hint, some may still come. For the receiving user, callable in interrupt handlers. */
void virtio_net_disable_receive_interrupts(struct virtio_net *net);

/*
 * As virtio_net_enable_receive_interrupts, for sent frames that can be taken back: an interrupt comes once most of
 * those under way have been sent. True: so many are waiting already. For the transmitting user.
 */
VIRTIO_MUST_CHECK bool virtio_net_enable_transmit_interrupts(struct virtio_net *net);

/* Ask for none: a hint, some may still come. For the transmitting user. */
void virtio_net_disable_transmit_interrupts(struct virtio_net *net);

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: link_up and, where the
 * device tells, a new MTU (it never grows beyond what the frames were made for). Returns 1 when something changed, 0
 * when not, or the error of virtio_device_check or virtio_device_read_config. Reads registers: not for the data path,
 * not for interrupt handlers. For the transmitting user.
 */
VIRTIO_MUST_CHECK int virtio_net_poll_config(struct virtio_net *net);

/* Make FRAME of CAPACITY bytes of memory at BUFFER, which the device finds at DEVICE_ADDRESS: one segment, length 0. */
static inline void virtio_net_frame_init(
	struct virtio_net_frame *frame, uint8_t *buffer, uint64_t device_address, uint32_t capacity)
{
	frame->buffer = buffer;
	frame->device_address = device_address;
	frame->capacity = capacity;
	frame->context = NULL;
	frame->offset = VIRTIO_NET_HEADROOM;
	frame->length = 0;
	frame->segments = 1;
	frame->flags = 0;
	frame->next = NULL;
}

/* The data of a frame's segment. */
static inline uint8_t *virtio_net_frame_data(const struct virtio_net_frame *frame)
{
	return frame->buffer + frame->offset;
}

VIRTIO_END_DECLS

#endif
