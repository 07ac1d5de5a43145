/* SPDX-License-Identifier: ISC */
/* The socket device: features, configuration, packets, events (VIRTIO 5.10). */
#ifndef VIRTIO_SPEC_VSOCK_H
#define VIRTIO_SPEC_VSOCK_H

#include <virtio/spec/features.h>
#include <virtio/spec/le.h>

/* 5.10.3 */
#define VIRTIO_VSOCK_F_STREAM VIRTIO_FEATURE(0)            /* stream sockets */
#define VIRTIO_VSOCK_F_SEQPACKET VIRTIO_FEATURE(1)         /* sockets that keep message boundaries: declined */
#define VIRTIO_VSOCK_F_NO_IMPLIED_STREAM VIRTIO_FEATURE(2) /* streams only where STREAM says so */

#define VIRTIO_VSOCK_CONFIG_CID 0 /* 5.10.4: le64, the address of the driver's side */

/* 5.10.2: virtqueues. */
#define VIRTIO_VSOCK_QUEUE_RX 0
#define VIRTIO_VSOCK_QUEUE_TX 1
#define VIRTIO_VSOCK_QUEUE_EVENT 2

/* 5.10.4: addresses with a meaning of their own. */
#define VIRTIO_VSOCK_CID_DEVICE 2        /* the machine that runs ours */
#define VIRTIO_VSOCK_CID_LAST 0xfffffffe /* the largest that a driver's side may have */

#define VIRTIO_VSOCK_TYPE_STREAM 1 /* 5.10.6.3 */

/* 5.10.6: what a packet does. */
#define VIRTIO_VSOCK_OP_REQUEST 1        /* asks for a connection */
#define VIRTIO_VSOCK_OP_RESPONSE 2       /* grants it */
#define VIRTIO_VSOCK_OP_RST 3            /* refuses or ends it */
#define VIRTIO_VSOCK_OP_SHUTDOWN 4       /* no more data in one direction, or both */
#define VIRTIO_VSOCK_OP_RW 5             /* data */
#define VIRTIO_VSOCK_OP_CREDIT_UPDATE 6  /* tells how much room there is, as every packet does */
#define VIRTIO_VSOCK_OP_CREDIT_REQUEST 7 /* asks for that */

/* 5.10.6.5: flags of SHUTDOWN. */
#define VIRTIO_VSOCK_SHUTDOWN_RECEIVE 1u /* the sender of this will receive no more */
#define VIRTIO_VSOCK_SHUTDOWN_SEND 2u    /* and send no more */

#define VIRTIO_VSOCK_EVENT_TRANSPORT_RESET 0 /* 5.10.6.7: everything under way is lost */

/* 5.10.6: in front of each packet. */
struct virtio_vsock_hdr {
	struct le64 src_cid;   /* sender: address */
	struct le64 dst_cid;   /* receiver: address */
	struct le32 src_port;  /* sender: port */
	struct le32 dst_port;  /* receiver: port */
	struct le32 len;       /* bytes of data behind the header */
	struct le16 type;      /* VIRTIO_VSOCK_TYPE_ */
	struct le16 op;        /* VIRTIO_VSOCK_OP_ */
	struct le32 flags;     /* of the operation */
	struct le32 buf_alloc; /* sender: bytes that it has room for in all */
	struct le32 fwd_cnt;   /* sender: bytes that its user has taken, since the start, modulo 2^32 */
};

#define VIRTIO_VSOCK_HEADER 44u /* bytes of it in memory: sizeof would count padding at its end */

VIRTIO_STATIC_ASSERT(offsetof(struct virtio_vsock_hdr, fwd_cnt) == 40, "5.10.6");

/* 5.10.6.7: an event. */
struct virtio_vsock_event {
	struct le32 id; /* VIRTIO_VSOCK_EVENT_ */
};

#endif
