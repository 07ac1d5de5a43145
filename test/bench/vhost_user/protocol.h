/* SPDX-License-Identifier: ISC */
/*
 * The vhost-user protocol, as far as its front end here speaks it: a device in another process, reached through a
 * socket, finds the rings in memory that both have mapped. The document is docs/interop/vhost-user.rst in QEMU's
 * sources; numbers are in the machine's own byte order.
 */
#ifndef BENCH_VHOST_USER_PROTOCOL_H
#define BENCH_VHOST_USER_PROTOCOL_H

#include <stdint.h>

/* What a message asks for. */
enum vhost_user_request {
	VHOST_USER_GET_FEATURES = 1,
	VHOST_USER_SET_FEATURES = 2,
	VHOST_USER_SET_OWNER = 3,
	VHOST_USER_SET_MEM_TABLE = 5,
	VHOST_USER_SET_VRING_NUM = 8,
	VHOST_USER_SET_VRING_ADDR = 9,
	VHOST_USER_SET_VRING_BASE = 10,
	VHOST_USER_GET_VRING_BASE = 11, /* also stops the ring */
	VHOST_USER_SET_VRING_KICK = 12,
	VHOST_USER_SET_VRING_CALL = 13,
	VHOST_USER_GET_PROTOCOL_FEATURES = 15,
	VHOST_USER_SET_PROTOCOL_FEATURES = 16,
	VHOST_USER_SET_VRING_ENABLE = 18,
	VHOST_USER_GET_CONFIG = 24,
	VHOST_USER_SET_CONFIG = 25,
};

/* Flags of a message: bits 0 and 1 are the version. */
#define VHOST_USER_VERSION 1u
#define VHOST_USER_VERSION_MASK 3u
#define VHOST_USER_REPLY 4u      /* this is an answer */
#define VHOST_USER_NEED_REPLY 8u /* answer with 0, or with another number when it failed */

/* A bit among the device's features that is the protocol's: there are protocol features. */
#define VHOST_USER_F_PROTOCOL_FEATURES (UINT64_C(1) << 30)

/* Protocol features. */
#define VHOST_USER_PROTOCOL_F_REPLY_ACK (UINT64_C(1) << 3) /* VHOST_USER_NEED_REPLY is understood */
#define VHOST_USER_PROTOCOL_F_CONFIG (UINT64_C(1) << 9)    /* the back end has the configuration */

/* What every message begins with. */
struct vhost_user_header {
	uint32_t request; /* enum vhost_user_request */
	uint32_t flags;
	uint32_t size; /* bytes that follow */
};

/* The number of a ring, and something about it. */
struct vhost_user_ring_state {
	uint32_t index;
	uint32_t value;
};

/* Where the parts of a ring are, as the front end's own pointers. */
struct vhost_user_ring_addresses {
	uint32_t index;
	uint32_t flags;
	uint64_t descriptors;
	uint64_t used;      /* Device Area */
	uint64_t available; /* Driver Area */
	uint64_t log;
};

/* The memory that both share, one piece of it. The file comes along as a descriptor. */
struct vhost_user_memory {
	uint32_t count; /* of pieces: 1 */
	uint32_t padding;
	uint64_t device_address; /* where the device finds it */
	uint64_t size;
	uint64_t user_address; /* where the front end has it mapped */
	uint64_t file_offset;
};

/* A part of the device-specific configuration. As many bytes as `size` says are sent. */
struct vhost_user_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t bytes[256];
};

#define VHOST_USER_CONFIG_HEADER 12 /* bytes before `bytes` */

#endif
