/* SPDX-License-Identifier: ISC */
/*
 * virtio-net (VIRTIO 5.1): Ethernet frames, in bursts, in place.
 *
 *     #include <virtio/net.h>
 *
 *     int echo(struct virtio_device *device)
 *     {
 *             struct virtio_net net;
 *             struct virtio_net_frame *frames[32];
 *             int result = virtio_net_attach(&net, device, NULL);
 *
 *             while (result >= 0) {
 *                     int count = virtio_net_receive(&net, frames, 32); // these are ours now
 *                     int sent = count > 0 ? virtio_net_transmit(&net, frames, (unsigned)count) : count;
 *                     if (sent >= 0) // the first so many are the device's, the others go back to receive
 *                             virtio_net_release(&net, frames + sent, (unsigned)(count - sent));
 *                     result = sent < 0 ? sent : virtio_net_transmitted(&net, frames, 32);
 *                     if (result > 0) // they were sent: used to receive again
 *                             virtio_net_release(&net, frames, (unsigned)result);
 *             }
 *             virtio_net_detach(&net, NULL, NULL);
 *             return result;
 *     }
 *
 * These calls use the first pair of queues; virtio_net_pair_receive and so on use the pair that they are given.
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
#include <virtio/spec/net.h>

VIRTIO_BEGIN_DECLS

#define VIRTIO_NET_HEADROOM 32      /* bytes that every frame keeps free before its data, for the device's header */
#define VIRTIO_NET_ETHERNET 14      /* bytes of an Ethernet header: a frame may be mtu + 14 bytes long */
#define VIRTIO_NET_VLAN 4           /* bytes of a VLAN tag: a received frame may be longer by one */
#define VIRTIO_NET_DEFAULT_MTU 1500 /* where the device does not tell */
#define VIRTIO_NET_MIN_MTU 68       /* what IPv4 needs: a device that tells less is not believed */
#define VIRTIO_NET_MAX_SEGMENTS 31  /* of one frame: a chain with the header stays within what every device takes */
#define VIRTIO_NET_LONGEST 65549    /* bytes of the longest frame, Ethernet header included, however it is sent */
#define VIRTIO_NET_LEAST_BUFFER 128 /* bytes of a receive buffer at least, headroom included, with MRG_RXBUF */

/* What is asked of the device for a frame to transmit, or what it says of a received one: virtio_net_frame.flags. */
#define VIRTIO_NET_NEEDS_CHECKSUM 1 /* the checksum at checksum_start + checksum_offset is partial (see below) */
#define VIRTIO_NET_CHECKSUM_VALID 2 /* received: somebody has checked it. Transmitted: says nothing */

/* What a large frame is made of, and how it is to be cut: virtio_net_frame.gso_type. */
#define VIRTIO_NET_GSO_NONE 0   /* it is none */
#define VIRTIO_NET_GSO_TCPV4 1  /* TCP over IPv4 */
#define VIRTIO_NET_GSO_TCPV6 4  /* TCP over IPv6 */
#define VIRTIO_NET_GSO_UDP 5    /* UDP, as several datagrams */
#define VIRTIO_NET_GSO_ECN 0x80 /* besides one of the TCP types: the segments carry ECN's CWR */

/*
 * A frame, or one segment of it. The struct lies in private memory and belongs to whoever holds the frame; the
 * memory behind it must be visible to the device. Owner of the memory: fills in the first group once (or
 * virtio_net_frame_init does). Holder: the second group, which receiving sets. The third group counts only where flags
 * or gso_type give it a meaning, on the first segment.
 *
 * A partial checksum: the 16 bits at checksum_start + checksum_offset hold the sum of the pseudo-header, not inverted,
 * and the checksum over the bytes from checksum_start to the end of the frame is still to be made.
 */
struct virtio_net_frame {
	uint8_t *buffer;         /* the memory, VIRTIO_NET_HEADROOM + the longest frame, in one piece */
	uint64_t device_address; /* of buffer, for the device */
	void *context;           /* the owner's own; the library does not touch it */
	uint32_t capacity;       /* bytes in buffer */

	uint32_t length;   /* bytes of data in this segment, at least 1 to transmit */
	uint32_t offset;   /* where the data begins in buffer: VIRTIO_NET_HEADROOM or more on the first segment */
	uint16_t segments; /* how many segments the frame has, this one included: on the first only; 1 or more */
	uint8_t flags;     /* VIRTIO_NET_NEEDS_CHECKSUM, VIRTIO_NET_CHECKSUM_VALID; first segment only */
	uint8_t gso_type;  /* VIRTIO_NET_GSO_; first segment only */
	struct virtio_net_frame *next; /* the next segment, where `segments` says that there is one */

