/* SPDX-License-Identifier: ISC */
/* What errors are called in messages. */
#include <virtio/error.h>

#define NAMED(error)          \
	{                     \
		error, #error \
	}

static const struct {
	int8_t error;
	char name[23];
} names[] = {
	NAMED(VIRTIO_ERR_IO),
	NAMED(VIRTIO_ERR_NO_DEVICE),
	NAMED(VIRTIO_ERR_AGAIN),
	NAMED(VIRTIO_ERR_NO_MEMORY),
	NAMED(VIRTIO_ERR_BUSY),
	NAMED(VIRTIO_ERR_INVALID),
	NAMED(VIRTIO_ERR_NO_SPACE),
	NAMED(VIRTIO_ERR_READ_ONLY),
	NAMED(VIRTIO_ERR_PROTOCOL),
	NAMED(VIRTIO_ERR_TOO_LARGE),
	NAMED(VIRTIO_ERR_UNSUPPORTED),
	NAMED(VIRTIO_ERR_TIMEOUT),
};

const char *virtio_error_name(int error)
{
	if (error >= 0)
		return "success";
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].error == error)
			return names[i].name;
	return "unknown error";
}
