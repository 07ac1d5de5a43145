/* SPDX-License-Identifier: ISC */
/* What errors are called in messages. */
#include <virtio/error.h>

const char *virtio_error_name(int error)
{
	if (error >= 0)
		return "success";
	switch ((enum virtio_error)error) {
	case VIRTIO_ERR_IO:
		return "VIRTIO_ERR_IO";
	case VIRTIO_ERR_NO_DEVICE:
		return "VIRTIO_ERR_NO_DEVICE";
	case VIRTIO_ERR_AGAIN:
		return "VIRTIO_ERR_AGAIN";
	case VIRTIO_ERR_NO_MEMORY:
		return "VIRTIO_ERR_NO_MEMORY";
	case VIRTIO_ERR_BUSY:
		return "VIRTIO_ERR_BUSY";
	case VIRTIO_ERR_INVALID:
		return "VIRTIO_ERR_INVALID";
	case VIRTIO_ERR_NO_SPACE:
		return "VIRTIO_ERR_NO_SPACE";
	case VIRTIO_ERR_READ_ONLY:
		return "VIRTIO_ERR_READ_ONLY";
	case VIRTIO_ERR_PROTOCOL:
		return "VIRTIO_ERR_PROTOCOL";
	case VIRTIO_ERR_TOO_LARGE:
		return "VIRTIO_ERR_TOO_LARGE";
	case VIRTIO_ERR_UNSUPPORTED:
		return "VIRTIO_ERR_UNSUPPORTED";
	case VIRTIO_ERR_TIMEOUT:
		return "VIRTIO_ERR_TIMEOUT";
	}
	return "unknown error";
}
