/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk (VIRTIO 5.2): requests to a disk, submitted and reaped in bursts, several in flight.
 *
 *     #include <virtio/blk.h>
 *
 *     int read_first(struct virtio_device *device, const struct virtio_segment *sector)
 *     {
 *             struct virtio_blk blk;
 *             struct virtio_blk_request request = {
 *                     .type = VIRTIO_BLK_READ, .sector = 0, .segments = sector, .segment_count = 1};
 *             struct virtio_blk_request *requests[] = {&request};
 *             int result = virtio_blk_attach(&blk, device, NULL);
 *
 *             if (result < 0)
 *                     return result;
 *             result = virtio_blk_submit(&blk, requests, 1);
 *             while (result >= 0 && virtio_blk_in_flight(&request)) // do something else meanwhile
 *                     result = virtio_blk_completed(&blk, requests, 1);
 *             virtio_blk_detach(&blk, NULL, NULL);
 *             return result < 0 ? result : request.result;
 *     }
 *
 * Blocking calls are in helper.h. Nobody blocks here.
 *
 * Order: requests finish in any order, and the device may do them in any; to order two, wait for the first. There are
 * no barriers. A finished write is durable only once a flush that was submitted after it has finished, unless
 * blk->write_cache is false. What is read from sectors while they are written, or after a discard, may be anything.
 *
 * Queues: each of blk->queues belongs to one user at a time, who may be in an interrupt handler. Different queues need
 * no lock between them: one for each processor. The calls without a queue use the first.
 */
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include <virtio/device.h>
#include <virtio/spec/blk.h>

VIRTIO_BEGIN_DECLS

/* What a request asks for. */
enum virtio_blk_operation {
	VIRTIO_BLK_READ = VIRTIO_BLK_T_IN,   /* sectors to memory */
	VIRTIO_BLK_WRITE = VIRTIO_BLK_T_OUT, /* memory to sectors */
	/* Make durable what finished before this was submitted. No segments; the sector is ignored. */
	VIRTIO_BLK_FLUSH = VIRTIO_BLK_T_FLUSH,
	/* The serial number into one segment of VIRTIO_BLK_ID_LENGTH bytes. The sector is ignored. */
	VIRTIO_BLK_SERIAL = VIRTIO_BLK_T_GET_ID,
	/* How worn the medium is, a struct virtio_blk_lifetime into one segment of its size. The sector is ignored. */
	VIRTIO_BLK_LIFETIME = VIRTIO_BLK_T_GET_LIFETIME,
	/* These three have no segments: sector and sector_count say where. */
	VIRTIO_BLK_DISCARD = VIRTIO_BLK_T_DISCARD,           /* the contents are no longer needed: a hint */
	VIRTIO_BLK_WRITE_ZEROES = VIRTIO_BLK_T_WRITE_ZEROES, /* they read as zeroes from then on */
	VIRTIO_BLK_SECURE_ERASE = VIRTIO_BLK_T_SECURE_ERASE, /* nobody will ever read what was there, by any means */
};

/*
 * A request. Caller-owned, in any memory, zeroed before its first use. It, the data and the list of segments belong to
 * the driver from submit until it comes back from virtio_blk_completed (or from detach).
 *
 * A read or write may be of any length. What is more than the device takes at once (max_segments, max_segment_length)
 * goes in parts, several in flight, in any order; the request comes back when all are done. Parts are whole blocks
 * (block_size, or sectors where no block fits). A part that fails ends it: no further ones are sent, and nothing is
 * known of the sectors of the others. Discards and their kind go in parts likewise.
 *
 * The device's own unit may be larger than a sector: then it may fail requests that are no multiple of block_size
 * (QEMU does).
 */
