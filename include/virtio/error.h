/* SPDX-License-Identifier: ISC */
/*
 * Errors. Every call that can fail returns an int: 0 or more is success, below 0 is one of
 * `enum virtio_error`. Each header says which of them its calls return.
 */
#ifndef VIRTIO_ERROR_H
#define VIRTIO_ERROR_H

#include <virtio/base.h>

VIRTIO_BEGIN_DECLS

/* The values are negated numbers of Linux's errno, so that a runtime can hand them on as they are. */
enum virtio_error {
	VIRTIO_ERR_IO = -5,           /* the device did the request and reported a failure */
	VIRTIO_ERR_NO_DEVICE = -6,    /* there is no such device, or it has gone */
	VIRTIO_ERR_AGAIN = -11,       /* no room or nothing there now: try again after progress */
	VIRTIO_ERR_NO_MEMORY = -12,   /* a hook returned NULL */
	VIRTIO_ERR_BUSY = -16,        /* the object is in use in a way that forbids this call */
	VIRTIO_ERR_INVALID = -22,     /* an argument is wrong: a bug in the caller */
	VIRTIO_ERR_NO_SPACE = -28,    /* a request reaches past the end of the device */
	VIRTIO_ERR_READ_ONLY = -30,   /* a write to a device that can only be read */
	VIRTIO_ERR_PROTOCOL = -71,    /* the device broke the rules: reset it before using it again */
	VIRTIO_ERR_TOO_LARGE = -90,   /* longer than the device, the ring or the buffer takes */
	VIRTIO_ERR_UNSUPPORTED = -95, /* the device, or a missing hook, cannot do this */
	VIRTIO_ERR_TIMEOUT = -110,    /* the deadline passed first */
};

/*
 * The name of an error for a message, such as "VIRTIO_ERR_TIMEOUT"; "success" for 0 or more, "unknown
 * error" for any other number. The text is constant and lives for ever. Callable anywhere, interrupt
 * handlers included.
 */
const char *virtio_error_name(int error);

VIRTIO_END_DECLS

#endif
