/* SPDX-License-Identifier: ISC */
/*
 * virtio-9p: carries 9P messages to a file server behind the device, and its answers back; several in flight. What
 * stands in them is the runtime's: the driver looks at lengths and tags only.
 *
 *     #include <virtio/9p.h>
 *
 *     // The message as it is sent, and room for the answer.
 *     int call(struct virtio_9p *p9, const struct virtio_segment segments[2], uint32_t *answer_length)
 *     {
 *             struct virtio_9p_request request = {.segments = segments, .message_segments = 1, .answer_segments = 1};
 *             struct virtio_9p_request *done;
 *             int result = virtio_9p_submit(p9, &request);
 *
 *             if (result < 0)
 *                     return result;
 *             while ((result = virtio_9p_completed(p9, &done)) == 0)
 *                     continue; // do something else meanwhile
 *             *answer_length = request.answer_length;
 *             return result < 0 ? result : request.result;
 *     }
 *
 * Nothing is copied: an answer lies in memory that the device can still reach, so read each number in it once. Nobody
 * blocks here. One user at a time, who may be in an interrupt handler.
 */
#ifndef VIRTIO_9P_H
#define VIRTIO_9P_H

#include <virtio/device.h>

VIRTIO_BEGIN_DECLS

/* Room for the name of what a device serves, with a NUL; longer ones are cut. */
#define VIRTIO_9P_TAG 64

/*
 * A message and its answer. Caller-owned, zeroed before its first use. It and the memory belong to the driver from
 * submit until it comes back from virtio_9p_completed (or from detach); the segment list is read during submit only.
 */
struct virtio_9p_request {
	const struct virtio_segment *segments; /* those of the message, then those with room for the answer */
	uint16_t message_segments;             /* at least 1; the first has the whole header of 7 bytes */
	uint16_t answer_segments;              /* at least 1; the first has room for the whole header */
	uint16_t tag;                          /* private: of the message, from its header */
	const uint8_t *answer;                 /* private: where the header of the answer will be */
	uint32_t answer_length; /* when it is back: bytes of the answer, header included; 0 after an error */
	/* When it is back: 0; VIRTIO_ERR_PROTOCOL, the answer's length or tag makes no sense; VIRTIO_ERR_NO_DEVICE, it
	 * was reset first; VIRTIO_ERR_TIMEOUT, the same, but the device may still use the memory. */
	int result;
	void *context; /* the caller's own */
};

/* What a runtime may choose at attach. A zeroed struct, or NULL, gives the defaults. */
struct virtio_9p_options {
	uint16_t ring_size;    /* entries of the virtqueue at most; 0: as many as the device has, up to 128 */
	uint16_t max_segments; /* of a message and its answer together at most; 0: 32 */
	uint32_t max_message;  /* bytes of a message, and of an answer, at most; 0: 1 MiB */
};

/* A 9P device. Caller-owned, private but for the fields that say read-only. */
struct virtio_9p {
	struct virtio_device *device; /* whose driver this is; NULL while it is not attached */
	struct virtio_queue queue;    /* requests */
	uint32_t max_message;         /* read-only: bytes of a message or an answer at most */
	uint16_t max_segments;        /* read-only: of a message and its answer together at most */
	bool complained;              /* a senseless answer was logged; once is enough */
	char tag[VIRTIO_9P_TAG];      /* read-only: what it serves; printable ASCII, other bytes became '?' */
};

/*
 * Start the driver on an opened device. OPTIONS may be NULL and is read during the call only. P9 and DEVICE must stay
 * where they are until virtio_9p_detach. Allocates and may wait for the reset. VIRTIO_ERR_INVALID: DEVICE was never
 * opened (and is zeroed); VIRTIO_ERR_NO_DEVICE: it is no 9P device, or has gone; VIRTIO_ERR_BUSY: a driver is attached
 * to it; VIRTIO_ERR_UNSUPPORTED: also a queue too short for any request; VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as
 * virtio_device_begin and virtio_device_add_queue; VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and
 * the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_9p_attach(
	struct virtio_9p *p9, struct virtio_device *device, const struct virtio_9p_options *options);

/*
 * Stop: reset the device and free what attach allocated. Each request that had not come back is handed to RECLAIM once
 * (with CONTEXT; NULL forgets them), with VIRTIO_ERR_NO_DEVICE as its result. Waits, so not for interrupt handlers.
 * Returns 0, or VIRTIO_ERR_TIMEOUT: the device is stuck and may still write to the memory of requests; that is their
 * result, too, and memory of ours that it knows stays allocated. Does nothing when P9 is not attached.
 */
int virtio_9p_detach(
	struct virtio_9p *p9, void (*reclaim)(void *context, struct virtio_9p_request *request), void *context);

/*
 * Submit one request. Returns 1, or 0 when the ring is full: take some back, try again. VIRTIO_ERR_INVALID: a part has
 * no segment, an empty one, or a first one shorter than a header, or the length in the message's header is not that of
 * its segments; VIRTIO_ERR_TOO_LARGE: too many segments or bytes; VIRTIO_ERR_PROTOCOL: the ring is broken.
 */
VIRTIO_MUST_CHECK int virtio_9p_submit(struct virtio_9p *p9, struct virtio_9p_request *request);

/* Take back one request that is done, its result filled in; they come in any order. Returns 1, 0 when there is none;
 * VIRTIO_ERR_PROTOCOL: the ring is broken. */
VIRTIO_MUST_CHECK int virtio_9p_completed(struct virtio_9p *p9, struct virtio_9p_request **request);

/*
 * Ask for an interrupt when a request is done. True: some are already and no interrupt will come for them, so take them
 * back instead of sleeping. Interrupts are off after attach.
 */
VIRTIO_MUST_CHECK bool virtio_9p_enable_interrupts(struct virtio_9p *p9);

/* Ask for no more interrupts: a hint, some may still come. */
void virtio_9p_disable_interrupts(struct virtio_9p *p9);

VIRTIO_END_DECLS

#endif