	uint16_t checksum_start;  /* NEEDS_CHECKSUM: bytes into the frame where the checksum begins */
	uint16_t checksum_offset; /* NEEDS_CHECKSUM: bytes from there to where it is put */
	uint16_t gso_size;        /* gso_type: bytes of payload of each piece, the last may be shorter */
	uint16_t header_length;   /* gso_type: bytes of all headers, which each piece repeats; 0 on received: unknown */
	uint32_t hash;            /* received, with HASH_REPORT: the hash, where hash_report is not 0 */
	uint16_t hash_report;     /* received, with HASH_REPORT: which kind it is, as in VIRTIO 5.1.6.4.4.1; 0: none */
};

struct virtio_net;
struct virtio_net_offload_ops;
struct virtio_net_control_ops;

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults: plain frames, one pair. */
struct virtio_net_options {
	uint16_t ring_size;    /* entries of each virtqueue at most, a power of two; 0: as many as the device has, up to
				  256. Legacy devices have the last word. */
	uint16_t max_segments; /* most segments of a frame to transmit, up to VIRTIO_NET_MAX_SEGMENTS; 0: 4 */
	bool own_receive_frames; /* the driver allocates no frames to receive into: virtio_net_release gives them */
	bool refuse_mtu;         /* do not take a larger MTU than 1500 from the device */

	/*
	 * What to use beyond plain frames, in VIRTIO_NET_F_ bits of virtio/spec/net.h; with each bit comes what it
	 * needs (5.1.3.1). What is WANTED and not there is done without: net->features tells. What is REQUIRED and not
	 * there makes attach fail with VIRTIO_ERR_UNSUPPORTED. With VIRTIO_F_IN_ORDER rings are used in order where the
	 * device and the runtime's list of rings have it: it tells of all that was sent with one record then.
	 */
	uint64_t wanted;
	uint64_t required; /* see wanted */

	/*
	 * The code for it, which is linked in only where it is named here: &virtio_net_offload for MRG_RXBUF,
	 * checksums, large frames and hashes, &virtio_net_control (virtio/net_control.h) for all that is commanded
	 * through the control queue, several pairs included. NULL: without.
	 */
	const struct virtio_net_offload_ops *offload;
	const struct virtio_net_control_ops *control; /* see offload */

	uint16_t pairs; /* how many pairs of queues to use, with control and MQ or RSS; 0: one */
	/* Bytes of each receive buffer of the driver's, headroom included, at most; 0: a frame of the MTU, but no more
	 * than 2048 where MRG_RXBUF lets a frame fill several. Without MRG_RXBUF a frame always fits one, and with it
	 * half of the ring's buffers. With own_receive_frames see to that yourself: what does not fit is lost. */
	uint32_t receive_buffer;
	const uint8_t *address; /* 6 bytes, a station's: our address where the device has none; NULL: one is made up */
};

/* One direction of traffic: a virtqueue and what passed through it. Private, but the counters may be read. */
struct virtio_net_direction {
	struct virtio_queue queue;                    /* receiveq or transmitq */
	const struct virtio_net_offload_ops *offload; /* how frames with offloads pass; NULL: there are none */
	uint32_t longest;              /* bytes of the longest plain frame that may pass, Ethernet header included */
	uint32_t longest_gso;          /* receive, transmit: and of a large one */
	uint32_t under_way;            /* transmit: frames that the device holds */
	uint32_t least;                /* receive: what a buffer must hold at least, headroom included */
	struct virtio_net_frame *lost; /* receive: frames that a broken ring did not take back, linked by next */
	struct virtio_net_frame *held; /* receive: a merged frame of which not all has come, linked by next */
	struct virtio_net_frame *tail; /* receive: its last segment */
	uint32_t held_length;          /* receive: its bytes so far */
	uint16_t held_missing;         /* receive: how many segments are still to come */
	bool held_bad;                 /* receive: it broke the rules, and goes back to the device */
	uint64_t frames;               /* counter: frames received or transmitted */
	uint64_t bytes;                /* counter: bytes in them */
	uint64_t dropped;              /* counter: received frames that broke the rules */
};

/*
 * A pair of queues: receiveqN and transmitqN. Frames pass through the calls below, each pair for itself: different
 * pairs may be used by different processors without locks. Private, but for the counters.
 */
