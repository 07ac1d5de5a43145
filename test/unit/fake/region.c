/* SPDX-License-Identifier: ISC */
/* Fake registers: bounds, alignment and trace here, meaning in the model. */
#include "fake/region.h"

#include <string.h>

#include "base/region_widths.h"
#include "fake/cmocka.h"

static struct fake_access *note(
	const struct virtio_region *region, struct fake_region *fake, uint64_t offset, unsigned width, bool write)
{
	static struct fake_access beyond;
	uint64_t at = region->base + offset;

	if (offset > region->length || width > region->length - offset)
		fail_msg("%u bytes at %llu reach outside a window of %llu", width, (unsigned long long)offset,
			(unsigned long long)region->length);
	if (at > fake->length || width > fake->length - at)
		fail_msg("a window reaches outside its region");
	if (at % width)
		fail_msg("%u bytes at %llu are not aligned", width, (unsigned long long)at);
	struct fake_access *access = fake->count < FAKE_REGION_TRACE ? &fake->trace[fake->count] : &beyond;
	fake->count++;
	*access = (struct fake_access){.offset = at, .width = (uint8_t)width, .write = write};
	return access;
}

static uint32_t fake_read(const struct virtio_region *region, uint64_t offset, unsigned width)
{
	struct fake_region *fake = region->context;
	struct fake_access *access = note(region, fake, offset, width, false);

	if (!fake->read)
		fail_msg("%u bytes at %llu must not be read", width, (unsigned long long)access->offset);
	access->value = fake->read(fake->context, access->offset, width);
	return access->value;
}

static void fake_write(const struct virtio_region *region, uint64_t offset, unsigned width, uint32_t value)
{
	struct fake_region *fake = region->context;
	struct fake_access *access = note(region, fake, offset, width, true);

	if (!fake->write)
		fail_msg("%u bytes at %llu must not be written", width, (unsigned long long)access->offset);
	access->value = value;
	fake->write(fake->context, access->offset, width, value);
}

REGION_WIDTHS(fake);

struct virtio_region fake_region_window(struct fake_region *fake)
{
	return (struct virtio_region){.ops = &fake_ops, .length = fake->length, .context = fake};
}

void fake_region_forget(struct fake_region *fake)
{
	fake->count = 0;
}

unsigned fake_region_accesses(const struct fake_region *fake, bool write, uint64_t offset)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < fake->count && i < FAKE_REGION_TRACE; i++)
		hits += fake->trace[i].write == write && fake->trace[i].offset == offset;
	return hits;
}

uint32_t fake_region_load(const uint8_t *memory, unsigned width)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)memory[i] << 8 * i;
	return value;
}

void fake_region_store(uint8_t *memory, unsigned width, uint32_t value)
{
	for (unsigned i = 0; i < width; i++)
		memory[i] = (uint8_t)(value >> 8 * i);
}
