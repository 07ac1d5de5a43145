/* SPDX-License-Identifier: ISC */
/* Moving many sectors one after the other, with several requests in flight. */
#ifndef DISK_STREAM_H
#define DISK_STREAM_H

#include <virtio/blk.h>

#define STREAM_DEPTH 32            /* most requests in flight */
#define STREAM_SIZE (1024u * 1024) /* most bytes of a request */

/* What to do. */
struct stream {
	struct virtio_blk *disk;
	enum virtio_blk_operation type; /* VIRTIO_BLK_READ or VIRTIO_BLK_WRITE */
	uint64_t sectors;               /* from sector 0 on; a multiple of the size */
	uint32_t size;                  /* bytes of each request */
	unsigned depth;                 /* requests in flight */
	uint64_t seed;                  /* of the pattern to write, or to find; 0: do not look at the data */
	uint64_t wrong;                 /* out: the first sector that did not hold it */
};

/* Get memory for all streams, once. False: there is none. */
bool stream_prepare(void);

/* Do it. 0, or an error: VIRTIO_ERR_IO with stream->wrong below stream->sectors when the pattern was not there. */
int stream_run(struct stream *stream);

#endif
