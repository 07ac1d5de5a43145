/* SPDX-License-Identifier: ISC */
/* The runtime of the fuzz targets: memory, a clock, and limits on what one call may do. */
#define _POSIX_C_SOURCE 200112L /* posix_memalign */

#include "runtime.h"

#include <stdio.h>
#include <string.h>
#include <virtio/error.h>

#define PAGE 4096u
#define FIRST_ADDRESS UINT64_C(0x500000000) /* nothing like a pointer, and above 4 GiB */
#define STEP UINT64_C(1000)                 /* nanoseconds that a look at the clock takes */
#define MOST_STEPS 200000u                  /* registers and looks at the clock in one call */
#define LONGEST_LINE 200                    /* of the log */

enum kind { PRIVATE, DMA, BUFFER, BOUNCE };

struct block {
	struct block *next;
	uint8_t *memory;
	size_t size;
	uint64_t address;              /* for the device, unless PRIVATE */
	struct virtio_dma_range range; /* BOUNCE: what was mapped, as it came in */
	enum kind kind;
};

static struct {
	struct virtio_platform hooks;
	struct block *blocks;
	uint64_t next_address;
	uint64_t time;
	uint64_t limit;   /* for the time of this call */
	unsigned steps;   /* of this call */
	unsigned failing; /* allocations until one fails; 0: none does */
	unsigned live;    /* pieces that the library holds */
	bool stuck;
	void (*pause)(void);
	void *(*map)(uint64_t address, uint64_t length);
} runtime;

static struct block *allocate(enum kind kind, size_t size, size_t alignment)
{
	struct block *block = calloc(1, sizeof *block);
	void *memory = NULL;

	if (!block || posix_memalign(&memory, alignment < sizeof memory ? sizeof memory : alignment, size))
		abort();
	memset(memory, 0xbd, size);
	block->memory = memory;
	block->size = size;
	block->kind = kind;
	if (kind != PRIVATE) {
		block->address = (runtime.next_address + alignment - 1) / alignment * alignment;
		runtime.next_address = block->address + size + PAGE; /* neighbours do not touch */
	}
	runtime.live += kind != BUFFER;
	block->next = runtime.blocks;
	runtime.blocks = block;
	return block;
}

static void drop(struct block **link)
{
	struct block *block = *link;

	*link = block->next;
	runtime.live -= block->kind != BUFFER;
	free(block->memory);
	free(block);
}

static bool fails_now(size_t size, size_t alignment)
{
	fuzz_check(size > 0 && alignment > 0 && (alignment & (alignment - 1)) == 0 && alignment <= PAGE);
	return runtime.failing && --runtime.failing == 0;
}

static void *hook_alloc(void *context, size_t size, size_t alignment)
{
	(void)context;
	return fails_now(size, alignment) ? NULL : allocate(PRIVATE, size, alignment)->memory;
}

static void *hook_dma_alloc(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	struct block *block;

	(void)context;
	if (fails_now(size, alignment))
		return NULL;
	block = allocate(DMA, size, alignment);
	*device_address = block->address;
	return block->memory;
}

/* What was allocated goes back as it was given, and once. */
static void release(enum kind kind, const void *memory, size_t size, uint64_t address)
{
	struct block **link = &runtime.blocks;

	while (*link && (*link)->memory != memory)
		link = &(*link)->next;
	fuzz_check(*link && (*link)->kind == kind && (*link)->size == size && (*link)->address == address);
	drop(link);
}

static void hook_free(void *context, void *memory, size_t size)
{
	(void)context;
	release(PRIVATE, memory, size, 0);
}

static void hook_dma_free(void *context, void *memory, size_t size, uint64_t device_address)
{
	(void)context;
	release(DMA, memory, size, device_address);
}

static int hook_dma_map(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context;
	if (fails_now(1, 1))
		return VIRTIO_ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct block *block;

		fuzz_check(ranges[i].data && ranges[i].length > 0);
		block = allocate(BOUNCE, ranges[i].length, 1);
		block->range = ranges[i];
		memcpy(block->memory, ranges[i].data, ranges[i].length);
		ranges[i].device_address = block->address;
	}
	return 0;
}

static void unmap(const struct virtio_dma_range *range)
{
	struct block **link = &runtime.blocks;

	while (*link && !((*link)->kind == BOUNCE && (*link)->address == range->device_address))
		link = &(*link)->next;
	fuzz_check(*link && (*link)->range.data == range->data && (*link)->range.length == range->length);
	if (range->device_writes)
		memcpy(range->data, (*link)->memory, range->length);
	drop(link);
}

