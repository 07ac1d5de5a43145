/* SPDX-License-Identifier: ISC */
/*
 * virtio-balloon (VIRTIO 5.5): memory that the device asks for and gives back, and memory that it may drop meanwhile.
 *
 *     #include <virtio/balloon.h>
 *
 *     int follow(struct virtio_balloon *balloon, const uint64_t *free_pages, unsigned count)
 *     {
 *             uint32_t target;
 *             int result = virtio_balloon_target(balloon, &target); // now and then, or after a configuration interrupt
 *
 *             if (result == 0 && target > balloon->actual) {
 *                     unsigned missing = target - balloon->actual;
 *                     result = virtio_balloon_inflate(balloon, free_pages, missing < count ? missing : count);
 *             }
 *             return result < 0 ? result : virtio_balloon_poll(balloon); // until inflating and deflating are 0
 *     }
 *
 *     int report(struct virtio_balloon *balloon, struct virtio_segment *unused)
 *     {
 *             void *back;
 *             int result = virtio_balloon_report(balloon, unused, 1, unused); // what is in there may go
 *
 *             return result < 0 ? result : virtio_balloon_reported(balloon, &back); // 1: use it again
 *     }
 *
 * Which pages these are, and whether to follow the device's wish at all, is the runtime's: the driver keeps no list. A
 * page is 4096 bytes, named by its physical address, also where the device reaches memory through a mapping
 * (VIRTIO_F_ACCESS_PLATFORM): balloons and memory are of the machine, not of the bus (5.5.6). What is reported is
 * buffers, which are mapped as others are; where mapping means to copy (bounce buffers), reporting frees nothing.
 * Nobody blocks here. One user at a time.
 */
#ifndef VIRTIO_BALLOON_H
#define VIRTIO_BALLOON_H

#include <virtio/buffers.h>

VIRTIO_BEGIN_DECLS

/* Pages in one message at most; longer lists are taken in parts. */
#define VIRTIO_BALLOON_PAGES 256

/* Segments of one report at most. */
#define VIRTIO_BALLOON_SEGMENTS 32

/* A balloon. Caller-owned, private but for the fields that say read-only. */
struct virtio_balloon {
	struct virtio_device *device;   /* whose driver this is; NULL while it is not attached */
	struct virtio_buffers inflateq; /* with one buffer for page numbers */
	struct virtio_buffers deflateq; /* the same */
	struct virtio_queue reportingq; /* where reporting is possible */
	uint32_t actual;                /* read-only: pages in the balloon, as far as the device has confirmed */
	uint16_t inflating;             /* read-only: pages on their way into it: the device's already */
	uint16_t deflating;             /* read-only: pages on their way out of it: the device's still */
	bool reporting;                 /* read-only: virtio_balloon_report works */
	bool deflate_freely;            /* read-only: pages may be taken back against the device's wish, in need */
};

/*
 * Start the driver on an opened device. BALLOON and DEVICE must stay where they are until virtio_balloon_detach.
 * Allocates and may wait for the reset. VIRTIO_ERR_INVALID: DEVICE was never opened (and is zeroed);
 * VIRTIO_ERR_NO_DEVICE: it is no balloon, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it;
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue;
 * VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_balloon_attach(struct virtio_balloon *balloon, struct virtio_device *device);

/*
 * Stop: reset the device and free what attach allocated. Afterwards all pages and all reported memory are the caller's
 * again, with any content. Waits. Returns 0, or VIRTIO_ERR_TIMEOUT: the device is stuck, may still work on pages, and
 * memory of ours that it knows stays allocated. Does nothing when BALLOON is not attached.
 */
int virtio_balloon_detach(struct virtio_balloon *balloon);

/* How many pages the device wants in the balloon: *PAGES. 0, or the error of virtio_device_check or
 * virtio_device_read_config. Reads registers. */
VIRTIO_MUST_CHECK int virtio_balloon_target(struct virtio_balloon *balloon, uint32_t *pages);

/*
 * Put the first of COUNT pages at these physical addresses into the balloon. Returns how many were taken, which must
 * not be touched from now on; 0 while an earlier message is under way (virtio_balloon_poll). VIRTIO_ERR_INVALID: an
 * address is no multiple of 4096; VIRTIO_ERR_TOO_LARGE: it is 2^44 or more, which the protocol cannot say;
 * VIRTIO_ERR_PROTOCOL: the ring is broken. After an error none was taken.
 */
VIRTIO_MUST_CHECK int virtio_balloon_inflate(struct virtio_balloon *balloon, const uint64_t *pages, unsigned count);

/*
 * Ask for pages back. Returns how many of the first were taken into the message; they may be touched once `deflating`
 * is 0 again, with any content. 0 while an earlier message is under way, in either direction. Errors as
 * virtio_balloon_inflate, and VIRTIO_ERR_INVALID for more pages than are in the balloon. To ask for pages that the
 * device wants to keep is for when memory is short, and only with deflate_freely.
 */
VIRTIO_MUST_CHECK int virtio_balloon_deflate(struct virtio_balloon *balloon, const uint64_t *pages, unsigned count);

/*
 * See whether the device has done what it was asked for, and tell it the new size. Returns 1 when a message was
 * confirmed, 0 when none was; VIRTIO_ERR_PROTOCOL: a ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_balloon_poll(struct virtio_balloon *balloon);

/*
 * Tell the device of free memory: COUNT SEGMENTS of whole pages, up to VIRTIO_BALLOON_SEGMENTS. Returns 1: it is the
 * device's, its content may go, until virtio_balloon_reported hands TOKEN (not NULL) back; 0: no room now.
 * VIRTIO_ERR_UNSUPPORTED: the device does not want to know; VIRTIO_ERR_INVALID: no segments, no token, or no whole
 * pages; VIRTIO_ERR_TOO_LARGE: too many segments; VIRTIO_ERR_PROTOCOL.
 */
VIRTIO_MUST_CHECK int virtio_balloon_report(
	struct virtio_balloon *balloon, const struct virtio_segment *segments, uint16_t count, void *token);

/* Take one report back: 1, its memory is the caller's again and TOKEN tells which; 0: none yet; VIRTIO_ERR_PROTOCOL. */
VIRTIO_MUST_CHECK int virtio_balloon_reported(struct virtio_balloon *balloon, void **token);

VIRTIO_END_DECLS

#endif
