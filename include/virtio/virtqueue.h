/* SPDX-License-Identifier: ISC */
/*
 * Virtqueues (VIRTIO 2.6): the rings through which buffers go to a device and come back. This layer knows
 * memory only; telling the device is the device layer's work (device.h). Most runtimes use a driver and
 * never come here.
 *
 *     virtqueue_add(vq, buffers, n);      put buffers into the ring, the device does not see them yet
 *     if (virtqueue_publish(vq))          now it does; true: it wants to be notified
 *             ... notify ...
 *     n = virtqueue_get(vq, used, 32);    take back what the device has used
 *
 * Everything is a burst; a single buffer is a burst of one. One virtqueue belongs to one user at a time;
 * different virtqueues share nothing. No call here blocks; all but init, free, restart and take_back may be
 * made from an interrupt handler, by the queue's one user.
 *
 * The device is not trusted. What we need to know is kept in memory that it cannot reach, and a number
 * from it that cannot be right breaks the virtqueue: `fault` says why, every call from then on answers
 * VIRTIO_ERR_PROTOCOL, and only a reset of the device cures it.
 */
#ifndef VIRTIO_VIRTQUEUE_H
#define VIRTIO_VIRTQUEUE_H

#include <virtio/base.h>
#include <virtio/error.h>
#include <virtio/platform.h>

VIRTIO_BEGIN_DECLS

/* Contiguous memory that is, or is part of, a buffer. Owner: whoever owns the memory fills it in. */
struct virtio_segment {
	void *data;              /* for the processor; NULL: from dma_alloc, where the device reaches it unmapped */
	uint64_t device_address; /* of the same byte, for the device */
	uint32_t length;         /* bytes, at least 1 */
};

/*
 * A buffer on its way to the device. The struct and the segment list are read during the call only; the
 * memory behind them belongs to the device until the buffer comes back from virtqueue_get or virtqueue_take_back.
 */
struct virtqueue_buffer {
	const struct virtio_segment *segments; /* first those that the device reads, then those that it writes */
	void *token;                           /* the caller's, comes back with the buffer; not NULL */
	uint16_t readable;                     /* how many segments the device reads */
	uint16_t writable;                     /* how many it writes; at least one segment in all */
};

/* A buffer of one segment on its way to the device, with less around it. Lives as virtqueue_buffer. */
struct virtqueue_single {
	struct virtio_segment segment; /* all of it */
	void *token;                   /* the caller's, comes back with the buffer; not NULL */
};

/* A buffer that the device has used. */
struct virtqueue_used {
	void *token; /* of the buffer */
	/* Bytes that the device wrote, from the first writable segment on; never more than there were. */
	uint32_t length;
};

/* Where the parts of a virtqueue lie, for the device (VIRTIO 2.6). */
struct virtqueue_addresses {
	uint64_t descriptors; /* Descriptor Area */
	uint64_t driver;      /* Driver Area */
	uint64_t device;      /* Device Area */
};

struct virtqueue;

/* How to set up a virtqueue. */
struct virtqueue_config {
	const struct virtio_platform *platform; /* for its memory; must outlive the virtqueue */
	const struct virtqueue_ops *ops;        /* the kind of ring: virtqueue_split_ops, ... */
	uint64_t features;                      /* negotiated: EVENT_IDX and INDIRECT_DESC matter here */
	/* Of the Device Area: 0, or the page size that a legacy device needs (2.7.2), at most 4096. */
	uint32_t alignment;
	uint16_t size;         /* entries */
	uint16_t max_segments; /* most segments a buffer will have; 0 counts as 1 */
};

/*
 * A kind of ring. The calls are documented below, where a function of the same name makes each. A runtime
 * names a table to link that kind of ring in.
 */
struct virtqueue_ops {
	const char *name; /* "split", "packed" */
	uint64_t feature; /* that a device must offer, 0: none */

	/* The fields that virtqueue_init filled in are valid; allocate, then restart. */
	int (*init)(struct virtqueue *vq, const struct virtqueue_config *config);

	void (*restart)(struct virtqueue *vq); /* virtqueue_restart */
	int (*add)(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count); /* virtqueue_add */
	/* virtqueue_add_singles */
	int (*add_singles)(struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable);
	bool (*publish)(struct virtqueue *vq);                                         /* virtqueue_publish */
	int (*get)(struct virtqueue *vq, struct virtqueue_used *used, unsigned count); /* virtqueue_get */
	int (*get_tokens)(struct virtqueue *vq, void **tokens, unsigned count);        /* virtqueue_get_tokens */
	bool (*enable_interrupts)(struct virtqueue *vq, uint16_t after);               /* virtqueue_enable_interrupts */
	void (*disable_interrupts)(struct virtqueue *vq); /* virtqueue_disable_interrupts */
};

