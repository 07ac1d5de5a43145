/* SPDX-License-Identifier: ISC */
/*
 * Devices that reach memory through the platform's mapping (VIRTIO 6, ACCESS_PLATFORM): an IOMMU, or bounce buffers
 * where the device may not see all memory. Buffers are mapped on their way into a ring and unmapped on their way out,
 * a burst at a time. This stands in front of the ring as a kind of ring of its own, whose token for a buffer is our
 * record of it, so that queues of other devices know nothing of it and lose nothing.
 */
#include <virtio/spec/features.h>

#include "device/internal.h"

#define ALIGNMENT 64      /* a cache line */
#define BURST 16          /* buffers that are mapped at once */
#define BURST_SEGMENTS 64 /* segments that are, unless one buffer has more */

/* A buffer that the device holds. */
struct record {
	void *token;         /* the owner's */
	struct record *next; /* while it is free */
	unsigned count;      /* of its ranges */
};

struct virtio_mapping {
	const struct virtio_device *device; /* whose queue it is */
	struct virtqueue_ops ops;           /* the ring's, but for add and get */
	const struct virtqueue_ops *ring;   /* the ring's own */
	struct record *records;             /* one for each entry of the ring */
	struct virtio_dma_range *ranges;    /* max_segments for each record */
	struct record *free;                /* records of no buffer */
	struct virtio_dma_range *burst;     /* what goes to the hooks at once */
	struct virtio_segment *segments;    /* the same, as the ring gets it */
	struct virtqueue_buffer buffers[BURST];
	unsigned burst_segments; /* how many the two have room for */
	uint16_t max_segments;   /* of a buffer */
	size_t bytes;            /* of all this */
};

static struct virtio_queue *queue_of(struct virtqueue *vq)
{
	_Static_assert(offsetof(struct virtio_queue, ring) == 0, "a queue begins with its ring");
	return (struct virtio_queue *)(void *)vq;
}

static struct virtio_dma_range *ranges_of(const struct virtio_mapping *mapping, const struct record *record)
{
	return mapping->ranges + (size_t)(record - mapping->records) * mapping->max_segments;
}

static void unmap(struct virtqueue *vq, unsigned count)
{
	struct virtio_mapping *mapping = queue_of(vq)->mapping;

	if (count)
		vq->platform->dma_unmap(vq->platform->context, mapping->burst, count);
}

/* Whether a ring takes BUFFER, as far as the hook must not see what it does not. */
static bool is_sound(const struct virtio_mapping *mapping, const struct virtqueue_buffer *buffer)
{
	unsigned count = (unsigned)buffer->readable + buffer->writable;

	if (!buffer->token || count == 0 || count > mapping->max_segments)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (buffer->segments[i].length == 0)
			return false;
	return true;
}

/* Memory of the driver's own needs no mapping: it has no `data`, or is known to the device layer (frames in a pool). */
static bool is_own(const struct virtio_mapping *mapping, const struct virtio_segment *segment)
{
	if (!segment->data)
		return true;
	for (const struct virtio_own_memory *own = mapping->device->own_memory; own; own = own->next)
		if ((uintptr_t)segment->data - (uintptr_t)own->data < own->length)
			return true;
	return false;
}

/* Ranges of BUFFER from AT on in the burst. Returns where they end. */
static unsigned gather(struct virtio_mapping *mapping, const struct virtqueue_buffer *buffer, unsigned at)
{
	unsigned count = (unsigned)buffer->readable + buffer->writable;

	for (unsigned i = 0; i < count; i++) {
		const struct virtio_segment *segment = &buffer->segments[i];

		if (!is_own(mapping, segment))
			mapping->burst[at++] = (struct virtio_dma_range){
				segment->data, segment->device_address, segment->length, i >= buffer->readable};
	}
	return at;
}

/*
 * Take a record for BUFFER, whose ranges are mapped at AT, and describe it to the ring as number N, its segments at
 * SEGMENTS. Returns where its ranges end.
 */
static unsigned describe(struct virtio_mapping *mapping, const struct virtqueue_buffer *buffer, unsigned n,
	struct virtio_segment *segments, unsigned at)
{
	unsigned count = (unsigned)buffer->readable + buffer->writable;
	struct record *record = mapping->free;
	struct virtio_dma_range *ranges = ranges_of(mapping, record);

