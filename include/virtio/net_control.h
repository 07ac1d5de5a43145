/* SPDX-License-Identifier: ISC */
/*
 * The network device's control queue (VIRTIO 5.1.6.5): commands about addresses, filters, queues and interrupts. A
 * runtime that wants them names the code at attach, and the features that they need:
 *
 *     #include <virtio/net_control.h>
 *
 *     int join_vlan(struct virtio_net *net, struct virtio_device *device, uint16_t vlan, uint64_t deadline)
 *     {
 *             const struct virtio_net_options options = {
 *                     .control = &virtio_net_control,
 *                     .wanted = VIRTIO_NET_F_GUEST_ANNOUNCE, // done without where it is not there
 *                     .required = VIRTIO_NET_F_CTRL_VLAN,
 *                     .pairs = 4, // net->active_pairs tells how many there are
 *             };
 *             int result = virtio_net_attach(net, device, &options);
 *
 *             if (result == 0)
 *                     result = virtio_net_set_vlan(net, vlan, true); // on its way to the device
 *             if (result == 0)
 *                     result = virtio_net_command_wait(net, deadline); // or virtio_net_command_poll now and then
 *             return result;
 *     }
 *
 * One command is under way at a time. None of the calls that start one waits, and what they are given is copied. They
 * return 0; VIRTIO_ERR_AGAIN when the command before has not ended; VIRTIO_ERR_UNSUPPORTED when its feature was not
 * agreed on; VIRTIO_ERR_INVALID for a wrong argument, VIRTIO_ERR_TOO_LARGE for too many; VIRTIO_ERR_PROTOCOL when the
 * queue is broken. All calls here are for one user at a time, who may be another one than those of the pairs, and not
 * for interrupt handlers.
 */
#ifndef VIRTIO_NET_CONTROL_H
#define VIRTIO_NET_CONTROL_H

#include <virtio/net.h>

VIRTIO_BEGIN_DECLS

#define VIRTIO_NET_MAC_FILTER_MAX 512 /* addresses in both filter tables together */
#define VIRTIO_NET_RSS_TABLE_MAX 1024 /* entries of the table that spreads frames over pairs */

/* The code of the control queue, and of pairs beyond the first. For options.control. */
extern const struct virtio_net_control_ops virtio_net_control;

/*
 * Look whether the command under way has ended: 1 when the device did it; 0 not yet; VIRTIO_ERR_IO when the device
 * refused it; VIRTIO_ERR_PROTOCOL when the queue is broken; VIRTIO_ERR_INVALID when none is under way.
 */
VIRTIO_MUST_CHECK int virtio_net_command_poll(struct virtio_net *net);

/*
 * Wait until the command under way has ended. 0 when the device did it; VIRTIO_ERR_TIMEOUT at DEADLINE (of the
 * platform's clock): it is still under way, so poll later or detach; VIRTIO_ERR_UNSUPPORTED: no now hook; or the error
 * of virtio_net_command_poll.
 */
VIRTIO_MUST_CHECK int virtio_net_command_wait(struct virtio_net *net, uint64_t deadline);

/* Take MAC, a station's address, as ours (CTRL_MAC_ADDR): net->mac changes when the command has ended well. */
VIRTIO_MUST_CHECK int virtio_net_set_mac(struct virtio_net *net, const uint8_t mac[6]);

/*
 * Switch one way of receiving ON or off: MODE is VIRTIO_NET_CTRL_RX_PROMISC or VIRTIO_NET_CTRL_RX_ALLMULTI (CTRL_RX),
 * or one of the other four VIRTIO_NET_CTRL_RX_ of virtio/spec/net.h (CTRL_RX_EXTRA). Devices begin with all off, or
 * promiscuous.
 */
VIRTIO_MUST_CHECK int virtio_net_set_receive_mode(struct virtio_net *net, unsigned mode, bool on);

/*
 * Replace the addresses besides our own whose frames we want (CTRL_RX): UNICAST_COUNT of them at UNICAST, and
 * MULTICAST_COUNT groups at MULTICAST, 6 bytes each, at most VIRTIO_NET_MAC_FILTER_MAX together. Either may be 0 and
 * NULL.
 */
