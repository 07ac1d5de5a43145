/* SPDX-License-Identifier: ISC */
/* Suspending a device and resuming it (VIRTIO 3.4, with SUSPEND): all is kept, and stands still meanwhile. */
#include <virtio/spec/features.h>
#include <virtio/spec/status.h>

#include "device/internal.h"
#include "device/log.h"

#define RUNNING (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_SUSPEND) /* the bits that tell which of the two it is */

/* Add BIT to the status and wait, with PATIENCE, until it alone is left of the two. */
static int change(struct virtio_device *dev, uint8_t bit, struct virtio_patience *patience)
{
	int result;

	/* Nothing is taken back (2.1.1): the device clears the other bit. */
	dev->transport->set_status(dev, (uint8_t)(dev->status | RUNNING));
	while ((dev->transport->status(dev) & RUNNING) != bit) {
		result = virtio_device_check(dev);
		if (result < 0)
			return result;
		if (!virtio_patience_lasts(dev, patience)) {
			virtio_device_log(dev, VIRTIO_LOG_ERROR, "it does not %s",
				bit == VIRTIO_STATUS_SUSPEND ? "suspend" : "resume");
			return VIRTIO_ERR_TIMEOUT;
		}
	}
	dev->status = (uint8_t)((dev->status & ~RUNNING) | bit);
	return 0;
}

int virtio_device_suspend(struct virtio_device *dev)
{
	struct virtio_patience patience;
	int result;

	if (!virtio_device_has(dev, VIRTIO_F_SUSPEND))
		return VIRTIO_ERR_UNSUPPORTED;
	if (!dev->live)
		return VIRTIO_ERR_BUSY;
	result = virtio_patience_begin(dev, &patience);
	if (result < 0)
		return result;
	virtio_queues_hold(dev);
	dev->live = false;
	return change(dev, VIRTIO_STATUS_SUSPEND, &patience);
}

int virtio_device_resume(struct virtio_device *dev)
{
	struct virtio_patience patience;
	int result;

	if (dev->live || !(dev->status & VIRTIO_STATUS_SUSPEND))
		return VIRTIO_ERR_BUSY;
	result = virtio_patience_begin(dev, &patience);
	if (result == 0)
		result = change(dev, VIRTIO_STATUS_DRIVER_OK, &patience);
	if (result < 0)
		return result;
	dev->live = true;
	virtio_queues_go_live(dev);
	return 0;
}
