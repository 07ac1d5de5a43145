/* SPDX-License-Identifier: ISC */
/*
 * virtio-rng (VIRTIO 5.4): random bytes from the device.
 *
 *     #include <virtio/helper.h>
 *
 *     int seed(struct virtio_device *device, void *bytes, size_t length, uint64_t deadline)
 *     {
 *             struct virtio_rng rng;
 *             int result = virtio_rng_attach(&rng, device);
 *
 *             if (result == 0) {
 *                     result = virtio_rng_fill(&rng, bytes, length, deadline); // waits; virtio_rng_read does not
 *                     virtio_rng_detach(&rng);
 *             }
 *             return result;
 *     }
 *
 * Bytes are copied once out of memory that the device can see, so they cannot change any more. Whoever runs the device
 * knows them, though, and may have chosen them: mix them into a generator together with other sources, and do not use
 * them as they are. One user at a time.
 */
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include <virtio/buffers.h>

VIRTIO_BEGIN_DECLS

/* An entropy device. Caller-owned, private but for the field that says read-only. */
struct virtio_rng {
	struct virtio_device *device;  /* whose driver this is, read-only; NULL while it is not attached */
	struct virtio_buffers answers; /* the requestq, with one buffer */
	uint8_t *answer;               /* the buffer that bytes are taken from; NULL: the device has it, or nobody */
	uint32_t taken;                /* bytes of it that were given out */
	uint32_t length;               /* bytes that the device wrote there */
	uint16_t empty;                /* answers without a single byte, one after the other */
	bool asked;                    /* the device has the buffer */
};

/*
 * Start the driver on an opened device. RNG and DEVICE must stay where they are until virtio_rng_detach. Asks the
 * device for nothing yet. Allocates and may wait for the reset. VIRTIO_ERR_INVALID: DEVICE was never opened (and is
 * zeroed); VIRTIO_ERR_NO_DEVICE: it is no entropy device, or has gone; VIRTIO_ERR_BUSY: a driver is attached to it;
 * VIRTIO_ERR_UNSUPPORTED, VIRTIO_ERR_PROTOCOL, VIRTIO_ERR_TIMEOUT as virtio_device_begin and virtio_device_add_queue;
 * VIRTIO_ERR_NO_MEMORY. After an error nothing is left allocated and the device is reset. A line in the log says why.
 */
VIRTIO_MUST_CHECK int virtio_rng_attach(struct virtio_rng *rng, struct virtio_device *device);

/*
 * Stop: reset the device and free what attach allocated. Waits, so not for interrupt handlers. Returns 0, or
 * VIRTIO_ERR_TIMEOUT: the device is stuck, and memory of ours that it knows stays allocated. Does nothing when RNG is
 * not attached.
 */
int virtio_rng_detach(struct virtio_rng *rng);

/*
 * Copy up to LENGTH random bytes that are there to BYTES, and ask the device for as many when there are none. Returns
 * how many, often fewer than LENGTH; 0: none yet, look again later. VIRTIO_ERR_PROTOCOL: the ring is broken, or the
 * device answers without any bytes again and again: detach it. Does not wait; callable from an interrupt handler by the
 * one user.
 */
VIRTIO_MUST_CHECK int virtio_rng_read(struct virtio_rng *rng, void *bytes, uint32_t length);

/*
 * Ask for an interrupt when the bytes come that a virtio_rng_read asked for and did not get. True: they are there
 * already, so read instead of sleeping. Interrupts are off after attach.
 */
VIRTIO_MUST_CHECK bool virtio_rng_enable_interrupts(struct virtio_rng *rng);

/* Ask for no more interrupts: a hint, some may still come. */
void virtio_rng_disable_interrupts(struct virtio_rng *rng);

VIRTIO_END_DECLS

#endif