struct virtio_blk_request {
	enum virtio_blk_operation type; /* what to do */
	uint16_t segment_count;         /* how many segments; any number */
	bool unmap;      /* write zeroes: the device may give the space back, if blk->write_zeroes_may_unmap */
	uint64_t sector; /* first sector of 512 bytes, whatever the block size is */
	const struct virtio_segment *segments; /* the data; lengths add up to a multiple of 512 */
	uint64_t sector_count;                 /* discard, write zeroes, secure erase: how many sectors; else ignored */
	int result; /* when it is back: 0; VIRTIO_ERR_IO, the device failed it; VIRTIO_ERR_UNSUPPORTED, it does not know
		       the operation; VIRTIO_ERR_PROTOCOL, its answer makes no sense; VIRTIO_ERR_NO_SPACE, the disk
		       shrank before all parts were sent; VIRTIO_ERR_NO_DEVICE, it was reset first; VIRTIO_ERR_TIMEOUT,
		       the same, but the device may still use the memory */
	uint16_t parts;    /* private: how many are in flight */
	uint16_t segment;  /* private, the cursor: the segment where the next part begins, */
	uint32_t offset;   /* and how many bytes of it were sent; */
	uint64_t position; /* the sector where the next part begins, */
	uint64_t left;     /* and how many sectors are still to be sent */
	void *context;     /* the caller's own */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_blk_options {
	uint16_t ring_size;    /* entries of each virtqueue at most; 0: as many as the device has, up to 256 */
	uint16_t max_segments; /* most data segments that go at once; 0: as many as the device takes, up to 32 */
	uint16_t queues;       /* queues wanted; 0 counts as 1; blk->queue_count tells how many there are */
};

/* Private, shared with the device: the framing of one part in flight. */
struct virtio_blk_frame {
	struct virtio_blk_req header;  /* read by the device */
	struct virtio_blk_range range; /* likewise, by the commands that have one */
	uint8_t status;                /* written by it */
	uint8_t pad[31];               /* a cache line for each */
};

/* Private: what we know of a part in flight, out of the device's reach. */
struct virtio_blk_slot {
	struct virtio_blk_request *request; /* whose part it is; NULL: free */
	uint32_t length;                    /* bytes of data */
};

struct virtio_blk;

/* One of the queues of a block device. Private, but for reading queue.index and queue.ring. */
struct virtio_blk_queue {
	struct virtio_queue queue;          /* the virtqueue */
	struct virtio_blk *blk;             /* whose it is */
	struct virtio_blk_frame *frames;    /* shared: one for each part in flight */
	uint64_t frames_address;            /* the same, for the device */
	struct virtio_blk_slot *slots;      /* as many */
	uint16_t *free_slots;               /* a stack of free slots */
	uint16_t free_count;                /* of them */
	uint16_t slot_count;                /* parts in flight at most */
	bool complained;                    /* a senseless answer was logged; once is enough */
	struct virtio_blk_request *partial; /* has parts that still wait for room */
} __attribute__((aligned(64)));             /* so that two processors share no cache line */

/* What the device says of one of the commands that name ranges of sectors. */
struct virtio_blk_limits {
	uint32_t max_sectors; /* that go at once; 0: the device has no such command */
	uint32_t alignment;   /* sectors: where larger requests are cut; others may be done in part, or not at all */
};

/* Hints for fast access, in blocks of block_size bytes; 0 where the device says nothing (5.2.5). */
struct virtio_blk_topology {
	uint32_t physical_block;   /* blocks of the medium's own unit, a power of two, at least 1 */
	uint32_t alignment_offset; /* the first block that such a unit starts with */
	uint32_t min_io;           /* smallest efficient request */
	uint32_t opt_io;           /* best length of a long one */
};

/* A block device. Caller-owned; the fields are for reading, those that say private are not for you. */
struct virtio_blk {
	struct virtio_device *device; /* whose driver this is, NULL while it is not attached */
	uint64_t capacity;            /* sectors of 512 bytes; as of attach, or of the last virtio_blk_poll_config */
	uint32_t block_size;          /* the device's natural unit in bytes, a power of two, 512 or more */
	uint32_t max_segment_length;  /* bytes of one segment at most, or it is cut */
	uint16_t max_segments;        /* data segments that go at once at most */
	uint16_t queue_count;         /* how many queues there are */
	bool read_only;               /* writes, and what else changes the disk, are refused */
	bool flush;                   /* there is a flush command */
	bool write_cache;             /* finished writes are durable only after a flush */
	bool write_zeroes_may_unmap;  /* writing zeroes with unmap gives space back */
	bool lengths_hold;            /* private: the device tells how much it read: modern ones must */
	struct virtio_blk_limits discard;      /* what the device says of these commands: discard, */
	struct virtio_blk_limits write_zeroes; /* write zeroes, */
	struct virtio_blk_limits secure_erase; /* and secure erase */
	struct virtio_blk_topology topology;   /* hints */
	struct virtio_blk_options options;     /* as given to attach */
	struct virtio_blk_queue *queues;       /* queue_count of them, for the calls that take a queue */
};

/*
 * Start the driver on an opened device: negotiate, read the geometry, set up the queues, go live. OPTIONS may be NULL
 * and is read during the call only. BLK and DEVICE must stay where they are until virtio_blk_detach. Allocates and may
 * wait for the reset. VIRTIO_ERR_INVALID: DEVICE was never opened (and is zeroed); VIRTIO_ERR_NO_DEVICE: it is no block
 * device, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it; VIRTIO_ERR_UNSUPPORTED: also a queue too short for
 * any request; VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue;
 * VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_blk_attach(
	struct virtio_blk *blk, struct virtio_device *device, const struct virtio_blk_options *options);

/*
 * Stop: give the device up to VIRTIO_RESET_TIMEOUT to finish what it works on (some crash when they are reset
 * meanwhile), reset it, and free what attach allocated. Each request that had not come back is handed to RECLAIM
 * once (with CONTEXT; NULL forgets them): with its own result when it finished, else with VIRTIO_ERR_NO_DEVICE. Waits,
 * so not for interrupt handlers; no queue may be in use meanwhile. Returns 0, also when the device has gone, or
 * VIRTIO_ERR_TIMEOUT: the device is stuck and may still write to the memory of unfinished requests; that is their
 * result, too, and memory of ours that it knows stays allocated. Does nothing when BLK is not attached.
 *
 * This is also the way back from a device that broke (NEEDS_RESET, a wrong answer), hangs, or was pulled out: detach,
 * then attach again; virtio_blk_restart in helper.h does both.
 */
int virtio_blk_detach(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context);

/*
 * Submit up to COUNT requests, in order, with at most one notification. Returns how many were taken; fewer when no more
 * fit in flight: reap some, try again. VIRTIO_ERR_PROTOCOL when the ring is broken. When the FIRST request is wrong,
 * none is taken and the error says why; a later wrong one ends the burst before it, so that the next call reports it.
 * The whole request is checked before the device sees any of it:
 *
 * VIRTIO_ERR_INVALID: no data, no whole sectors, an empty segment, segments for a command without data, a serial number
 * or lifetime of another length than its own or in several segments, an unknown type; VIRTIO_ERR_NO_SPACE: past the
 * capacity; VIRTIO_ERR_READ_ONLY: a change to a read-only device; VIRTIO_ERR_TOO_LARGE: so finely scattered that
 * max_segments of its segments do not hold one sector; VIRTIO_ERR_UNSUPPORTED: a command that the device does not have;
 * VIRTIO_ERR_BUSY: the request is in flight already.
 */
VIRTIO_MUST_CHECK int virtio_blk_queue_submit(
	struct virtio_blk_queue *queue, struct virtio_blk_request *const *requests, unsigned count);

/* The same through the first queue. */
VIRTIO_MUST_CHECK static inline int virtio_blk_submit(
	struct virtio_blk *blk, struct virtio_blk_request *const *requests, unsigned count)
{
	return virtio_blk_queue_submit(&blk->queues[0], requests, count);
}

/* Take back up to COUNT finished requests of this queue, results filled in, in any order. Returns how many, 0 when
 * there are none; VIRTIO_ERR_PROTOCOL: the ring is broken. Sends the parts for which there was no room before. */
VIRTIO_MUST_CHECK int virtio_blk_queue_completed(
	struct virtio_blk_queue *queue, struct virtio_blk_request **requests, unsigned count);

/* The same through the first queue. */
VIRTIO_MUST_CHECK static inline int virtio_blk_completed(
	struct virtio_blk *blk, struct virtio_blk_request **requests, unsigned count)
{
	return virtio_blk_queue_completed(&blk->queues[0], requests, count);
}

/* Whether REQUEST was submitted and has not come back. By the user of its queue; callable anywhere. */
static inline bool virtio_blk_in_flight(const struct virtio_blk_request *request)
{
	return request->parts != 0;
}

/*
 * Ask for an interrupt when something finishes on this queue. True: something has already and no interrupt will come
 * for it, so reap instead of sleeping. Interrupts are off after attach.
 */
VIRTIO_MUST_CHECK bool virtio_blk_queue_enable_interrupts(struct virtio_blk_queue *queue);

/* The same for the first queue. */
VIRTIO_MUST_CHECK static inline bool virtio_blk_enable_interrupts(struct virtio_blk *blk)
{
	return virtio_blk_queue_enable_interrupts(&blk->queues[0]);
}

/* Ask for no more interrupts of this queue: a hint, some may still come. */
void virtio_blk_queue_disable_interrupts(struct virtio_blk_queue *queue);

/* The same for the first queue. */
static inline void virtio_blk_disable_interrupts(struct virtio_blk *blk)
{
	virtio_blk_queue_disable_interrupts(&blk->queues[0]);
}

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: the capacity may have
 * changed (the disk was resized). Returns 1 when it has, 0 when not, or the error of virtio_device_check (the device
 * asks for a reset, or has gone) or virtio_device_read_config. Reads registers: not for the data path, not for
 * interrupt handlers; queues may be in use meanwhile.
 */
VIRTIO_MUST_CHECK int virtio_blk_poll_config(struct virtio_blk *blk);

/*
 * Switch the device's write cache on or off (5.2.6); blk->write_cache tells. Off: writes that finish from now on are
 * durable, those that finished before are so after a flush. 0; VIRTIO_ERR_UNSUPPORTED: the device does not let us;
 * VIRTIO_ERR_IO: it did not do so; or the error of virtio_device_read_config. Writes registers: not for the data path,
 * not for interrupt handlers.
 */
VIRTIO_MUST_CHECK int virtio_blk_set_write_cache(struct virtio_blk *blk, bool on);

VIRTIO_END_DECLS

#endif