	mapping->free = record->next;
	record->token = buffer->token;
	record->count = 0;
	for (unsigned i = 0; i < count; i++) {
		segments[i] = buffer->segments[i];
		if (is_own(mapping, &segments[i]))
			continue;
		segments[i].device_address = mapping->burst[at].device_address;
		ranges[record->count++] = mapping->burst[at++];
	}
	mapping->buffers[n] = (struct virtqueue_buffer){segments, record, buffer->readable, buffer->writable};
	return at;
}

/* Give RECORD back; its ranges go into the burst from AT on. Returns where they end. */
static unsigned release(struct virtio_mapping *mapping, struct record *record, unsigned at)
{
	for (unsigned i = 0; i < record->count; i++)
		mapping->burst[at++] = ranges_of(mapping, record)[i];
	record->next = mapping->free;
	mapping->free = record;
	return at;
}

/* Add COUNT buffers whose ranges are in the burst. Returns as virtqueue_add; what did not go in is unmapped. */
static int add_mapped(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	struct virtio_mapping *mapping = queue_of(vq)->mapping;
	struct virtio_segment *segments = mapping->segments;
	unsigned at = 0;
	int added;

	for (unsigned n = 0; n < count; n++) {
		at = describe(mapping, &buffers[n], n, segments, at);
		segments += (unsigned)buffers[n].readable + buffers[n].writable;
	}
	added = mapping->ring->add(vq, mapping->buffers, count);
	at = 0;
	for (unsigned n = added > 0 ? (unsigned)added : 0; n < count; n++)
		at = release(mapping, mapping->buffers[n].token, at);
	unmap(vq, at);
	return added;
}

/* Map and add up to COUNT buffers, as many as a burst takes. *TRIED: how many that were. */
static int add_burst(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count, unsigned *tried)
{
	struct virtio_mapping *mapping = queue_of(vq)->mapping;
	unsigned segments = 0;
	unsigned ranges = 0;
	unsigned n;

	for (n = 0; n < count && is_sound(mapping, &buffers[n]); n++) {
		segments += (unsigned)buffers[n].readable + buffers[n].writable;
		if (segments > mapping->burst_segments)
			break;
		ranges = gather(mapping, &buffers[n], ranges);
	}
	*tried = n;
	if (n == 0)
		return mapping->ring->add(vq, buffers, 1); /* it says what is wrong */
	if (ranges) {
		int error = vq->platform->dma_map(vq->platform->context, mapping->burst, ranges);
		if (error < 0)
			return error;
	}
	return add_mapped(vq, buffers, n);
}

static int mapping_add(struct virtqueue *vq, const struct virtqueue_buffer *buffers, unsigned count)
{
	unsigned limit = BURST;
	unsigned done = 0;

	while (done < count) {
		unsigned room = vq->free_count < limit ? vq->free_count : limit;
		unsigned turn = count - done < room ? count - done : room;
		unsigned tried = 0;

		if (turn == 0 && !vq->fault)
			break;
		int added = vq->fault ? VIRTIO_ERR_PROTOCOL : add_burst(vq, buffers + done, turn, &tried);
		/* What is short for many at once may do for one. */
		if (added < 0 && tried > 1) {
			limit = 1;
			continue;
		}
		if (added <= 0)
			return done ? (int)done : added;
		done += (unsigned)added;
		if ((unsigned)added < tried)
			break;
	}
	return (int)done;
}

/* The same for singles, as the buffers that they stand for. */
static int mapping_add_singles(
	struct virtqueue *vq, const struct virtqueue_single *singles, unsigned count, bool writable)
{
	struct virtqueue_buffer buffers[BURST];
	unsigned done = 0;

	while (done < count) {
		unsigned turn = count - done < BURST ? count - done : BURST;

		for (unsigned i = 0; i < turn; i++)
			buffers[i] = (struct virtqueue_buffer){
				&singles[done + i].segment, singles[done + i].token, !writable, writable};
		int added = mapping_add(vq, buffers, turn);
		if (added <= 0)
			return done ? (int)done : added;
		done += (unsigned)added;
	}
	return (int)done;
}

