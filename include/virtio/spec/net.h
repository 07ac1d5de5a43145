/* SPDX-License-Identifier: ISC */
/* The network device: features, configuration, the header of each frame, commands (VIRTIO 5.1). */
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
#define VIRTIO_NET_F_VQ_NOTF_COAL VIRTIO_FEATURE(52)       /* interrupts can be delayed, for each queue */
#define VIRTIO_NET_F_NOTF_COAL VIRTIO_FEATURE(53)          /* interrupts can be delayed */
#define VIRTIO_NET_F_GUEST_USO4 VIRTIO_FEATURE(54)         /* we take large UDP/IPv4 segments */
#define VIRTIO_NET_F_GUEST_USO6 VIRTIO_FEATURE(55)         /* we take large UDP/IPv6 segments */
#define VIRTIO_NET_F_HOST_USO VIRTIO_FEATURE(56)           /* the device cuts UDP into datagrams */
#define VIRTIO_NET_F_HASH_REPORT VIRTIO_FEATURE(57)        /* each received frame comes with a hash */
#define VIRTIO_NET_F_GUEST_HDRLEN VIRTIO_FEATURE(59)       /* we tell the exact length of the headers */
#define VIRTIO_NET_F_RSS VIRTIO_FEATURE(60)                /* a hash chooses the receive queue */
#define VIRTIO_NET_F_SPEED_DUPLEX VIRTIO_FEATURE(63)       /* the device tells speed and duplex mode */

/* 5.1.4: offsets in the device configuration. */
#define VIRTIO_NET_CONFIG_MAC 0                 /* 6 bytes, with MAC */
#define VIRTIO_NET_CONFIG_STATUS 6              /* le16, with STATUS */
#define VIRTIO_NET_CONFIG_MAX_VIRTQUEUE_PAIRS 8 /* le16, with MQ */
#define VIRTIO_NET_CONFIG_MTU 10                /* le16, with MTU */
#define VIRTIO_NET_CONFIG_SPEED 12              /* le32, with SPEED_DUPLEX: Mbit/s */
#define VIRTIO_NET_CONFIG_DUPLEX 16             /* u8, with SPEED_DUPLEX: 1 full, 0 half */
#define VIRTIO_NET_CONFIG_RSS_MAX_KEY_SIZE 17   /* u8, with RSS or HASH_REPORT */
#define VIRTIO_NET_CONFIG_RSS_MAX_TABLE 18      /* le16, with RSS: most entries of the indirection table */
#define VIRTIO_NET_CONFIG_HASH_TYPES 20         /* le32, with RSS or HASH_REPORT */

#define VIRTIO_NET_S_LINK_UP 1  /* in the status field */
#define VIRTIO_NET_S_ANNOUNCE 2 /* in the status field */

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#define VIRTIO_NET_HDR_F_RSC_INFO 4
#define VIRTIO_NET_HDR_GSO_NONE 0
#define VIRTIO_NET_HDR_GSO_TCPV4 1
#define VIRTIO_NET_HDR_GSO_UDP 3 /* fragments of one datagram */
#define VIRTIO_NET_HDR_GSO_TCPV6 4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* datagrams */
#define VIRTIO_NET_HDR_GSO_ECN 0x80 /* besides one of the TCP types */

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
#define VIRTIO_NET_HDR_SIZE_HASH 20   /* with HASH_REPORT: a virtio_net_hdr_hash behind it */

/* 5.1.6: behind struct virtio_net_hdr, with HASH_REPORT. */
struct virtio_net_hdr_hash {
	struct le32 hash_value;       /* of what hash_report tells */
	struct le16 hash_report;      /* which kind of hash, VIRTIO_NET_HASH_REPORT_ */
	struct le16 padding_reserved; /* nothing */
};

/* 5.1.6.5: classes of commands, and the commands of each. */
#define VIRTIO_NET_CTRL_RX 0
#define VIRTIO_NET_CTRL_RX_PROMISC 0  /* u8: all frames */
#define VIRTIO_NET_CTRL_RX_ALLMULTI 1 /* u8: all multicast frames */
#define VIRTIO_NET_CTRL_RX_ALLUNI 2   /* u8: all unicast frames; these four with CTRL_RX_EXTRA */
#define VIRTIO_NET_CTRL_RX_NOMULTI 3  /* u8: no multicast frames */
#define VIRTIO_NET_CTRL_RX_NOUNI 4    /* u8: no unicast frames */
#define VIRTIO_NET_CTRL_RX_NOBCAST 5  /* u8: no broadcast frames */
#define VIRTIO_NET_CTRL_MAC 1
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0 /* two tables: le32 count, addresses */
#define VIRTIO_NET_CTRL_MAC_ADDR_SET 1  /* 6 bytes */
#define VIRTIO_NET_CTRL_VLAN 2
#define VIRTIO_NET_CTRL_VLAN_ADD 0 /* le16 */
#define VIRTIO_NET_CTRL_VLAN_DEL 1 /* le16 */
#define VIRTIO_NET_CTRL_ANNOUNCE 3
#define VIRTIO_NET_CTRL_ANNOUNCE_ACK 0 /* no data */
#define VIRTIO_NET_CTRL_MQ 4
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0 /* le16 */
#define VIRTIO_NET_CTRL_MQ_RSS_CONFIG 1   /* 5.1.6.5.7.1 */
#define VIRTIO_NET_CTRL_MQ_HASH_CONFIG 2  /* 5.1.6.5.6.4 */
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_MAX 0x8000
#define VIRTIO_NET_CTRL_GUEST_OFFLOADS 5
#define VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET 0 /* le64: bits as the features have them */
#define VIRTIO_NET_CTRL_NOTF_COAL 6
#define VIRTIO_NET_CTRL_NOTF_COAL_TX_SET 0 /* le32 packets, le32 microseconds */
#define VIRTIO_NET_CTRL_NOTF_COAL_RX_SET 1 /* likewise */
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET 2 /* le16 queue, le16 0, and likewise */
#define VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET 3 /* le16 queue, le16 0; the answer likewise */

#define VIRTIO_NET_OK 0 /* the answer to a command; anything else is a refusal */

/* 5.1.6.4.3.1: kinds of hash, in supported_hash_types and in commands. */
#define VIRTIO_NET_HASH_TYPE_IPV4 (1u << 0)
#define VIRTIO_NET_HASH_TYPE_TCPV4 (1u << 1)
#define VIRTIO_NET_HASH_TYPE_UDPV4 (1u << 2)
#define VIRTIO_NET_HASH_TYPE_IPV6 (1u << 3)
#define VIRTIO_NET_HASH_TYPE_TCPV6 (1u << 4)
#define VIRTIO_NET_HASH_TYPE_UDPV6 (1u << 5)
#define VIRTIO_NET_HASH_TYPE_IP_EX (1u << 6)
#define VIRTIO_NET_HASH_TYPE_TCP_EX (1u << 7)
#define VIRTIO_NET_HASH_TYPE_UDP_EX (1u << 8)
#define VIRTIO_NET_HASH_TYPES 0x1ffu /* all that are known */
#define VIRTIO_NET_HASH_REPORT_NONE 0

VIRTIO_STATIC_ASSERT(sizeof(struct virtio_net_hdr) == VIRTIO_NET_HDR_SIZE, "5.1.6");
VIRTIO_STATIC_ASSERT(sizeof(struct virtio_net_hdr) + sizeof(struct virtio_net_hdr_hash) == VIRTIO_NET_HDR_SIZE_HASH,
	"5.1.6: the header with a hash");

#endif
