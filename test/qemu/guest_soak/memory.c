/* SPDX-License-Identifier: ISC */
/* The shim's hooks with a tally: a driver allocates when it attaches, and all of that is back when it has detached. */
#include <boot/memory.h>
#include <boot/platform.h>

#include "guest.h"
#include "serial.h"

static struct memory memory;

static void count(const void *piece, size_t size)
{
	if (!piece)
		return;
	memory.bytes += size;
	memory.pieces++;
	memory.calls++;
}

static void discount(const void *piece, size_t size)
{
	if (!piece)
		return;
	memory.bytes -= size;
	memory.pieces--;
}

static void *alloc(void *context, size_t size, size_t alignment)
{
	void *piece = boot_platform()->alloc(context, size, alignment);

	count(piece, size);
	return piece;
}

static void release(void *context, void *piece, size_t size)
{
	discount(piece, size);
	boot_platform()->free(context, piece, size);
}

static void *dma_alloc(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	void *piece = boot_platform()->dma_alloc(context, size, alignment, device_address);

	count(piece, size);
	return piece;
}

static void dma_free(void *context, void *piece, size_t size, uint64_t device_address)
{
	discount(piece, size);
	boot_platform()->dma_free(context, piece, size, device_address);
}

const struct virtio_platform *memory_platform(void)
{
	static struct virtio_platform platform;

	platform = *boot_platform();
	platform.alloc = alloc;
	platform.free = release;
	platform.dma_alloc = dma_alloc;
	platform.dma_free = dma_free;
	return &platform;
}

struct memory memory_now(void)
{
	return memory;
}

int memory_same(const struct memory *then, size_t pages, const char *when)
{
	size_t free_pages = boot_pages_available();

	boot_printf(
		"memory %s: %lu bytes in %lu pieces, %lu pages free\n", when, memory.bytes, memory.pieces, free_pages);
	if (memory.bytes == then->bytes && memory.pieces == then->pieces && free_pages == pages)
		return 0;
	boot_printf("FAIL memory: before it was %lu bytes in %lu pieces, %lu pages free\n", then->bytes, then->pieces,
		pages);
	return SOAK_FAILED;
}
