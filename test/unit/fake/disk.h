/* SPDX-License-Identifier: ISC */
/*
 * A disk behind a virtqueue (VIRTIO 5.2.6), in memory: the block device's side of the requests. It checks that each is
 * framed as every device takes it, and keeps it until the test lets it finish, rightly or with a lie.
 */
#ifndef TEST_UNIT_FAKE_DISK_H
#define TEST_UNIT_FAKE_DISK_H

#include <virtio/spec/blk.h>

#include "fake/device.h"

#define FAKE_DISK_SECTORS 256  /* of the medium */
#define FAKE_DISK_HELD 300     /* most requests that it can keep */
#define FAKE_DISK_UNTOUCHED -1 /* a status that is not written */

/* What sectors read as after these: noise, because nothing may be presumed of them. */
#define FAKE_DISK_DISCARDED 0xd5
#define FAKE_DISK_ERASED 0xe5

/* A request that the disk keeps. */
struct fake_disk_request {
	struct fake_device_ring *ring;    /* where it came from */
	struct fake_device_buffer buffer; /* as it came */
	uint32_t type;                    /* VIRTIO_BLK_T_ */
	uint64_t sector;                  /* as the header says, or the range */
	uint32_t length;                  /* bytes of data */
	uint32_t count;                   /* discard and its kind: sectors */
	uint32_t flags;                   /* likewise */
};

/* A disk. The test's; static, because it is large. */
struct fake_disk {
	struct fake_device_ring *ring; /* its end of the requestq; the test may move on to another one */
	unsigned max_segments;         /* more data segments fail the test; 0: any number (BLK-18) */
	uint32_t max_length;           /* longer ones do; 0: any length */
	uint32_t max_sectors;          /* a longer range fails the test; 0: any length (BLK-12) */
	unsigned held_count;           /* requests taken and not finished */
	struct fake_disk_request held[FAKE_DISK_HELD]; /* those, oldest first */
	uint8_t medium[FAKE_DISK_SECTORS][512];        /* what is on it */
	bool flushed;                                  /* a flush was done since the last write */
	bool cache;                                    /* what is written is lost in a crash unless it is flushed */
	uint8_t durable[FAKE_DISK_SECTORS][512];       /* what a crash leaves */
	char serial[VIRTIO_BLK_ID_LENGTH];             /* what it answers to GET_ID */
};

/* Start with a medium where each byte tells its sector, and the serial number "fake disk". */
void fake_disk_start(struct fake_disk *disk, struct fake_device_ring *ring);

/* The power fails: the medium is what was durable. */
void fake_disk_crash(struct fake_disk *disk);

/* Take all requests that are available. How many. Fails the test if one is framed wrong. */
unsigned fake_disk_take(struct fake_disk *disk);

/* Which kept request the disk may finish next: INDEX, or with IN_ORDER only the oldest. */
unsigned fake_disk_next(const struct fake_disk *disk, unsigned index);

/* Do the kept request INDEX, tell the driver, and forget it. */
void fake_disk_finish(struct fake_disk *disk, unsigned index);

/* Take all and finish all, in order. How many. */
unsigned fake_disk_serve(struct fake_disk *disk);

/* Do not do the kept request INDEX, but claim STATUS and a used LENGTH for it, and forget it. */
void fake_disk_claim(struct fake_disk *disk, unsigned index, int status, uint32_t length);

#endif