struct virtio_net_pair {
	struct virtio_net *net;               /* whose it is */
	struct virtio_net_frame *pool;        /* the frames that attach allocated, NULL with own_receive_frames */
	uint8_t *pool_buffers;                /* their memory */
	uint64_t pool_address;                /* the same, for the device */
	uint32_t pool_count;                  /* how many */
	uint32_t pool_frame_size;             /* bytes of each buffer */
	struct virtio_own_memory pool_memory; /* the device layer's view of it */
	uint32_t header_size;                 /* bytes of the device's header: 10, 12 or 20 */
	bool own_header;                      /* it must be a descriptor of its own (legacy, no ANY_LAYOUT; 5.1.6.6) */
	bool merge;                           /* a received frame may fill several buffers (MRG_RXBUF) */
	bool enabled;                         /* the device uses it: the first always, others after a command */
	struct virtio_net_direction receive;  /* receiveq */
	uint8_t apart[64]; /* keeps the two, which two processors may use, on cache lines of their own */
	struct virtio_net_direction transmit; /* transmitq */
	uint8_t apart_too[64];                /* and the next pair */
};

#define VIRTIO_NET_SPEED_UNKNOWN UINT32_MAX
#define VIRTIO_NET_HALF_DUPLEX 0
#define VIRTIO_NET_FULL_DUPLEX 1
#define VIRTIO_NET_DUPLEX_UNKNOWN 0xff

/* A network device. Caller-owned, private but for the fields that say otherwise. */
struct virtio_net {
	struct virtio_device *device; /* whose driver this is, NULL while it is not attached */
	uint64_t features;            /* read-only: what was agreed on, VIRTIO_NET_F_ bits and the common ones */
	uint8_t mac[6];               /* read-only: our address */
	uint16_t mtu;                 /* read-only: largest payload of a frame we send, without the Ethernet header */
	uint16_t mtu_limit;           /* the largest that it may become: what the frames were made for */
	uint16_t max_segments;        /* read-only: most of a frame to transmit, fewer than asked for on a short ring */
	bool link_up;                 /* read-only: as of attach, or of the last virtio_net_poll_config */
	bool announce;                /* read-only, with VIRTIO_NET_F_GUEST_ANNOUNCE: see VIRTIO_NET_CHANGED_ANNOUNCE */
	bool mac_made_up;             /* read-only: the device had no usable address */
	uint8_t duplex;               /* read-only: VIRTIO_NET_HALF_DUPLEX, FULL_DUPLEX or DUPLEX_UNKNOWN */
	uint32_t speed;               /* read-only: Mbit/s, or VIRTIO_NET_SPEED_UNKNOWN */
	uint16_t pairs;               /* read-only: pairs that were set up, 1 or more */
	uint16_t active_pairs;        /* read-only: those of them that the device was told to use: the first so many */
	uint16_t max_pairs;           /* read-only: pairs that the device has */
	struct virtio_net_pair first; /* the first pair, which the calls without a pair use */
	struct virtio_net_pair *more; /* the others */
	const struct virtio_net_control_ops *control_ops; /* the control queue's code, or NULL */
	struct virtio_net_control *control;               /* and its state */
	struct virtio_net_options options; /* as given to attach, but for the address: virtio_net_restart uses them */
};

/*
 * Start the driver on an opened device: negotiate, set up the queues, fill the receive queues, go live. OPTIONS may be
 * NULL and is read during the call only. NET and DEVICE must stay where they are until virtio_net_detach. Allocates and
 * may wait: for the reset and, with several pairs or an address made up, for the answer to a command.
 *
 * A device without a usable MAC address (none, zero, or a multicast one) gets that of the options, or a locally
 * administered one made up; one with an MTU below VIRTIO_NET_MIN_MTU is not believed and driven with 1500. The log
 * tells of both.
 *
 * VIRTIO_ERR_NO_DEVICE: it is no network device, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it already;
 * VIRTIO_ERR_INVALID: an option is out of its range, or DEVICE was never opened (and is zeroed);
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue,
 * UNSUPPORTED also when a required feature is missing; VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated
 * and the device is reset, unless it is stuck. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_net_attach(
	struct virtio_net *net, struct virtio_device *device, const struct virtio_net_options *options);

/*
 * Stop: reset the device and free what attach allocated. Frames of the runtime's own that the device still held are
 * handed to RECLAIM (with CONTEXT), one at a time; NULL forgets them. So a device that broke, or whose frames are
 * never sent, is brought back: detach, attach (virtio_net_restart in helper.h). Frames of the driver's own pool must
 * have come back first or are invalid from now on. May wait for the reset. Does nothing when NET is not attached.
 * VIRTIO_ERR_TIMEOUT: the device is stuck, memory that it may still write stays allocated, and frames stay with it.
 */
int virtio_net_detach(
	struct virtio_net *net, void (*reclaim)(void *context, struct virtio_net_frame *frame), void *context);

