/* SPDX-License-Identifier: ISC */
/*
 * virtio-blk (VIRTIO 5.2): requests to a disk, submitted and reaped in bursts, several in flight.
 *
 *     struct virtio_blk blk;
 *     result = virtio_blk_attach(&blk, &device, NULL);
 *
 *     struct virtio_blk_request request = {
 *         .type = VIRTIO_BLK_READ, .sector = 0, .segments = &segment, .segment_count = 1};
 *     struct virtio_blk_request *requests[] = {&request};
 *     submitted = virtio_blk_submit(&blk, requests, 1);
 *     ... later ...
 *     done = virtio_blk_completed(&blk, requests, 1);        request.result says how it went
 *
 * Blocking calls for one request at a time are in helper.h. Nobody blocks here. Requests finish in any order; to order
 * two, wait for the first. A finished write is durable only once a flush that was submitted after it has finished.
 * submit and completed are for one user at a time, who may be in an interrupt handler.
 */
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include <virtio/device.h>
#include <virtio/spec/blk.h>

VIRTIO_BEGIN_DECLS

/* What a request asks for. */
enum virtio_blk_operation {
	VIRTIO_BLK_READ = VIRTIO_BLK_T_IN,       /* sectors to memory */
	VIRTIO_BLK_WRITE = VIRTIO_BLK_T_OUT,     /* memory to sectors */
	VIRTIO_BLK_FLUSH = VIRTIO_BLK_T_FLUSH,   /* make finished writes durable; no segments, sector is ignored */
	VIRTIO_BLK_SERIAL = VIRTIO_BLK_T_GET_ID, /* the serial number into one segment of VIRTIO_BLK_ID_LENGTH bytes */
};

/*
 * A request. Caller-owned, in any memory, zeroed before its first use. It and the data belong to the driver from submit
 * until it comes back from virtio_blk_completed (or from detach); the segment list is read during submit only.
 *
 * The device's own unit may be larger than a sector: then it may fail requests that are no multiple of block_size
 * (QEMU does). A flush makes durable what finished before it was submitted.
 */
