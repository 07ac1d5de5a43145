/* SPDX-License-Identifier: ISC */
/* Disks: each call is one request of any number of blocks, straight from and to the program's memory. */
#include "binding.h"

static uint64_t block_patience = 60 * BINDING_NANOSECONDS_PER_SECOND;

void binding_block_set_patience(uint64_t nanoseconds)
{
	block_patience = nanoseconds;
}

int binding_block_attach(struct binding_device *device, struct solo5_manifest_block *told)
{
	struct virtio_blk *blk = &device->u.block.blk;
	int result = virtio_blk_attach(blk, &device->device, NULL);

	if (result < 0)
		return result;
	/* A sector at the end that belongs to no whole block cannot be reached. */
	told->capacity = blk->capacity * VIRTIO_BLK_SECTOR / blk->block_size * blk->block_size;
	told->block_size = blk->block_size <= UINT16_MAX ? (uint16_t)blk->block_size : 0;
	return 0;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info)
{
	const struct binding_device *device;

	if (info == NULL)
		return SOLO5_R_EINVAL;
	device = binding_acquire(name, SOLO5_MANIFEST_BLOCK, handle);
	if (device == NULL)
		return SOLO5_R_EINVAL;
	info->capacity = __solo5_mft1_note.entries[*handle].u.block.capacity;
	info->block_size = device->u.block.blk.block_size;
	return SOLO5_R_OK;
}

/* One request. A device that broke or hangs is restarted, so that the memory is the program's again. */
static int block_execute(struct binding_block *disk)
{
	int result;

	if (disk->blk.device == NULL)
		return VIRTIO_ERR_NO_DEVICE;
	result = virtio_blk_execute(
		&disk->blk, &disk->request, virtio_deadline(disk->blk.device->platform, block_patience));
	if (virtio_blk_in_flight(&disk->request) && virtio_blk_restart(&disk->blk, NULL, NULL) < 0)
		binding_say("solo5: a disk does not come back after a failure\n");
	return result;
}

static bool block_fits(const struct binding_block *disk, uint64_t offset, const void *buf, size_t size)
{
	uint64_t capacity = disk->blk.capacity * VIRTIO_BLK_SECTOR, unit = disk->blk.block_size;

	return buf != NULL && size > 0 && size <= UINT32_MAX && size % unit == 0 && offset % unit == 0 &&
	       offset <= capacity && size <= capacity - offset;
}

static solo5_result_t block_transfer(
	enum virtio_blk_operation type, solo5_handle_t handle, solo5_off_t offset, void *buf, size_t size)
{
	struct binding_device *device = binding_in_use(handle, SOLO5_MANIFEST_BLOCK);
	struct binding_block *disk;

	if (device == NULL || !block_fits(&device->u.block, offset, buf, size))
		return SOLO5_R_EINVAL;
	disk = &device->u.block;
	disk->segment = virtio_segment_identity(buf, (uint32_t)size);
	disk->request = (struct virtio_blk_request){
		.type = type, .sector = offset / VIRTIO_BLK_SECTOR, .segments = &disk->segment, .segment_count = 1};
	disk->written = disk->written || type == VIRTIO_BLK_WRITE;
	return block_execute(disk) == 0 ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
	return block_transfer(VIRTIO_BLK_WRITE, handle, offset, (void *)(uintptr_t)buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
	return block_transfer(VIRTIO_BLK_READ, handle, offset, buf, size);
}

int binding_block_flush(void)
{
	int worst = 0;

	for (uint32_t i = 1; i < __solo5_mft1_note.head.count; i++) {
		struct binding_device *device = binding_in_use(i, SOLO5_MANIFEST_BLOCK);
		struct binding_block *disk;

		if (device == NULL || !device->u.block.written || !device->u.block.blk.write_cache)
			continue;
		disk = &device->u.block;
		disk->written = false;
		disk->request = (struct virtio_blk_request){.type = VIRTIO_BLK_FLUSH};
		if (block_execute(disk) == 0)
			continue;
		binding_say("solo5: a disk failed to flush: what was written may be lost\n");
		worst = VIRTIO_ERR_IO;
	}
	return worst;
}