/* Pair NUMBER, from 0: NULL where net->pairs are fewer. */
static inline struct virtio_net_pair *virtio_net_pair(struct virtio_net *net, unsigned number)
{
	if (number >= net->pairs)
		return NULL;
	return number == 0 ? &net->first : &net->more[number - 1];
}

/*
 * Take up to COUNT received frames. Each is the caller's until virtio_net_pair_release. offset and length tell where
 * the data lies; length never exceeds what the device wrote. With MRG_RXBUF a frame may have several segments. Frames
 * that break the rules (shorter than an Ethernet header, longer than one of mtu bytes with a VLAN tag unless they are
 * large ones, fields that make no sense) are dropped, counted, and given back to the device. Returns how many, 0 when
 * there are none; VIRTIO_ERR_PROTOCOL when the device broke the ring: detach and attach again.
 */
VIRTIO_MUST_CHECK int virtio_net_pair_receive(
	struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count);

/*
 * Give COUNT frames to the device to receive into: received ones when they are done with, also after transmitting them,
 * or the runtime's own, to the pair that they came from or any other. Each segment becomes a buffer of its own; several
 * only with MRG_RXBUF. Notifies the device when it asks for it. Returns how many were taken; the rest stay the
 * caller's: when the ring is full (never so for frames that came from this pair). When the FIRST frame is wrong:
 * VIRTIO_ERR_INVALID (too small for the headroom and the longest frame, or with MRG_RXBUF for VIRTIO_NET_LEAST_BUFFER;
 * or several segments); a later wrong one ends the burst before it. VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
int virtio_net_pair_release(struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count);

/*
 * Send up to COUNT frames, in order. Those taken belong to the device until virtio_net_pair_transmitted returns them,
 * and at most one notification is made. Returns how many were taken; fewer when the ring is full (take sent ones back,
 * then try again). When the FIRST frame is wrong: VIRTIO_ERR_TOO_LARGE (longer than mtu + 14 bytes or, a large one,
 * than VIRTIO_NET_LONGEST; more segments than max_segments), VIRTIO_ERR_INVALID (no data, no headroom, data beyond
 * capacity, fields for the checksum or for cutting that make no sense; a pair that is not enabled) or
 * VIRTIO_ERR_UNSUPPORTED (it asks for what was not agreed on); a later wrong one ends the burst before it. With
 * options.offload a checksum that the device cannot complete is completed by the processor, in place.
 * VIRTIO_ERR_PROTOCOL: the ring is broken. A short frame is sent as it is: devices pad it.
 */
VIRTIO_MUST_CHECK int virtio_net_pair_transmit(
	struct virtio_net_pair *pair, struct virtio_net_frame *const *frames, unsigned count);

/* Take back up to COUNT frames that were sent. Returns how many, 0 when there are none; VIRTIO_ERR_PROTOCOL: the ring
 * is broken. */
VIRTIO_MUST_CHECK int virtio_net_pair_transmitted(
	struct virtio_net_pair *pair, struct virtio_net_frame **frames, unsigned count);

/*
 * Ask for an interrupt when a frame arrives. True: some are waiting already and no interrupt will come for them, so
 * receive instead of sleeping. Interrupts are off after attach, and stay on until they are disabled: turn them off when
 * there is much to receive. For the receiving user, callable in interrupt handlers.
 */
VIRTIO_MUST_CHECK bool virtio_net_pair_enable_receive_interrupts(struct virtio_net_pair *pair);

/* Ask for none: a hint, some may still come. For the receiving user, callable in interrupt handlers. */
void virtio_net_pair_disable_receive_interrupts(struct virtio_net_pair *pair);

/*
 * As virtio_net_pair_enable_receive_interrupts, for sent frames that can be taken back: an interrupt comes once most of
 * those under way have been sent. True: so many are waiting already. For the transmitting user.
 */
VIRTIO_MUST_CHECK bool virtio_net_pair_enable_transmit_interrupts(struct virtio_net_pair *pair);

/* Ask for none: a hint, some may still come. For the transmitting user. */
void virtio_net_pair_disable_transmit_interrupts(struct virtio_net_pair *pair);

/* virtio_net_pair_receive on the first pair. */
VIRTIO_MUST_CHECK static inline int virtio_net_receive(
	struct virtio_net *net, struct virtio_net_frame **frames, unsigned count)
{
	return virtio_net_pair_receive(&net->first, frames, count);
}

/* virtio_net_pair_release on the first pair. */
static inline int virtio_net_release(struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	return virtio_net_pair_release(&net->first, frames, count);
}

