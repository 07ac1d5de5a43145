/* SPDX-License-Identifier: ISC */
/* A block device for tests of the block driver: a fake transport with a fake disk behind it, and requests for it. */
#ifndef TEST_UNIT_FAKE_BLK_H
#define TEST_UNIT_FAKE_BLK_H

#include <virtio/blk.h>

#include "fake/disk.h"
#include "fake/transport.h"

/* All that a modern device may offer and the driver knows. */
#define FAKE_BLK_FEATURES                                                                          \
	(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_BLK_F_SEG_MAX | \
		VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_BLK_SIZE)

#define FAKE_BLK_SEG_MAX 8 /* what the device says */

/* The device and its driver. There is one: it is large. */
struct fake_blk {
	struct fake_transport transport;
	struct fake_disk disk;
	struct virtio_blk blk;
};
extern struct fake_blk fake_blk;

/* A new device that offers FEATURES, with FAKE_DISK_SECTORS sectors, on the fake platform. Without VERSION_1 it is
 * a legacy device. */
void fake_blk_start(uint64_t features);

/* Change a 32-bit field of the configuration. */
void fake_blk_config32(uint32_t offset, uint32_t value);

/* Say what the device takes at once, in its configuration and of what fails the test: SEG_MAX and SIZE_MAX. */
void fake_blk_limits(uint32_t segments, uint32_t length);

/* What the device says of discard, write-zeroes or secure-erase, at OFFSET of the configuration. */
void fake_blk_range_limits(uint32_t offset, uint32_t max_sectors, uint32_t segments, uint32_t alignment);

/* Change the capacity. */
void fake_blk_capacity(uint64_t sectors);

/* Attach the driver; fails the test if that fails. OPTIONS may be NULL. */
void fake_blk_attach(const struct virtio_blk_options *options);

/* Detach it, with no requests in flight. */
void fake_blk_detach(void);

/* A request with one segment of LENGTH bytes of new memory; SEGMENT is where that is described. */
struct virtio_blk_request fake_blk_request(
	enum virtio_blk_operation type, uint64_t sector, struct virtio_segment *segment, uint32_t length);

/* Submit one request. Returns what the driver answers. */
int fake_blk_submit(struct virtio_blk_request *request);

/* Take one finished request back; fails the test unless it is REQUEST. Returns its result. */
int fake_blk_completed(const struct virtio_blk_request *request);

/* Submit, let the disk do it, take back. Returns the result. */
int fake_blk_execute(struct virtio_blk_request *request);

#endif