struct virtio_blk_request {
	enum virtio_blk_operation type;        /* what to do */
	uint16_t segment_count;                /* how many segments; at most blk->max_segments */
	uint16_t slot;                         /* private: which header and status it has */
	uint64_t sector;                       /* first sector of 512 bytes, whatever the block size is */
	const struct virtio_segment *segments; /* the data; lengths add up to a multiple of 512 */
	uint32_t length;                       /* private: what they add up to */
	int result; /* when it is back: 0; VIRTIO_ERR_IO, the device failed it; VIRTIO_ERR_UNSUPPORTED, it does not know
		       the operation; VIRTIO_ERR_PROTOCOL, its answer makes no sense; VIRTIO_ERR_NO_DEVICE, it was reset
		       first; VIRTIO_ERR_TIMEOUT, the same, but the device may still use the memory */
	void *context; /* the caller's own */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_blk_options {
	uint16_t ring_size;    /* entries of the virtqueue at most; 0: as many as the device has, up to 256 */
	uint16_t max_segments; /* most data segments of a request; 0: as many as the device takes, up to 32 */
};

/* Private, shared with the device: the framing of one request in flight. */
struct virtio_blk_frame {
	struct virtio_blk_req header; /* read by the device */
	uint8_t status;               /* written by it */
	uint8_t pad[15];              /* keeps the next one apart */
};

/* A block device. Caller-owned, private but for the fields that say read-only. */
struct virtio_blk {
	struct virtio_device *device; /* whose driver this is, NULL while it is not attached */
	uint64_t capacity;   /* read-only: sectors of 512 bytes; as of attach, or of the last virtio_blk_poll_config */
	uint32_t block_size; /* read-only: the device's natural unit in bytes, a power of two, 512 or more */
	uint32_t max_segment_length; /* read-only: bytes of one segment at most */
	uint16_t max_segments;       /* read-only: data segments of one request at most */
	bool read_only;              /* read-only: writes are refused */
	bool flush;        /* read-only: the device has a flush command; without it finished writes are durable */
	bool lengths_hold; /* the device tells how much it read: modern ones must */
	bool complained;   /* a senseless answer was logged; once is enough */
	struct virtio_queue queue;            /* requestq1 */
	struct virtio_blk_frame *frames;      /* shared: one for each request in flight */
	uint64_t frames_address;              /* the same, for the device */
	struct virtio_blk_request **requests; /* by slot; NULL: free */
	uint16_t *free_slots;                 /* a stack of free slots */
	uint16_t free_count;                  /* of them */
	uint16_t slot_count;                  /* requests in flight at most */
};

/*
 * Start the driver on an opened device: negotiate, read the geometry, set up the queue, go live. OPTIONS may be NULL
 * and is read during the call only. BLK and DEVICE must stay where they are until virtio_blk_detach. Allocates and may
 * wait for the reset. VIRTIO_ERR_NO_DEVICE: it is no block device, or has gone; VIRTIO_ERR_BUSY: a driver is attached
 * to it; VIRTIO_ERR_UNSUPPORTED: also a queue too short for any request; VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as
 * virtio_device_begin and virtio_device_add_queue; VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and
 * the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_blk_attach(
	struct virtio_blk *blk, struct virtio_device *device, const struct virtio_blk_options *options);

/*
 * Stop: give the device up to VIRTIO_RESET_TIMEOUT to finish what it works on (some crash when they are reset
 * meanwhile), reset it, and free what attach allocated. Each request that had not come back is handed to RECLAIM
 * once (with CONTEXT; NULL forgets them): with its own result when it finished, else with VIRTIO_ERR_NO_DEVICE. Waits,
 * so not for interrupt handlers. Returns 0, or VIRTIO_ERR_TIMEOUT: the device is stuck and may still write to the
 * memory of unfinished requests; that is their result, too, and memory of ours that it knows stays allocated.
 * Does nothing when BLK is not attached.
 */
int virtio_blk_detach(
	struct virtio_blk *blk, void (*reclaim)(void *context, struct virtio_blk_request *request), void *context);

/*
 * Submit up to COUNT requests, in order, with at most one notification. Returns how many were taken; fewer when no more
 * fit in flight: reap some, try again. VIRTIO_ERR_PROTOCOL when the ring is broken. When the FIRST request is wrong,
 * none is taken and the error says why; a later wrong one ends the burst before it, so that the next call reports it:
 *
 * VIRTIO_ERR_INVALID: no data, no whole sectors, an empty segment, data for a flush, a serial number of another length
 * than VIRTIO_BLK_ID_LENGTH or in several segments, an unknown type; VIRTIO_ERR_NO_SPACE: past the capacity;
 * VIRTIO_ERR_READ_ONLY: a write to a read-only device; VIRTIO_ERR_TOO_LARGE: too many or too long segments;
 * VIRTIO_ERR_UNSUPPORTED: a flush on a device without it; VIRTIO_ERR_BUSY: the request is in flight already.
 */
VIRTIO_MUST_CHECK int virtio_blk_submit(
	struct virtio_blk *blk, struct virtio_blk_request *const *requests, unsigned count);

/* Take back up to COUNT finished requests, results filled in, in any order. Returns how many, 0 when there are none;
 * VIRTIO_ERR_PROTOCOL: the ring is broken. */
VIRTIO_MUST_CHECK int virtio_blk_completed(
	struct virtio_blk *blk, struct virtio_blk_request **requests, unsigned count);

/*
 * Ask for an interrupt when a request finishes. True: some have finished already and no interrupt will come for them,
 * so reap instead of sleeping. Interrupts are off after attach.
 */
VIRTIO_MUST_CHECK bool virtio_blk_enable_interrupts(struct virtio_blk *blk);

/* Ask for no more interrupts: a hint, some may still come. */
void virtio_blk_disable_interrupts(struct virtio_blk *blk);

/*
 * Read the configuration again after a configuration interrupt, or now and then when polling: the capacity may have
 * changed. Returns 1 when it has, 0 when not, or the error of virtio_device_check. Reads registers: not for the data
 * path, not for interrupt handlers.
 */
VIRTIO_MUST_CHECK int virtio_blk_poll_config(struct virtio_blk *blk);

VIRTIO_END_DECLS

#endif