static void hook_dma_unmap(void *context, struct virtio_dma_range *ranges, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++)
		unmap(&ranges[i]);
}

static void *hook_map_device(void *context, uint64_t physical_address, uint64_t length)
{
	(void)context;
	return runtime.map ? runtime.map(physical_address, length) : NULL;
}

static void pause_library(void)
{
	fuzz_check(++runtime.steps <= MOST_STEPS);
	if (runtime.pause)
		runtime.pause();
}

static uint64_t hook_now(void *context)
{
	(void)context;
	pause_library();
	runtime.time += STEP;
	fuzz_check(runtime.time <= runtime.limit);
	return runtime.time;
}

static void hook_wait(void *context, uint64_t deadline)
{
	(void)context;
	pause_library();
	if (deadline > runtime.time)
		runtime.time = deadline;
	fuzz_check(runtime.time <= runtime.limit);
}

/* A log line is text that a terminal can show, and short. */
static void hook_log(void *context, int level, const char *message)
{
	(void)context;
	fuzz_check(level >= VIRTIO_LOG_ERROR && level <= VIRTIO_LOG_DEBUG);
	fuzz_check(strlen(message) < LONGEST_LINE);
	for (const char *letter = message; *letter; letter++)
		fuzz_check(*letter >= ' ' && *letter <= '~');
	if (strstr(message, "the reset does not end"))
		runtime.stuck = true;
	if (getenv("FUZZ_LOG"))
		printf("%s\n", message);
}

const struct virtio_platform *fuzz_runtime_start(void (*pause)(void))
{
	memset(&runtime, 0, sizeof runtime);
	runtime.hooks = (struct virtio_platform){
		.size = sizeof runtime.hooks,
		.alloc = hook_alloc,
		.free = hook_free,
		.dma_alloc = hook_dma_alloc,
		.dma_free = hook_dma_free,
		.map_device = hook_map_device,
		.now = hook_now,
		.wait = hook_wait,
		.log = hook_log,
	};
	runtime.next_address = FIRST_ADDRESS;
	runtime.pause = pause;
	runtime.limit = UINT64_MAX;
	return &runtime.hooks;
}

void fuzz_runtime_check_empty(void)
{
	fuzz_check(runtime.live == 0 || runtime.stuck);
}

void fuzz_runtime_end(void)
{
	fuzz_runtime_check_empty();
	while (runtime.blocks)
		drop(&runtime.blocks);
}

void fuzz_runtime_set_map(void *(*map)(uint64_t address, uint64_t length))
{
	runtime.map = map;
}

void fuzz_runtime_set_mapping(bool on)
{
	runtime.hooks.dma_map = on ? hook_dma_map : NULL;
	runtime.hooks.dma_unmap = on ? hook_dma_unmap : NULL;
}

void fuzz_runtime_fail(unsigned nth)
{
	runtime.failing = nth;
}

struct virtio_segment fuzz_runtime_buffer(uint32_t size)
{
	struct block *block = allocate(BUFFER, size, 1);

	return (struct virtio_segment){block->memory, block->address, size};
}

void *fuzz_runtime_pointer(uint64_t address, uint64_t length)
{
	for (struct block *block = runtime.blocks; block; block = block->next) {
		if (block->kind == PRIVATE || address < block->address || address - block->address > block->size)
			continue;
		if (length <= block->size - (address - block->address))
			return block->memory + (address - block->address);
	}
	return NULL;
}

uint8_t *fuzz_runtime_piece(unsigned nth, size_t *length)
{
	unsigned count = 0;

	for (struct block *block = runtime.blocks; block; block = block->next)
		count += block->kind != PRIVATE;
	if (count == 0)
		return NULL;
	nth %= count;
	for (struct block *block = runtime.blocks;; block = block->next) {
		if (block->kind == PRIVATE || nth-- > 0)
			continue;
		*length = block->size;
		return block->memory;
	}
}

void fuzz_runtime_call(uint64_t nanoseconds)
{
	runtime.steps = 0;
	runtime.limit = runtime.time + nanoseconds;
}

void fuzz_runtime_step(void)
{
	fuzz_check(++runtime.steps <= MOST_STEPS);
}

uint64_t fuzz_runtime_time(void)
{
	return runtime.time;
}

bool fuzz_runtime_stuck(void)
{
	return runtime.stuck;
}
