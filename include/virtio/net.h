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
 * Nothing is copied: the driver's header lies in the headroom before the frame (or in memory of its own where a
 * device wants that), and a received frame can be transmitted as it is. Nobody blocks here: each call does what
 * can be done now and says how much that was. receive, release and transmit, transmitted are two independent
 * halves: each may be used by a processor of its own, by one at a time. All four may be called from an
 * interrupt handler by that user.
 */
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include <virtio/device.h>

VIRTIO_BEGIN_DECLS

#define VIRTIO_NET_HEADROOM 32      /* bytes that every frame keeps free before its data, for the device's header */
#define VIRTIO_NET_ETHERNET 14      /* bytes of an Ethernet header: a frame may be mtu + 14 bytes long */
#define VIRTIO_NET_DEFAULT_MTU 1500 /* where the device does not tell */

/*
 * A frame, or one segment of it. The struct lies in private memory and belongs to whoever holds the frame; the
 * memory behind it must be visible to the device. Owner of the memory: fills in the first group once. Holder: the
 * second group.
 */
struct virtio_net_frame {
	uint8_t *buffer;         /* the memory, VIRTIO_NET_HEADROOM + the longest frame, in one piece */
	uint64_t device_address; /* of buffer, for the device */
	uint32_t capacity;       /* bytes in it */
	void *context;           /* the owner's own; the library does not touch it */

	uint32_t offset; /* where the data begins in buffer: at least VIRTIO_NET_HEADROOM on a frame's first segment */
	uint32_t length; /* bytes of data in this segment, at least 1 to transmit */
	uint16_t segments; /* how many segments the frame has, this one included: on the first only; 1 or more */
	uint16_t flags;    /* for offloads: 0 for now */
	struct virtio_net_frame *next; /* the next segment, NULL on the last */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_net_options {
	uint16_t ring_size;      /* entries of each virtqueue at most; 0: as many as the device has, up to 256 */
	uint16_t max_segments;   /* most segments of a frame to transmit; 0: 4 */
	bool own_receive_frames; /* the driver allocates no frames to receive into: virtio_net_release gives them */
	bool refuse_mtu;         /* do not take a larger MTU than 1500 from the device */
};

/* One direction of traffic: a virtqueue and the frames in it. Private. */
struct virtio_net_direction {
	struct virtio_queue queue; /* receiveq or transmitq */
	uint8_t *headers;          /* shared: headers, where the device wants them in a descriptor of their own */
	struct virtio_segment headers_memory; /* of headers, for dma_free */
	uint64_t dropped;                     /* frames that broke the rules, or were of no use */
	uint64_t frames;                      /* frames received or transmitted */
	uint64_t bytes;                       /* of them */
};

/* A network device. Caller-owned, private but for the fields that say otherwise. */
struct virtio_net {
	struct virtio_device *device; /* whose driver this is */
	uint8_t mac[6];               /* read-only: our address */
	uint16_t mtu;                 /* read-only: largest payload of a frame we send, without the Ethernet header */
	bool link_up;                 /* read-only: as of attach, or of the last virtio_net_poll_config */
	bool own_header;              /* the header must be a descriptor of its own (legacy, no ANY_LAYOUT) */
	uint8_t header_size;          /* bytes of the device's header: 10 or 12 */
	uint16_t max_segments;        /* of a frame to transmit */
	struct virtio_net_direction receive;  /* receiveq1 */
	struct virtio_net_direction transmit; /* transmitq1 */
	struct virtio_net_frame *pool;        /* the frames that attach allocated, NULL with own_receive_frames */
	uint8_t *pool_buffers;                /* their memory */
	uint64_t pool_address;                /* the same, for the device */
	uint32_t pool_count;                  /* how many */
	uint32_t pool_frame_size;             /* bytes of each buffer */
};

/*
 * Start the driver on an opened device: negotiate (MAC, MTU, STATUS, ...), set up the queues, fill the receive queue,
 * go live. OPTIONS may be NULL and is read during the call only. NET and DEVICE must stay where they are until
 * virtio_net_detach. Allocates and may wait for the reset. VIRTIO_ERR_NO_DEVICE: it is no network device, or has gone;
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin; VIRTIO_ERR_NO_MEMORY. After
 * an error nothing is left allocated and the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_net_attach(
	struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options);

/*
 * Stop: reset the device and free what attach allocated. Frames of the runtime's own that the device still held are
 * handed to RECLAIM (with CONTEXT), one at a time; NULL forgets them. Frames of the driver's own pool must have come
 * back first or are invalid from now on. May wait for the reset. VIRTIO_ERR_TIMEOUT: the device is stuck, memory that
 * it may still write stays allocated.
 */
int virtio_net_detach(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context);

/*
 * Take up to COUNT received frames. Each is the caller's until virtio_net_release. offset and length tell where the
 * data lies; length never exceeds what the device wrote. Frames that break the rules (shorter than an Ethernet header,
 * longer than mtu + 18) are dropped, counted, and given back to the device. Returns how many, 0 when there are none;
 * VIRTIO_ERR_PROTOCOL when the device broke the ring: detach and attach again.
 */
VIRTIO_MUST_CHECK int virtio_net_receive(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count);

/*
 * Give COUNT frames to the device to receive into: received ones when they are done with, also after transmitting them,
 * or the runtime's own. Notifies the device when it asks for it. Returns how many were taken; the rest stay the
 * caller's: when the ring is full (never so for frames that came from receive). VIRTIO_ERR_INVALID: the first frame is
 * too small for mtu + 14 bytes and the headroom; VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
int virtio_net_release(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/*
 * Send up to COUNT frames, in order. Those taken belong to the device until virtio_net_transmitted returns them, and at
 * most one notification is made. Returns how many were taken; fewer when the ring is full (take sent ones back, then
 * try again). When the FIRST frame is wrong: VIRTIO_ERR_TOO_LARGE (longer than mtu + 14 bytes, more segments than
 * options.max_segments) or VIRTIO_ERR_INVALID (no data, no headroom); a later wrong one ends the burst before it.
 * VIRTIO_ERR_PROTOCOL: the ring is broken. A short frame is sent as it is: devices pad it.
 */
VIRTIO_MUST_CHECK int virtio_net_transmit(
	struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count);

/* Take back up to COUNT frames that were sent. Returns how many, 0 when there are none; VIRTIO_ERR_PROTOCOL: the ring
 * is broken. */
VIRTIO_MUST_CHECK int virtio_net_transmitted(struct virtio_net *net, struct virtio_net_frame **frames, unsigned count);

/*
 * Ask for an interrupt when a frame arrives. True: some are waiting already and no interrupt will come for them, so
 * receive instead of sleeping. Interrupts are off after attach. For the receiving user, callable in interrupt handlers.
 */
VIRTIO_MUST_CHECK bool virtio_net_receive_interrupts(struct virtio_net *net, bool on);

/* The same for sent frames that can be taken back: comes once most of those under way have been sent. */
VIRTIO_MUST_CHECK bool virtio_net_transmit_interrupts(struct virtio_net *net, bool on);

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: link_up and, where the
 * device tells, a new MTU (it never grows beyond what the frames were made for). Returns 1 when something changed, 0
 * when not, or the error of virtio_device_check. Reads registers: not for the data path, not for interrupt handlers.
 */
VIRTIO_MUST_CHECK int virtio_net_poll_config(struct virtio_net *net);

/* The data of a frame's segment. */
static inline uint8_t *virtio_net_frame_data(const struct virtio_net_frame *frame)
{
	return frame->buffer + frame->offset;
}

VIRTIO_END_DECLS

#endif
