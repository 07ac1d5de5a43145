/* SPDX-License-Identifier: ISC */
/*
 * Fake registers behind a struct virtio_region: each access goes to a model, and is written down. An access outside
 * the window, or not aligned to its width, fails the test.
 *
 *     struct fake_region registers = {.length = 64, .read = my_read, .write = my_write, .context = &my_model};
 *     dev->common = fake_region_window(&registers);
 */
#ifndef TEST_UNIT_FAKE_REGION_H
#define TEST_UNIT_FAKE_REGION_H

#include <virtio/region.h>

#define FAKE_REGION_TRACE 4096 /* accesses that are remembered; later ones only count */

/* One access. */
struct fake_access {
	uint64_t offset; /* in the region, wherever the window began that was used */
	uint32_t value;  /* read or written */
	uint8_t width;   /* bytes */
	bool write;      /* else a read */
};

/* A region. The test's; the first group is its to fill in, the rest to read. */
struct fake_region {
	uint64_t length;                                                               /* bytes */
	uint32_t (*read)(void *context, uint64_t offset, unsigned width);              /* NULL: reads fail the test */
	void (*write)(void *context, uint64_t offset, unsigned width, uint32_t value); /* NULL: writes fail the test */
	void *context;                                                                 /* for both */

	unsigned count;                              /* accesses so far */
	struct fake_access trace[FAKE_REGION_TRACE]; /* the first of them */
};

/* All of the fake as the library sees it. */
struct virtio_region fake_region_window(struct fake_region *fake);

/* Forget the trace. */
void fake_region_forget(struct fake_region *fake);

/* How many accesses in the trace are of this kind to OFFSET. */
unsigned fake_region_accesses(const struct fake_region *fake, bool write, uint64_t offset);

/* Little-endian bytes of plain memory, for models whose registers are nothing more. */
uint32_t fake_region_load(const uint8_t *memory, unsigned width);
void fake_region_store(uint8_t *memory, unsigned width, uint32_t value);

#endif
