/* SPDX-License-Identifier: ISC */
/*
 * The other end of a virtqueue: a device as strict as the strictest, which fails the test on whatever the
 * specification forbids a driver, and which on demand lies. It finds everything through device addresses
 * (fake/platform.h), as a device does. A test drives it by hand:
 *
 *     struct fake_device_ring ring;
 *     fake_device_attach(&ring, &fake_device_split, &vq.addresses, vq.size, features);
 *
 *     struct fake_device_buffer buffer;
 *     while (fake_device_take(&ring, &buffer)) {                    the next available buffer
 *             fake_device_read(&buffer, 0, request, sizeof request);    what the driver sent
 *             fake_device_write(&buffer, 0, answer, sizeof answer);     what the driver gets
 *             fake_device_return(&ring, &buffer, sizeof answer);        used; true: interrupt the driver
 *     }
 *
 *     fake_device_detach(&ring);
 *
 * Buffers may be kept and returned in any order. While the device holds one, it watches that the driver does not
 * touch its descriptors. The kind of ring is a table: a driver's tests run over each of fake_device_rings.
 */
#ifndef TEST_UNIT_FAKE_DEVICE_H
#define TEST_UNIT_FAKE_DEVICE_H

#include <virtio/base.h>
#include <virtio/spec/features.h>
#include <virtio/virtqueue.h>

/* Most elements of a buffer that the fake device takes; a longer one fails the test. */
#define FAKE_DEVICE_MAX_ELEMENTS 512

/* One element of a buffer. */
struct fake_device_element {
	uint64_t address; /* as the driver gave it */
	uint8_t *data;    /* where that is */
	uint32_t length;  /* bytes */
	bool writable;    /* the device may write it, else read it */
};

/* A buffer that the device took: a copy, the test's to keep. */
struct fake_device_buffer {
	uint32_t id;             /* how the ring names it; split: index of the first descriptor */
	unsigned turn;           /* how many the device took before it */
	unsigned descriptors;    /* of the ring that it takes: 1 if it is indirect */
	bool indirect;           /* it came through a table */
	unsigned count;          /* elements */
	uint32_t readable_bytes; /* of all elements together */
	uint32_t writable_bytes; /* likewise */
	struct fake_device_element elements[FAKE_DEVICE_MAX_ELEMENTS]; /* first those to read, then those to write */
};

struct fake_device_ring;

/* A kind of ring. The calls are documented below, where a function of the same name makes each. */
struct fake_device_ops {
	const char *name;                       /* "split", ... */
	const struct virtqueue_ops *driver_end; /* the library's end of it */
	uint64_t features;                      /* that must be negotiated for it */
	bool any_size;                          /* sizes need not be powers of two */
	void (*attach)(struct fake_device_ring *ring);
	void (*detach)(struct fake_device_ring *ring);
	unsigned (*available)(struct fake_device_ring *ring);
	uint16_t (*position)(struct fake_device_ring *ring);
	bool (*take)(struct fake_device_ring *ring, struct fake_device_buffer *buffer);
	void (*put_used)(
		struct fake_device_ring *ring, uint32_t id, unsigned descriptors, uint32_t length, bool written);
	void (*put_batch)(struct fake_device_ring *ring, const struct fake_device_buffer *buffers, unsigned count,
		uint32_t length);
	bool (*publish_used)(struct fake_device_ring *ring);
	void (*want_notifications)(struct fake_device_ring *ring, bool wanted);
	void (*notify_after)(struct fake_device_ring *ring, uint16_t after);
	bool (*interrupts_wanted)(struct fake_device_ring *ring);
	void (*scribble)(struct fake_device_ring *ring, uint8_t value);
};

/* A device's end of one virtqueue. The test's; all fields are private to fake/. */
struct fake_device_ring {
	const struct fake_device_ops *ops;
	struct virtqueue_addresses addresses;
	uint16_t size;
	uint64_t features;
	unsigned held;       /* buffers taken and not returned */
	unsigned turn;       /* buffers taken in all */
	unsigned interrupts; /* that the driver got; the test may read and clear it */
	bool notify_each;    /* notifications are wanted for whatever comes next */
	bool lied;           /* the rings are no longer what they should be: stop watching them */
	uint16_t taken;      /* split: the device's own available index; packed: place of the next list */
	uint16_t newest;     /* split: the driver's available index at the last look; packed: flags kept back */
	uint16_t used;       /* split: the device's own used index; packed: place of the next used slot */
	uint16_t in_order;   /* split: the descriptor that must come next (2.7.9) */
	uint16_t published;  /* the same, as the driver sees it */
	struct fake_device_watch *watches; /* what must not change: one for each id */
	uint8_t *used_copy;                /* what the device wrote to its area, which the driver must not touch */
	size_t used_bytes;                 /* of the Device Area */
};

