/* SPDX-License-Identifier: ISC */
/*
 * The life of a device by the steps of VIRTIO 3.1.1, its reset (2.4) and its end (3.3). Status bits are written in
 * this file and nowhere else: they are only ever added, and a reset clears them all.
 */
#include <virtio/spec/features.h>
#include <virtio/spec/status.h>

#include "base/barrier.h"
#include "device/internal.h"
#include "device/log.h"

#define STATUS_GONE 0xff /* what reads as when nothing answers; no device has all bits */

static void add_status(struct virtio_device *dev, uint8_t bits)
{
	dev->status |= bits;
	dev->transport->set_status(dev, dev->status);
}

static int gone(struct virtio_device *dev)
{
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "the device has gone (its registers read all ones)");
	return VIRTIO_ERR_NO_DEVICE;
}

static int refuse(struct virtio_device *dev, int error)
{
	virtio_device_fail(dev);
	return error;
}

/* Status 0, and then wait until it reads 0: the device has let go of everything only then. */
static int reset_and_wait(struct virtio_device *dev)
{
	struct virtio_patience patience;
	int result = virtio_patience_begin(dev, &patience);
	uint8_t status;

	if (result < 0)
		return result;
	/* One that answers with FAILED, which is ours to set, does no resets: Firecracker's devices, once live. */
	bool can_refuse = dev->live && !(dev->status & VIRTIO_STATUS_FAILED);
	dev->live = false;
	dev->stuck = false;
	virtio_queues_hold(dev);
	dev->status = 0;
	dev->transport->set_status(dev, 0);
	do {
		status = dev->transport->status(dev);
		if (status == 0)
			return 0;
		if (status == STATUS_GONE)
			return gone(dev);
		if (can_refuse && status & VIRTIO_STATUS_FAILED)
			break;
	} while (virtio_patience_lasts(dev, &patience));
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "the reset does not end (status still 0x%x)%s", status,
		can_refuse && status & VIRTIO_STATUS_FAILED ? ": the device does none" : "");
	dev->stuck = true;
	return VIRTIO_ERR_TIMEOUT;
}

static void set_dma(struct virtio_device *dev, bool on)
{
	if (dev->transport->set_dma)
		dev->transport->set_dma(dev, on);
}

/* Steps 5 and 6. */
static int confirm_features(struct virtio_device *dev)
{
	if (!dev->transport->confirms_features)
		return 0;
	add_status(dev, VIRTIO_STATUS_FEATURES_OK);
	uint8_t status = dev->transport->status(dev);
	if (status == STATUS_GONE)
		return gone(dev);
	if (status & VIRTIO_STATUS_FEATURES_OK)
		return 0;
	bool mapping = (dev->offered & ~dev->features) & VIRTIO_F_ACCESS_PLATFORM;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "refuses features 0x%llx of 0x%llx%s",
		(unsigned long long)dev->features, (unsigned long long)dev->offered,
		mapping ? ": it insists on ACCESS_PLATFORM: name virtio_mapping_by_hooks, and give dma_map and "
			  "dma_unmap"
			: "");
	return VIRTIO_ERR_UNSUPPORTED;
}

int virtio_device_begin(
	struct virtio_device *dev, uint64_t wanted, uint64_t required, const struct virtio_feature_rule *rules)
{
	int result;

	if (dev->queues || dev->live)
		return VIRTIO_ERR_BUSY;
	dev->features = 0;
	result = reset_and_wait(dev); /* step 1, also when nobody seems to have used it: firmware may have */
	if (result == VIRTIO_ERR_TIMEOUT)
		set_dma(dev, false);
	if (result < 0)
		return result;
	set_dma(dev, true);
	add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE);                       /* step 2 */
	add_status(dev, VIRTIO_STATUS_DRIVER);                            /* step 3 */
	result = virtio_features_negotiate(dev, wanted, required, rules); /* step 4 */
	if (result == 0)
		result = confirm_features(dev);
	if (result < 0)
		return refuse(dev, result);
	if (dev->vector_ops)
		dev->vector_ops->begin(dev);
	return 0;
}

int virtio_device_ready(struct virtio_device *dev)
{
	if (dev->live || !(dev->status & VIRTIO_STATUS_DRIVER) || dev->status & VIRTIO_STATUS_FAILED)
		return VIRTIO_ERR_BUSY;
	virtio_fence_register_write();            /* the device may look at the rings as soon as the bit is set */
	add_status(dev, VIRTIO_STATUS_DRIVER_OK); /* step 8 */
	int result = virtio_device_check(dev);
	if (result < 0)
		return refuse(dev, result);
	dev->live = true;
	virtio_queues_go_live(dev);
	return 0;
}

void virtio_device_fail(struct virtio_device *dev)
{
	if (dev->status != 0 && !(dev->status & VIRTIO_STATUS_FAILED))
		add_status(dev, VIRTIO_STATUS_FAILED);
}

int virtio_device_reset(struct virtio_device *dev)
{
	int result = reset_and_wait(dev);

	if (result == VIRTIO_ERR_TIMEOUT)
		set_dma(dev, false);
	if (result != VIRTIO_ERR_UNSUPPORTED)
		virtio_queues_recover(dev, result == VIRTIO_ERR_TIMEOUT);
	return result == VIRTIO_ERR_NO_DEVICE ? 0 : result;
}

int virtio_device_detach(struct virtio_device *dev)
{
	/* Who has waited in vain does not wait again. */
	int result = dev->stuck ? VIRTIO_ERR_TIMEOUT : virtio_device_reset(dev);

	set_dma(dev, false);
	virtio_queues_drop(dev, result == 0);
	dev->own_memory = NULL;
	dev->features = 0;
	return result;
}

int virtio_device_check(struct virtio_device *dev)
{
	uint8_t status = dev->transport->status(dev);

	if (status == STATUS_GONE)
		return gone(dev);
	if (status & VIRTIO_STATUS_NEEDS_RESET) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "the device hit an error and asks for a reset");
		return VIRTIO_ERR_PROTOCOL;
	}
	/* QEMU's unplugged devices read as zeroes where their memory window was. */
	if (dev->live && !(status & VIRTIO_STATUS_DRIVER_OK)) {
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "the device knows nothing of us: it was reset, or has gone");
		return VIRTIO_ERR_PROTOCOL;
	}
	for (const struct virtio_queue *queue = dev->queues; queue; queue = queue->next)
		if (queue->ring.fault && !queue->in_reset)
			return VIRTIO_ERR_PROTOCOL;
	return 0;
}
