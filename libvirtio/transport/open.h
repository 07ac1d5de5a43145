/* SPDX-License-Identifier: ISC */
/* What opening a device has in common on every bus. */
#ifndef VIRTIO_TRANSPORT_OPEN_H
#define VIRTIO_TRANSPORT_OPEN_H

#include <virtio/device.h>

/*
 * Try the transports of dev->support in turn: the first that recognises the device drives it. 0;
 * VIRTIO_ERR_UNSUPPORTED, after a log line, when none does; or the error of the one that did.
 */
VIRTIO_MUST_CHECK int virtio_transport_open(struct virtio_device *dev);

#endif