static int mapping_get(struct virtqueue *vq, struct virtqueue_used *used, unsigned count)
{
	struct virtio_mapping *mapping = queue_of(vq)->mapping;
	int got = mapping->ring->get(vq, used, count);
	unsigned at = 0;

	for (int i = 0; i < got; i++) {
		struct record *record = used[i].token;

		if (at + record->count > mapping->burst_segments) {
			unmap(vq, at);
			at = 0;
		}
		at = release(mapping, record, at);
		used[i].token = record->token;
	}
	unmap(vq, at);
	return got;
}

/* The address of a function that is not of this file would want a table of such. */
static int mapping_get_tokens(struct virtqueue *vq, void **tokens, unsigned count)
{
	return virtqueue_get_tokens_slowly(vq, tokens, count);
}

/* All of it in one piece of private memory, each part aligned to what comes before it in this list. */
static size_t layout(struct virtio_mapping *mapping, struct virtqueue *vq)
{
	size_t all = (size_t)vq->size * vq->max_segments;
	size_t burst = vq->max_segments > BURST_SEGMENTS ? vq->max_segments : BURST_SEGMENTS;

	if (mapping) {
		mapping->ranges = (struct virtio_dma_range *)(void *)(mapping + 1);
		mapping->burst = mapping->ranges + all;
		mapping->segments = (struct virtio_segment *)(void *)(mapping->burst + burst);
		mapping->records = (struct record *)(void *)(mapping->segments + burst);
		mapping->burst_segments = (unsigned)burst;
	}
	return sizeof *mapping + (all + burst) * sizeof *mapping->ranges + burst * sizeof *mapping->segments +
	       vq->size * sizeof *mapping->records;
}

static int mapping_begin(struct virtio_queue *queue)
{
	struct virtqueue *vq = &queue->ring;
	const struct virtio_platform *platform = vq->platform;
	struct virtio_mapping *mapping;
	size_t bytes;

	bytes = layout(NULL, vq);
	mapping = platform->alloc(platform->context, bytes, ALIGNMENT);
	if (!mapping)
		return VIRTIO_ERR_NO_MEMORY;
	*mapping = (struct virtio_mapping){.device = queue->device,
		.ops = *vq->ops,
		.ring = vq->ops,
		.max_segments = vq->max_segments,
		.bytes = bytes};
	layout(mapping, vq);
	mapping->ops.add = mapping_add;
	mapping->ops.add_singles = mapping_add_singles;
	mapping->ops.get = mapping_get;
	mapping->ops.get_tokens = mapping_get_tokens;
	for (unsigned i = vq->size; i-- > 0;) {
		mapping->records[i] = (struct record){.next = mapping->free};
		mapping->free = &mapping->records[i];
	}
	vq->ops = &mapping->ops;
	queue->mapping = mapping;
	return 0;
}

/* Unmap the buffer of RECORD. Returns its token. */
static void *unmap_record(struct virtqueue *vq, void *record)
{
	struct virtio_mapping *mapping = queue_of(vq)->mapping;

	unmap(vq, release(mapping, record, 0));
	return ((struct record *)record)->token;
}

/* As unmap_record, but it stays mapped for ever. */
static void *abandon(struct virtqueue *vq, void *record)
{
	(void)vq;
	return ((struct record *)record)->token;
}

static void mapping_recover(struct virtio_queue *queue, bool stuck)
{
	if (queue->ring.ops != &queue->mapping->ops)
		return;
	virtqueue_replace_tokens(&queue->ring, stuck ? abandon : unmap_record);
	queue->ring.ops = queue->mapping->ring;
}

static void mapping_restart(struct virtio_queue *queue)
{
	queue->ring.ops = &queue->mapping->ops;
}

static void mapping_end(struct virtio_queue *queue)
{
	const struct virtio_platform *platform = queue->device->platform;

	platform->free(platform->context, queue->mapping, queue->mapping->bytes);
	queue->mapping = NULL;
}

const struct virtio_mapping_ops virtio_mapping_by_hooks = {
	.begin = mapping_begin,
	.recover = mapping_recover,
	.restart = mapping_restart,
	.end = mapping_end,
};