/* The split ring (VIRTIO 2.7). */
extern const struct fake_device_ops fake_device_split;

/* The packed ring (VIRTIO 2.8). */
extern const struct fake_device_ops fake_device_packed;

/* All kinds of ring, ended by NULL. */
extern const struct fake_device_ops *const fake_device_rings[];

/* The kind that FEATURES agree on: the last of the list whose own are among them. */
const struct fake_device_ops *fake_device_kind(uint64_t features);

/*
 * Be the device behind the virtqueue of SIZE entries at ADDRESSES, with the negotiated FEATURES. Fails the test
 * when the areas are misaligned, not in DMA memory, or not cleared (2.7). To be called where a device learns of
 * the queue.
 */
void fake_device_attach(struct fake_device_ring *ring, const struct fake_device_ops *ops,
	const struct virtqueue_addresses *addresses, uint16_t size, uint64_t features);

/* Reset: forget everything; the driver's memory is not touched any more. Detaching twice does nothing. */
void fake_device_detach(struct fake_device_ring *ring);

/* How many buffers the driver has made available that were not taken yet. Fails the test if that cannot be. */
unsigned fake_device_available(struct fake_device_ring *ring);

/*
 * Where the driver will make the next buffer available, as a notification with data tells it (2.9): 15 bits of an
 * offset, and above it the wrap counter, or the 16th bit of the index.
 */
uint16_t fake_device_position(struct fake_device_ring *ring);

/* Take the next available buffer. False: there is none. Fails the test if it is not as the specification wants it. */
bool fake_device_take(struct fake_device_ring *ring, struct fake_device_buffer *buffer);

/* Copy LENGTH bytes from OFFSET of what the driver sent; fails the test if there are fewer. */
void fake_device_read(const struct fake_device_buffer *buffer, uint32_t offset, void *bytes, uint32_t length);

/* Copy LENGTH bytes to OFFSET of what the driver will get; fails the test if there is no room. */
void fake_device_write(const struct fake_device_buffer *buffer, uint32_t offset, const void *bytes, uint32_t length);

/*
 * Return BUFFER as used, with LENGTH bytes said to be written, and tell the driver at once. Returns whether the
 * driver wants an interrupt (also counted in ring->interrupts). With IN_ORDER, fails the test unless it is the oldest.
 */
bool fake_device_return(struct fake_device_ring *ring, const struct fake_device_buffer *buffer, uint32_t length);

/* The same without telling: the driver sees it after fake_device_publish. */
void fake_device_put(struct fake_device_ring *ring, const struct fake_device_buffer *buffer, uint32_t length);

/*
 * IN_ORDER: put COUNT buffers, which were taken one after the other, with one record, in which LENGTH is that of the
 * last.
 */
void fake_device_put_batch(
	struct fake_device_ring *ring, const struct fake_device_buffer *buffers, unsigned count, uint32_t length);

/* Tell the driver of all that was put. Returns as fake_device_return. */
bool fake_device_publish(struct fake_device_ring *ring);

/*
 * Ask for notifications, as a device does from the start, or for none: by flags, or with EVENT_IDX by an event that
 * each take moves to the next buffer, or that is far away.
 */
void fake_device_want_notifications(struct fake_device_ring *ring, bool wanted);

/*
 * EVENT_IDX: ask for one notification, once AFTER more buffers (packed: slots) than were taken so far are available.
 */
void fake_device_notify_after(struct fake_device_ring *ring, uint16_t after);

/* Whether the driver would want an interrupt for the next buffer returned. */
bool fake_device_interrupts_wanted(struct fake_device_ring *ring);

/* Lies. After one the device stops watching whether the driver touches what it must not. */

/* The test itself is about to write to the rings: stop watching them. */
void fake_device_stop_watching(struct fake_device_ring *ring);

/* Say that buffer ID was used with LENGTH bytes, whether the device has it or not, and publish. */
void fake_device_lie_used(struct fake_device_ring *ring, uint32_t id, uint32_t length);

/* Say what cannot be, so that the driver finds its ring broken at the next look. */
void fake_device_break(struct fake_device_ring *ring);

/* Split: move the used index by STEPS (may be negative) without having written entries. */
void fake_device_lie_index(struct fake_device_ring *ring, int steps);

/* Packed: go on STEPS slots further (may be negative) than what was used accounts for. */
void fake_device_lie_slots(struct fake_device_ring *ring, int steps);

/*
 * Overwrite with VALUE all descriptors and all indirect tables of buffers that the device holds, and the
 * available ring; packed: but for the flags of the descriptors.
 */
void fake_device_scribble(struct fake_device_ring *ring, uint8_t value);

#endif
