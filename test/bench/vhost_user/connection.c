/* SPDX-License-Identifier: ISC */
/* The socket between the front end and the device's process: questions, answers, and descriptors of files. */
#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_SECONDS 20 /* a device that says nothing for so long is none */

/* The socket is in its place a little before somebody listens. */
static int connect_patiently(int socket, const struct sockaddr_un *address)
{
	const struct timespec nap = {.tv_nsec = 10000000};
	int result = -1;

	for (unsigned naps = 0; naps < ANSWER_SECONDS * 100; naps++) {
		result = connect(socket, (const struct sockaddr *)address, sizeof *address);
		if (result == 0 || errno != ECONNREFUSED)
			break;
		nanosleep(&nap, NULL);
	}
	return result;
}

int vhost_user_connect(struct vhost_user_connection *connection, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};

	*connection = (struct vhost_user_connection){.socket = -1};
	if (strlen(path) >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	connection->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->socket < 0)
		return -1;
	if (setsockopt(connection->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
		connect_patiently(connection->socket, &address) == 0)
		return 0;
	vhost_user_disconnect(connection);
	return -1;
}

void vhost_user_disconnect(struct vhost_user_connection *connection)
{
	int error = errno;

	if (connection->socket >= 0)
		close(connection->socket);
	connection->socket = -1;
	connection->gone = true;
	errno = error;
}

bool vhost_user_connected(struct vhost_user_connection *connection)
{
	struct pollfd look = {.fd = connection->socket, .events = POLLRDHUP};

	if (!connection->gone && poll(&look, 1, 0) > 0)
		connection->gone = true;
	return !connection->gone;
}

static int lose(struct vhost_user_connection *connection, enum vhost_user_request request, const char *problem)
{
	fprintf(stderr, "vhost-user request %d: %s\n", (int)request, problem);
	connection->gone = true;
	return -1;
}

static int send_message(
	struct vhost_user_connection *connection, const struct vhost_user_header *header, const void *payload, int file)
{
	struct iovec pieces[] = {
		{.iov_base = (void *)(uintptr_t)header, .iov_len = sizeof *header},
		{.iov_base = (void *)(uintptr_t)payload, .iov_len = header->size},
	};
	union {
		struct cmsghdr header; /* for its alignment */
		char bytes[CMSG_SPACE(sizeof(int))];
	} beside = {.bytes = {0}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};

	if (file >= 0) {
		message.msg_control = beside.bytes;
		message.msg_controllen = sizeof beside.bytes;
		struct cmsghdr *control = CMSG_FIRSTHDR(&message);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(sizeof file);
		memcpy(CMSG_DATA(control), &file, sizeof file);
	}
	/* A message is far smaller than what a socket holds, so it goes as a whole. */
	ssize_t sent = sendmsg(connection->socket, &message, MSG_NOSIGNAL);
	return sent == (ssize_t)(sizeof *header + header->size) ? 0 : -1;
}

static int receive(struct vhost_user_connection *connection, void *bytes, size_t length)
{
	return recv(connection->socket, bytes, length, MSG_WAITALL) == (ssize_t)length ? 0 : -1;
}

/* Read the answer to REQUEST, which must have SIZE bytes. */
static int receive_answer(
	struct vhost_user_connection *connection, enum vhost_user_request request, void *payload, uint32_t size)
{
	struct vhost_user_header header;

	if (receive(connection, &header, sizeof header) < 0)
		return lose(connection, request, "no answer");
	if (header.request != request || (header.flags & VHOST_USER_VERSION_MASK) != VHOST_USER_VERSION ||
		!(header.flags & VHOST_USER_REPLY))
		return lose(connection, request, "the answer is to something else");
	if (header.size != size)
		return lose(connection, request, "the answer has a wrong length");
	return receive(connection, payload, size) < 0 ? lose(connection, request, "half an answer") : 0;
}

int vhost_user_tell(struct vhost_user_connection *connection, enum vhost_user_request request, const void *payload,
	uint32_t size, int file)
{
	const struct vhost_user_header header = {
		.request = request,
		.flags = VHOST_USER_VERSION | (connection->answers ? VHOST_USER_NEED_REPLY : 0),
		.size = size,
	};
	uint64_t failed = 0;

	if (connection->gone)
		return -1;
	if (send_message(connection, &header, payload, file) < 0)
		return lose(connection, request, "cannot be sent");
	if (!connection->answers)
		return 0;
	if (receive_answer(connection, request, &failed, sizeof failed) < 0)
		return -1;
	return failed ? lose(connection, request, "the device refuses it") : 0;
}

int vhost_user_ask(struct vhost_user_connection *connection, enum vhost_user_request request, void *payload,
	uint32_t length, uint32_t size)
{
	const struct vhost_user_header header = {.request = request, .flags = VHOST_USER_VERSION, .size = length};

	if (connection->gone)
		return -1;
	if (send_message(connection, &header, payload, -1) < 0)
		return lose(connection, request, "cannot be sent");
	return receive_answer(connection, request, payload, size);
}
