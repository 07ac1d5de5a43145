/* SPDX-License-Identifier: ISC */
/* What the files of the soak guest share. */
#ifndef GUEST_SOAK_GUEST_H
#define GUEST_SOAK_GUEST_H

#include <virtio/blk.h>

#define WORKERS 16        /* requests in flight */
#define CHUNK 64          /* sectors; a chunk belongs to one worker, so that no two requests overlap */
#define SECTORS 8192      /* that are worked on, from the disk's first on */
#define UNSURE UINT64_MAX /* in struct soak: nothing is known of what a sector holds */
#define SOAK_FAILED (-1)  /* something was wrong, and was printed */

/* All there is. */
struct soak {
	struct virtio_blk blk;
	uint64_t life;            /* the number that the test gave to this boot; it is in all that is written */
	uint64_t stamps[SECTORS]; /* who wrote each sector last, or UNSURE */
	uint64_t bad_first;       /* the first sector that fails while errors are on, */
	uint64_t bad_count;       /* and how many there are */
	bool errors;              /* they fail now */
	bool stopped;             /* nothing new is submitted */
	unsigned in_flight;
	uint64_t progress; /* when something last came back */
	uint64_t reads;
	uint64_t writes;
	uint64_t failures; /* that were to come */
	uint64_t timeouts; /* deadlines that passed before a request came back */
	uint64_t again;    /* requests that a restart threw back, and that were made again */
	uint64_t restarts;
};

/* What is allocated through the hooks of memory_platform. */
struct memory {
	uint64_t bytes;
	uint64_t pieces;
	uint64_t calls; /* allocations ever */
};

/* memory.c: the shim's hooks, with all allocations counted. */
const struct virtio_platform *memory_platform(void);

/* memory.c: what is allocated now. */
struct memory memory_now(void);

/* memory.c: 0 if no more and no less is allocated now than THEN, and if so many PAGES are free; or SOAK_FAILED. */
int memory_same(const struct memory *then, size_t pages, const char *when);

/* workers.c: get memory for all workers. False: there is none. */
bool workers_prepare(void);

/* workers.c: give work to all who have none. 0 or SOAK_FAILED. */
int workers_go(struct soak *soak);

/* workers.c: wait a little for requests, and look at those that came back. 0 or SOAK_FAILED. */
int workers_wait(struct soak *soak);

/* workers.c: detach and attach under load; what comes back unfinished is done again. 0 or SOAK_FAILED. */
int workers_restart(struct soak *soak);

/* workers.c: print how many steps each worker has done. */
void workers_print(void);

#endif