VIRTIO_MUST_CHECK int virtio_net_set_mac_filter(struct virtio_net *net, const uint8_t *unicast, unsigned unicast_count,
	const uint8_t *multicast, unsigned multicast_count);

/* Begin to receive frames of VLAN id, 0 to 4095, or where not RECEIVE to drop them (CTRL_VLAN). Without the feature
 * devices hand over all of them. */
VIRTIO_MUST_CHECK int virtio_net_set_vlan(struct virtio_net *net, uint16_t id, bool receive);

/* Tell the device that the network knows where we are, after it asked for that (VIRTIO_NET_F_GUEST_ANNOUNCE):
 * net->announce becomes false when the command has ended well. */
VIRTIO_MUST_CHECK int virtio_net_acknowledge_announce(struct virtio_net *net);

/*
 * Of what was agreed on, switch on the receive offloads in OFFLOADS and the others off
 * (VIRTIO_NET_F_CTRL_GUEST_OFFLOADS): feature bits, from VIRTIO_NET_F_GUEST_CSUM to VIRTIO_NET_F_GUEST_USO6. One that
 * was not agreed on: VIRTIO_ERR_INVALID.
 */
VIRTIO_MUST_CHECK int virtio_net_set_receive_offloads(struct virtio_net *net, uint64_t offloads);

/*
 * Use the first PAIRS of queues, 1 to net->pairs (MQ). Attach has asked for all of them already. Pairs that go must not
 * be used by anybody any more, save to take frames back; pairs that come may be once the command has ended well.
 */
VIRTIO_MUST_CHECK int virtio_net_set_pairs(struct virtio_net *net, uint16_t pairs);

/* How received frames are spread over pairs. */
struct virtio_net_rss {
	uint32_t hash_types;   /* what is hashed: VIRTIO_NET_HASH_TYPE_ bits, of those that the device has */
	const uint16_t *table; /* pair for each value of the hash's lower bits: below net->pairs */
	uint16_t table_length; /* entries, a power of two, up to what the device and VIRTIO_NET_RSS_TABLE_MAX allow */
	uint16_t unclassified_pair; /* for frames without a hash */
	uint16_t transmit_pairs;    /* pairs used to transmit, 1 to net->pairs */
	const uint8_t *key;         /* of the hash */
	uint8_t key_length;         /* bytes of it, up to what the device allows */
};

/* Spread received frames over pairs as RSS says (RSS), in place of virtio_net_set_pairs. */
VIRTIO_MUST_CHECK int virtio_net_set_rss(struct virtio_net *net, const struct virtio_net_rss *rss);

/* Hash received frames of HASH_TYPES with KEY of KEY_LENGTH bytes and report it, spreading aside (HASH_REPORT). */
VIRTIO_MUST_CHECK int virtio_net_set_hash(
	struct virtio_net *net, uint32_t hash_types, const uint8_t *key, uint8_t key_length);

/* When interrupts come: after so many frames, or so long after the first, whichever is earlier; both 0: at once. */
struct virtio_net_coalescing {
	uint32_t packets;      /* frames */
	uint32_t microseconds; /* time */
};

/* Set WHEN interrupts come for all queues that receive, or, TRANSMIT, for those that transmit (NOTF_COAL). */
VIRTIO_MUST_CHECK int virtio_net_set_coalescing(
	struct virtio_net *net, bool transmit, const struct virtio_net_coalescing *when);

/* The same for the queue of one active PAIR (VQ_NOTF_COAL). */
VIRTIO_MUST_CHECK int virtio_net_set_queue_coalescing(
	struct virtio_net *net, uint16_t pair, bool transmit, const struct virtio_net_coalescing *when);

/* Ask what it is for that queue (VQ_NOTF_COAL). When the command has ended well, *WHEN is filled in: it must stay. */
VIRTIO_MUST_CHECK int virtio_net_get_queue_coalescing(
	struct virtio_net *net, uint16_t pair, bool transmit, struct virtio_net_coalescing *when);

VIRTIO_END_DECLS

#endif