/* Private: what we know of a buffer that is in the ring, out of the device's reach. Indexed by buffer id. */
struct virtqueue_slot {
	void *token;          /* NULL: no buffer starts here */
	uint32_t writable;    /* bytes that the device may write */
	uint16_t descriptors; /* how many ring descriptors the buffer takes; 1 while free */
	uint16_t next;        /* next free descriptor, or next of this chain */
};

/*
 * A virtqueue. Caller-owned; all fields are private to libvirtio/virtqueue/, but may be read while
 * debugging. Memory that the device writes is apart, behind the three areas. What a burst needs comes first.
 */
struct virtqueue {
	const struct virtqueue_ops *ops; /* the kind of ring */
	const char *fault;               /* why it is broken, NULL while it is not; empty without messages */
	struct virtqueue_slot *slots;    /* one for each descriptor */
	void *descriptors;               /* Descriptor Area, which is also where the ring's memory starts */
	void *driver;                    /* Driver Area */
	void *device;                    /* Device Area: the device writes it */
	uint16_t size;                   /* entries */
	uint16_t mask;                   /* split: size - 1 */
	uint16_t free_head;              /* first free descriptor, while there is one */
	uint16_t free_count;             /* free descriptors */
	uint16_t added;     /* where the next buffer goes; split: a free-running index; packed: slot and wrap counter */
	uint16_t published; /* the same, at the last publish: what the device has been told of */
	uint16_t seen;      /* the same, of what the device has used: what we have taken */
	uint16_t max_segments; /* most segments a buffer may have */
	uint16_t unpublished;  /* packed: buffers that were added since the last publish */
	uint16_t held;         /* packed: buffers that the device holds */
	uint16_t oldest;       /* in order: slot of the oldest buffer that the device holds */
	uint16_t batch;        /* in order: buffers of the last used record that were not taken yet */
	uint32_t batch_length; /* in order: what it said of the last of them */
	uint16_t withheld;     /* packed: flags of the first list in a batch, for publish to store */
	bool event_idx;        /* EVENT_IDX was negotiated */

	uint8_t *tables;                      /* a table of max_segments indirect descriptors for each slot, or NULL */
	uint64_t tables_address;              /* where the device finds them */
	struct virtqueue_addresses addresses; /* where it finds the areas */
	const struct virtio_platform *platform; /* whose memory it is */
	size_t ring_bytes;                      /* of the areas together */
	size_t tables_bytes;                    /* of the tables */
	uint16_t taken_back;                    /* slots that take_back has looked at */
};

/* The split ring (VIRTIO 2.7). Naming it links it in. */
extern const struct virtqueue_ops virtqueue_split_ops;

/* The packed ring (VIRTIO 2.8), for devices that offer RING_PACKED. Naming it links it in. */
extern const struct virtqueue_ops virtqueue_packed_ops;

/*
 * The split ring again, for devices that use buffers in the order in which they were made available, and say so
 * (IN_ORDER, 2.7.9 and 2.8.9). They may then tell of several buffers at once: all but the last of these come back with
 * the length of all that the device might have written. So it is for drivers that do not live by lengths, and ask for
 * IN_ORDER.
 */
extern const struct virtqueue_ops virtqueue_split_in_order_ops;
/* The same, packed. */
extern const struct virtqueue_ops virtqueue_packed_in_order_ops;

/*
 * Allocate and clear a virtqueue of config->size entries. Attach time only: allocates through the hooks.
 * Interrupts are off at first. Returns 0; VIRTIO_ERR_INVALID when the size is not one that this kind of ring
 * has (1 to 32768; split: a power of two; 2.7, 2.8), when the alignment is not 0 or a power of two up to 4096, or when
 * max_segments is more than the size (no buffer may be longer; 2.7.5.3.1); VIRTIO_ERR_NO_MEMORY. After an
 * error nothing is left allocated.
 *
 * With INDIRECT_DESC and max_segments above 1 each entry gets a table of max_segments descriptors (16 bytes
 * each), and every buffer of several segments goes through the table of its entry: the ring then takes
 * `size` buffers, whatever their segments. Without, each segment takes an entry.
 */
VIRTIO_MUST_CHECK int virtqueue_init(struct virtqueue *vq, const struct virtqueue_config *config);

/*
 * Free its memory. The device must not use it any more (reset first). Outstanding buffers are forgotten:
 * take them back before. Freeing twice, or what virtqueue_init refused, does nothing.
 */
void virtqueue_free(struct virtqueue *vq);

/*
 * Start again from an empty ring in the same memory, after the device was reset; cures a fault. As new:
 * interrupts off. Outstanding buffers are forgotten: take them back before.
 */
