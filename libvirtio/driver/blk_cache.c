/* SPDX-License-Identifier: ISC */
/* virtio-blk, switching the write cache (VIRTIO 5.2.5, 5.2.6). */
#include "device/log.h"
#include "driver/blk.h"

int virtio_blk_set_write_cache(struct virtio_blk *blk, bool on)
{
	uint8_t writeback = 0;

	if (!virtio_device_has(blk->device, VIRTIO_BLK_F_CONFIG_WCE))
		return VIRTIO_ERR_UNSUPPORTED;
	/* It was there at attach, but where MSI-X was left since, the device chose its window again. */
	int error = virtio_device_config8(blk->device, VIRTIO_BLK_CONFIG_WRITEBACK, &writeback);
	if (error)
		return error;
	virtio_region_write8(&blk->device->config, VIRTIO_BLK_CONFIG_WRITEBACK, on);
	blk->write_cache = virtio_region_read8(&blk->device->config, VIRTIO_BLK_CONFIG_WRITEBACK) != 0;
	if (blk->write_cache == on)
		return 0;
	virtio_device_log(blk->device, VIRTIO_LOG_WARNING, "its write cache stays %s", blk->write_cache ? "on" : "off");
	return VIRTIO_ERR_IO;
}
