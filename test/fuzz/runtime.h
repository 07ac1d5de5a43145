/* SPDX-License-Identifier: ISC */
/*
 * The runtime of the fuzz targets: the hooks of struct virtio_platform, made for speed and for the sanitizers. Each
 * allocation is one of its own and exactly as long as was asked for, so an access beside it is seen. The clock moves
 * when it is looked at, and a call that looks too often, or touches too many registers, fails: it would not end.
 */
#ifndef FUZZ_RUNTIME_H
#define FUZZ_RUNTIME_H

#include <virtio/platform.h>
#include <virtio/virtqueue.h>

#include "fuzz.h"

/* Start anew: nothing allocated. PAUSE is called whenever the library waits or looks at the clock. */
const struct virtio_platform *fuzz_runtime_start(void (*pause)(void));

/* End: fails when something is still allocated or mapped, unless a device was stuck meanwhile; frees all. */
void fuzz_runtime_end(void);

/* Fails unless nothing is allocated or mapped through the hooks now, or a device was stuck meanwhile. */
void fuzz_runtime_check_empty(void);

/* Have map_device answered by MAP. */
void fuzz_runtime_set_map(void *(*map)(uint64_t address, uint64_t length));

/* Whether there are dma_map and dma_unmap, which go through bounce buffers. */
void fuzz_runtime_set_mapping(bool on);

/* Let the Nth allocation from now on fail; 0: none. */
void fuzz_runtime_fail(unsigned nth);

/* SIZE bytes of memory that devices reach, the target's own; freed at the end. */
struct virtio_segment fuzz_runtime_buffer(uint32_t size);

/* What a device finds at LENGTH bytes from ADDRESS; NULL: nothing, or not in one piece. */
void *fuzz_runtime_pointer(uint64_t address, uint64_t length);

/* The Nth piece of memory that devices reach, counted round and round; its length. NULL: there is none. */
uint8_t *fuzz_runtime_piece(unsigned nth, size_t *length);

/* The target calls the library: it may take NANOSECONDS, by the clock of this runtime, from now on. */
void fuzz_runtime_call(uint64_t nanoseconds);

/* The library touched a register. */
void fuzz_runtime_step(void);

/* What the clock shows. */
uint64_t fuzz_runtime_time(void);

/* Whether a device was stuck: memory that it knows is left to it on purpose. */
bool fuzz_runtime_stuck(void);

#endif
