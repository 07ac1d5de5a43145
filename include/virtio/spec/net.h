/* SPDX-License-Identifier: ISC */
/* The network device: features, configuration, the header of each frame (VIRTIO 5.1). */
#ifndef VIRTIO_SPEC_NET_H
#define VIRTIO_SPEC_NET_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

/* 5.1.3 */
#define VIRTIO_NET_F_CSUM VIRTIO_FEATURE(0)                /* the device completes checksums that we leave partial */
#define VIRTIO_NET_F_GUEST_CSUM VIRTIO_FEATURE(1)          /* we take frames with partial checksums */
#define VIRTIO_NET_F_CTRL_GUEST_OFFLOADS VIRTIO_FEATURE(2) /* receive offloads can be switched */
#define VIRTIO_NET_F_MTU VIRTIO_FEATURE(3)                 /* the device tells the MTU */
#define VIRTIO_NET_F_MAC VIRTIO_FEATURE(5)                 /* the device tells the MAC address */
#define VIRTIO_NET_F_GUEST_TSO4 VIRTIO_FEATURE(7)          /* we take large TCP/IPv4 segments */
#define VIRTIO_NET_F_GUEST_TSO6 VIRTIO_FEATURE(8)          /* we take large TCP/IPv6 segments */
#define VIRTIO_NET_F_GUEST_ECN VIRTIO_FEATURE(9)           /* ... with ECN */
#define VIRTIO_NET_F_GUEST_UFO VIRTIO_FEATURE(10)          /* we take large UDP datagrams in fragments */
#define VIRTIO_NET_F_HOST_TSO4 VIRTIO_FEATURE(11)          /* the device cuts TCP/IPv4 */
#define VIRTIO_NET_F_HOST_TSO6 VIRTIO_FEATURE(12)          /* the device cuts TCP/IPv6 */
#define VIRTIO_NET_F_HOST_ECN VIRTIO_FEATURE(13)           /* ... with ECN */
#define VIRTIO_NET_F_HOST_UFO VIRTIO_FEATURE(14)           /* the device fragments UDP */
#define VIRTIO_NET_F_MRG_RXBUF VIRTIO_FEATURE(15)          /* a received frame may fill several buffers */
#define VIRTIO_NET_F_STATUS VIRTIO_FEATURE(16)             /* the device tells the link status */
#define VIRTIO_NET_F_CTRL_VQ VIRTIO_FEATURE(17)            /* there is a control queue */
#define VIRTIO_NET_F_CTRL_RX VIRTIO_FEATURE(18)            /* receive modes */
#define VIRTIO_NET_F_CTRL_VLAN VIRTIO_FEATURE(19)          /* VLAN filter */
#define VIRTIO_NET_F_CTRL_RX_EXTRA VIRTIO_FEATURE(20)      /* more receive modes */
#define VIRTIO_NET_F_GUEST_ANNOUNCE VIRTIO_FEATURE(21)     /* the device asks us to announce ourselves */
#define VIRTIO_NET_F_MQ VIRTIO_FEATURE(22)                 /* several pairs of queues */
#define VIRTIO_NET_F_CTRL_MAC_ADDR VIRTIO_FEATURE(23)      /* the MAC address can be set */

/* 5.1.4: offsets in the device configuration. */
#define VIRTIO_NET_CONFIG_MAC 0                 /* 6 bytes, with MAC */
#define VIRTIO_NET_CONFIG_STATUS 6              /* le16, with STATUS */
#define VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS 8 /* le16, with MQ */
#define VIRTIO_NET_CONFIG_MTU 10                /* le16, with MTU */

#define VIRTIO_NET_S_LINK_UP 1  /* in the status field */
#define VIRTIO_NET_S_ANNOUNCE 2 /* in the status field */

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#define VIRTIO_NET_HDR_F_RSC_INFO 4
#define VIRTIO_NET_HDR_GSO_NONE 0

/* 5.1.6: the header in front of each frame. */
struct virtio_net_hdr {
	uint8_t flags;           /* VIRTIO_NET_HDR_F_ */
	uint8_t gso_type;        /* VIRTIO_NET_HDR_GSO_ */
	struct le16 hdr_len;     /* a hint: length of the protocol headers */
	struct le16 gso_size;    /* bytes of data a segment */
	struct le16 csum_start;  /* where the checksum begins */
	struct le16 csum_offset; /* where to put it, from csum_start on */
	struct le16 num_buffers; /* absent on legacy devices without MRG_RXBUF */
};

#define VIRTIO_NET_HDR_SIZE_LEGACY 10 /* 5.1.6.1: without num_buffers */
#define VIRTIO_NET_HDR_SIZE 12        /* with it */

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_net_hdr) == VIRTIO_NET_HDR_SIZE, "5.1.6");

#endif
