/* SPDX-License-Identifier: ISC */
/* The serial number of a disk (VIRTIO 5.2.6): one request through the block driver. */
#include <virtio/name.h>
#include <virtio/spec/ids.h>

/* Up to the first NUL, if there is one. */
static int take(struct virtio_name *own, const uint8_t *bytes)
{
	struct virtio_name name = {.by = VIRTIO_NAME_SERIAL};

	for (unsigned i = 0; i < VIRTIO_BLK_ID_LENGTH && bytes[i]; i++)
		name.bytes[i] = bytes[i];
	if (!name.bytes[0])
		return VIRTIO_ERR_UNSUPPORTED;
	*own = name;
	return 0;
}

/* The request for it, and the end of BLK. */
static int request_serial(struct virtio_blk *blk, const struct virtio_segment *memory, bool *stuck)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_SERIAL, .segments = memory, .segment_count = 1};
	int error = virtio_blk_execute(blk, &request, virtio_deadline(blk->device->platform, VIRTIO_NAME_TIMEOUT));

	*stuck = virtio_blk_detach(blk, NULL, NULL) < 0;
	return error;
}

static int ask(struct virtio_device *device, struct virtio_name *own)
{
	const struct virtio_blk_options options = {.ring_size = 4, .max_segments = 1};
	const struct virtio_platform *platform = device->platform;
	struct virtio_segment memory = {.length = VIRTIO_BLK_ID_LENGTH};
	struct virtio_blk blk;
	bool stuck;

	memory.data = platform->dma_alloc(platform->context, memory.length, sizeof(uint64_t), &memory.device_address);
	if (!memory.data)
		return VIRTIO_ERR_NO_MEMORY;
	__builtin_memset(memory.data, 0, memory.length); /* a device may write less than it says */
	int error = virtio_blk_attach(&blk, device, &options);
	if (!error) {
		error = request_serial(&blk, &memory, &stuck);
		if (stuck)
			return VIRTIO_ERR_TIMEOUT; /* it may still write there: leaked rather than freed */
	}
	if (!error)
		error = take(own, memory.data);
	platform->dma_free(platform->context, memory.data, memory.length, memory.device_address);
	return error;
}

const struct virtio_device_kind virtio_kind_blk = {.type = VIRTIO_ID_BLOCK, .ask = ask};