/* virtio_net_pair_transmit on the first pair. */
VIRTIO_MUST_CHECK static inline int virtio_net_transmit(
	struct virtio_net *net, struct virtio_net_frame *const *frames, unsigned count)
{
	return virtio_net_pair_transmit(&net->first, frames, count);
}

/* virtio_net_pair_transmitted on the first pair. */
VIRTIO_MUST_CHECK static inline int virtio_net_transmitted(
	struct virtio_net *net, struct virtio_net_frame **frames, unsigned count)
{
	return virtio_net_pair_transmitted(&net->first, frames, count);
}

/* virtio_net_pair_enable_receive_interrupts on the first pair. */
VIRTIO_MUST_CHECK static inline bool virtio_net_enable_receive_interrupts(struct virtio_net *net)
{
	return virtio_net_pair_enable_receive_interrupts(&net->first);
}

/* virtio_net_pair_disable_receive_interrupts on the first pair. */
static inline void virtio_net_disable_receive_interrupts(struct virtio_net *net)
{
	virtio_net_pair_disable_receive_interrupts(&net->first);
}

/* virtio_net_pair_enable_transmit_interrupts on the first pair. */
VIRTIO_MUST_CHECK static inline bool virtio_net_enable_transmit_interrupts(struct virtio_net *net)
{
	return virtio_net_pair_enable_transmit_interrupts(&net->first);
}

/* virtio_net_pair_disable_transmit_interrupts on the first pair. */
static inline void virtio_net_disable_transmit_interrupts(struct virtio_net *net)
{
	virtio_net_pair_disable_transmit_interrupts(&net->first);
}

/* What has changed, as virtio_net_poll_config tells. */
#define VIRTIO_NET_CHANGED_LINK 1  /* link_up */
#define VIRTIO_NET_CHANGED_MTU 2   /* mtu */
#define VIRTIO_NET_CHANGED_SPEED 4 /* speed or duplex */
#define VIRTIO_NET_CHANGED_ANNOUNCE \
	8 /* announce was set: tell the network where we are (a gratuitous ARP), then
					 virtio_net_acknowledge_announce */

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: link_up and, where the
 * device tells, speed, duplex, announce and a new MTU (it never grows beyond what the frames were made for). Returns
 * what has changed, VIRTIO_NET_CHANGED_ bits, 0 when nothing has; or the error of virtio_device_check or
 * virtio_device_read_config. Reads registers: not for the data path, not for interrupt handlers. By one user at a time.
 */
VIRTIO_MUST_CHECK int virtio_net_poll_config(struct virtio_net *net);

/* Frames with checksums and large frames (5.1.6.2, 5.1.6.4), merged ones (5.1.6.4), and hashes. For options.offload. */
extern const struct virtio_net_offload_ops virtio_net_offload;

/*
 * Complete a partial checksum, for whom the device cannot: sums FRAME's data, all segments, from checksum_start on,
 * puts the result where it belongs, and clears VIRTIO_NET_NEEDS_CHECKSUM. 0, also where the flag is not set;
 * VIRTIO_ERR_INVALID when the place lies outside of the frame or across two segments. Callable anywhere.
 */
int virtio_net_checksum_complete(struct virtio_net_frame *frame);

/*
 * The internet checksum's sum (RFC 1071) of LENGTH bytes at DATA, added to SUM: 0 first, then what the call before
 * returned; all pieces but the last have an even length. Not inverted, and in network order when it is stored as it is:
 * a checksum field is `(uint16_t)~sum`. Callable anywhere.
 */
uint16_t virtio_net_checksum(const void *data, size_t length, uint16_t sum);

/* Make FRAME an empty one: one segment, length 0, no offloads, data behind the headroom. Its memory stays. */
static inline void virtio_net_frame_reset(struct virtio_net_frame *frame)
{
	frame->length = 0;
	frame->offset = VIRTIO_NET_HEADROOM;
	frame->segments = 1;
	frame->flags = 0;
	frame->gso_type = VIRTIO_NET_GSO_NONE;
	frame->next = NULL;
}

/* Make FRAME of CAPACITY bytes of memory at BUFFER, which the device finds at DEVICE_ADDRESS: one segment, length 0. */
static inline void virtio_net_frame_init(
	struct virtio_net_frame *frame, uint8_t *buffer, uint64_t device_address, uint32_t capacity)
{
	frame->buffer = buffer;
	frame->device_address = device_address;
	frame->context = NULL;
	frame->capacity = capacity;
	virtio_net_frame_reset(frame);
}

/* The data of a frame's segment. */
static inline uint8_t *virtio_net_frame_data(const struct virtio_net_frame *frame)
{
	return frame->buffer + frame->offset;
}

VIRTIO_END_DECLS

#endif