void virtqueue_restart(struct virtqueue *vq);

/*
 * After a reset of the device: take back one buffer that it had not used, or that was not published, in any
 * order; NULL when there are none left. Then only virtqueue_restart or virtqueue_free may follow. Works on a broken
 * virtqueue too.
 */
void *virtqueue_take_back(struct virtqueue *vq);

/* For kinds of ring that know no shorter way to virtqueue_get_tokens than virtqueue_get. */
int virtqueue_get_tokens_slowly(struct virtqueue *vq, void **tokens, unsigned count);

/* After a reset, too, for the device layer: what REPLACE answers for a token is the buffer's token from now on. */
void virtqueue_replace_tokens(struct virtqueue *vq, void *(*replace)(struct virtqueue *vq, void *token));

/*
 * Put up to COUNT buffers into the ring, in order. The device does not see them before virtqueue_publish.
 * Returns how many went in: fewer than COUNT when the ring is full, 0 when it is full already.
 * VIRTIO_ERR_INVALID when the FIRST buffer is wrong (no segment, an empty one, no token, more than 2^32-1 bytes in
 * all; 2.7.5), VIRTIO_ERR_TOO_LARGE when the first has more segments than the virtqueue takes; a later one that is
 * wrong ends the burst before it, so that the next call reports it. VIRTIO_ERR_PROTOCOL when broken.
 */
VIRTIO_MUST_CHECK static inline int virtqueue_add(
	struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count);

/*
 * virtqueue_add for buffers of one segment each, all of which the device reads or, where WRITABLE, writes; for drivers
 * that are sure of what they add: tokens are not NULL and segments not empty, which is not looked at here (a ring with
 * NULL for a token breaks when it comes back). Returns how many went in, fewer than COUNT when the ring is full, or
 * VIRTIO_ERR_PROTOCOL.
 */
VIRTIO_MUST_CHECK static inline int virtqueue_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable);

/*
 * Make all that was added available to the device (2.7.13), and look whether it wants to be notified (2.7.10).
 * True: the caller must notify it. With nothing new since the last time, or broken: false.
 */
VIRTIO_MUST_CHECK static inline bool virtqueue_publish(struct virtqueue *vq);

/*
 * Take back up to COUNT buffers that the device has used (2.7.14), in the order in which it used them. Returns
 * how many, 0 when there are none; VIRTIO_ERR_PROTOCOL when broken, at once or by what the device says now
 * (buffers taken in the same call are returned first).
 */
VIRTIO_MUST_CHECK static inline int virtqueue_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count);

/* virtqueue_get for those who need no lengths, since the device only reads their buffers. Same results. */
VIRTIO_MUST_CHECK static inline int virtqueue_get_tokens(struct virtqueue *vq, void **tokens, unsigned count);

/*
 * Ask for an interrupt once at least AFTER more buffers (1 or more; limited to those that the device holds) were
 * used beyond those taken back so far; a hint: interrupts may come earlier, and at any time. Returns true when
 * that many are waiting already (or fewer, at least one, when they take as many entries of a packed ring), or the
 * virtqueue is broken: no interrupt will come for them, so look again instead of sleeping (2.7.7, 2.8.10). Devices
 * without EVENT_IDX interrupt at each buffer.
 */
VIRTIO_MUST_CHECK static inline bool virtqueue_enable_interrupts(struct virtqueue *vq, uint16_t after);

/* Ask for no interrupts (2.7.7): a hint, some may still come. */
static inline void virtqueue_disable_interrupts(struct virtqueue *vq);

/*
 * What a notification with data (NOTIFICATION_DATA, 2.9) tells of the ring, in bits 16 to 31: the next entry that will
 * be made available, as of the last publish.
 */
static inline uint32_t virtqueue_notification_data(const struct virtqueue *vq)
{
	return (uint32_t)vq->published << 16;
}

static inline int virtqueue_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	return vq->ops->add(vq, buffers, count);
}

static inline int virtqueue_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable)
{
	return vq->ops->add_singles(vq, singles, count, writable);
}

static inline bool virtqueue_publish(struct virtqueue *vq)
{
	return vq->ops->publish(vq);
}

static inline int virtqueue_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	return vq->ops->get(vq, used, count);
}

static inline int virtqueue_get_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return vq->ops->get_tokens(vq, tokens, count);
}

static inline bool virtqueue_enable_interrupts(struct virtqueue *vq, uint16_t after)
{
	return vq->ops->enable_interrupts(vq, after);
}

static inline void virtqueue_disable_interrupts(struct virtqueue *vq)
{
	vq->ops->disable_interrupts(vq);
}

VIRTIO_END_DECLS

#endif
