/* SPDX-License-Identifier: ISC */
/* The socket between the front end and the device's process: questions, answers, and descriptors of files. */
#ifndef BENCH_VHOST_USER_CONNECTION_H
#define BENCH_VHOST_USER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

/* A connection. `gone` once something went wrong with it: then every call fails. */
struct vhost_user_connection {
	int socket;
	bool answers; /* the other side confirms each message (VHOST_USER_PROTOCOL_F_REPLY_ACK) */
	bool gone;
};

/* Connect to the socket at PATH. 0, or -1 with errno set. */
int vhost_user_connect(struct vhost_user_connection *connection, const char *path);

/* Close it. */
void vhost_user_disconnect(struct vhost_user_connection *connection);

/* Whether the other side is still there. */
bool vhost_user_connected(struct vhost_user_connection *connection);

/* Send SIZE bytes, with a descriptor unless FILE is negative; wait for the confirmation, if there is to be one. 0, or
 * -1, after a line on stderr. */
int vhost_user_tell(struct vhost_user_connection *connection, enum vhost_user_request request, const void *payload,
	uint32_t size, int file);

/* Send LENGTH bytes of PAYLOAD and read the answer, SIZE bytes, into it. 0, or -1, after a line on stderr. */
int vhost_user_ask(struct vhost_user_connection *connection, enum vhost_user_request request, void *payload,
	uint32_t length, uint32_t size);

#endif
