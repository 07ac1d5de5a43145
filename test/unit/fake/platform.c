/* SPDX-License-Identifier: ISC */
/* The fake runtime: memory with red zones and invented device addresses, a clock, a log, register windows. */
#include "fake/platform.h"

#include "fake/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RED_ZONE 128
#define RED_BYTE 0xa5
#define PAGE 4096
#define FIRST_ADDRESS UINT64_C(0x500000000) /* above 4 GiB: losing the high half shows */

/* Where memory came from, and so how it must be freed. */
enum kind { PRIVATE, DMA, BUFFER, BOUNCE };

/* One allocation. */
struct block {
	struct block *next;
	uint8_t *raw;    /* what malloc gave */
	uint8_t *memory; /* what the library got, red zones around it */
	size_t size;
	uint64_t address;              /* for the device, unless PRIVATE */
	struct virtio_dma_range range; /* BOUNCE: what was mapped, as it came in */
	enum kind kind;
};

struct window {
	uint64_t address;
	uint64_t length;
	uint8_t *memory;
};

static struct {
	struct virtio_platform hooks;
	struct block *blocks;
	struct block *last_found; /* devices touch the same block again and again */
	uint64_t next_address;
	uint64_t time;
	uint64_t step;
	unsigned leaks_expected;
	unsigned fail_in; /* allocations until one fails, 0: none does */
	struct window windows[16];
	unsigned window_count;
	void (*act)(void *context);
	void *act_context;
	unsigned still_in; /* looks at the clock until the machine stands still, 0: it does not */
	uint64_t still_time;
	void (*still_act)(void *context);
	void *still_context;
	unsigned log_count;
	char log_last[256];
	char log[16384]; /* all lines; what does not fit is dropped */
	bool bounces;    /* there is a mapping */
	unsigned mapped, map_calls, map_most;
	bool started;
} fake;

static struct block *allocate(enum kind kind, size_t size, size_t alignment)
{
	struct block *block = calloc(1, sizeof *block);
	size_t slack = 2 * RED_ZONE + alignment;

	if (!block || !(block->raw = malloc(size + slack)))
		fail_msg("the test itself has no memory left");
	memset(block->raw, RED_BYTE, size + slack);
	block->memory = block->raw + RED_ZONE;
	block->memory += (alignment - (uintptr_t)block->memory % alignment) % alignment;
	memset(block->memory, FAKE_PLATFORM_RUBBISH, size);
	block->size = size;
	block->kind = kind;
	if (kind != PRIVATE) {
		block->address = (fake.next_address + alignment - 1) / alignment * alignment;
		fake.next_address = block->address + size + PAGE; /* neighbours do not touch */
	}
	block->next = fake.blocks;
	fake.blocks = block;
	return block;
}

static void check_red_zones(const struct block *block)
{
	for (int i = 1; i <= RED_ZONE; i++)
		if (block->memory[-i] != RED_BYTE)
			fail_msg("%d bytes before memory of %zu bytes were written to", i, block->size);
	for (int i = 0; i < RED_ZONE; i++)
		if (block->memory[block->size + (size_t)i] != RED_BYTE)
			fail_msg("%d bytes after memory of %zu bytes were written to", i, block->size);
}

static void drop(struct block **link)
{
	struct block *block = *link;

	*link = block->next;
	fake.last_found = NULL;
	free(block->raw);
	free(block);
}

static void check_request(size_t size, size_t alignment)
{
	if (!fake.started)
		fail_msg("a hook was called outside of fake_platform_start and fake_platform_finish");
	if (size == 0)
		fail_msg("an allocation of 0 bytes");
	if (alignment == 0 || (alignment & (alignment - 1)) || alignment > PAGE)
		fail_msg("an alignment of %zu", alignment);
}

static bool fails_now(void)
{
	return fake.fail_in && --fake.fail_in == 0;
}

static void *hook_alloc(void *context, size_t size, size_t alignment)
{
	assert_ptr_equal(context, &fake);
	check_request(size, alignment);
	return fails_now() ? NULL : allocate(PRIVATE, size, alignment)->memory;
}

static void *hook_dma_alloc(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	struct block *block;

	assert_ptr_equal(context, &fake);
	check_request(size, alignment);
	if (fails_now())
		return NULL;
	block = allocate(DMA, size, alignment);
	*device_address = block->address;
	return block->memory;
}

static void release(void *memory, size_t size, uint64_t address, enum kind kind)
{
	for (struct block **link = &fake.blocks; *link; link = &(*link)->next) {
		struct block *block = *link;

		if (block->memory != memory)
			continue;
		if (block->kind != kind)
			fail_msg("memory was freed through the wrong hook");
		if (block->size != size)
			fail_msg("memory of %zu bytes was freed as %zu bytes", block->size, size);
		if (block->address != address)
			fail_msg("memory was freed with a wrong device address");
		check_red_zones(block);
		drop(link);
		return;
	}
	fail_msg("memory was freed that is not allocated");
}

static void hook_free(void *context, void *memory, size_t size)
{
	assert_ptr_equal(context, &fake);
	release(memory, size, 0, PRIVATE);
}

static void hook_dma_free(void *context, void *memory, size_t size, uint64_t device_address)
{
	assert_ptr_equal(context, &fake);
	release(memory, size, device_address, DMA);
}

static int hook_dma_map(void *context, struct virtio_dma_range *ranges, size_t count)
{
	assert_ptr_equal(context, &fake);
	assert_true(count > 0);
	fake.map_calls++;
	if (fake.mapped + count > fake.map_most)
		return VIRTIO_ERR_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct block *block;

		assert_non_null(ranges[i].data);
		assert_true(ranges[i].length > 0);
		block = allocate(BOUNCE, ranges[i].length, 1);
		block->range = ranges[i];
		memcpy(block->memory, ranges[i].data, ranges[i].length);
		ranges[i].device_address = block->address;
	}
	fake.mapped += (unsigned)count;
	return 0;
}

static void unmap(const struct virtio_dma_range *range)
{
	for (struct block **link = &fake.blocks; *link; link = &(*link)->next) {
		struct block *block = *link;

		if (block->kind != BOUNCE || block->address != range->device_address)
			continue;
		if (block->range.data != range->data || block->range.length != range->length ||
			block->range.device_writes != range->device_writes)
			fail_msg("a range is unmapped that is not as it was mapped");
		if (range->device_writes)
			memcpy(range->data, block->memory, range->length);
		check_red_zones(block);
		drop(link);
		fake.mapped--;
		return;
	}
	fail_msg("a range is unmapped that is not mapped");
}

static void hook_dma_unmap(void *context, struct virtio_dma_range *ranges, size_t count)
{
	assert_ptr_equal(context, &fake);
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		unmap(&ranges[i]);
}

static void *hook_map_device(void *context, uint64_t physical_address, uint64_t length)
{
	assert_ptr_equal(context, &fake);
	for (unsigned i = 0; i < fake.window_count; i++) {
		const struct window *window = &fake.windows[i];
		uint64_t offset = physical_address - window->address;

		if (physical_address >= window->address && offset <= window->length &&
			length <= window->length - offset)
			return window->memory + offset;
	}
	return NULL;
}

static uint64_t hook_now(void *context)
{
	assert_ptr_equal(context, &fake);
	if (fake.still_in && --fake.still_in == 0) {
		fake.still_act(fake.still_context);
		fake.time += fake.still_time;
	}
	fake.time += fake.step;
	return fake.time;
}

static void hook_wait(void *context, uint64_t deadline)
{
	assert_ptr_equal(context, &fake);
	if (fake.act)
		fake.act(fake.act_context);
	else if (deadline > fake.time)
		fake.time = deadline;
}

static void hook_log(void *context, int level, const char *message)
{
	size_t used = strlen(fake.log);

	assert_ptr_equal(context, &fake);
	if (level < VIRTIO_LOG_ERROR || level > VIRTIO_LOG_DEBUG)
		fail_msg("log level %d: %s", level, message);
	if (strchr(message, '\n'))
		fail_msg("a log line with a newline in it: %s", message);
	fake.log_count++;
	snprintf(fake.log_last, sizeof fake.log_last, "%s", message);
	snprintf(fake.log + used, sizeof fake.log - used, "%s\n", message);
}

struct virtio_platform *fake_platform_start(void)
{
	if (fake.started)
		fail_msg("fake_platform_start was called twice");
	memset(&fake, 0, sizeof fake);
	fake.hooks = (struct virtio_platform){
		.size = sizeof fake.hooks,
		.context = &fake,
		.alloc = hook_alloc,
		.free = hook_free,
		.dma_alloc = hook_dma_alloc,
		.dma_free = hook_dma_free,
		.map_device = hook_map_device,
		.now = hook_now,
		.wait = hook_wait,
		.log = hook_log,
	};
	fake.next_address = FIRST_ADDRESS;
	fake.time = UINT64_C(1000000000);
	fake.step = FAKE_PLATFORM_STEP;
	fake.started = true;
	return &fake.hooks;
}

struct virtio_platform *fake_platform(void)
{
	if (!fake.started)
		fail_msg("fake_platform_start was not called");
	return &fake.hooks;
}

void fake_platform_finish(void)
{
	unsigned leaks = fake_platform_live();
	unsigned mapped = fake.mapped;

	fake.started = false;
	for (const struct block *block = fake.blocks; block; block = block->next)
		check_red_zones(block);
	while (fake.blocks)
		drop(&fake.blocks);
	if (leaks != fake.leaks_expected)
		fail_msg("%u allocations were not freed, %u were expected", leaks, fake.leaks_expected);
	if (mapped)
		fail_msg("%u ranges are still mapped", mapped);
}

int fake_platform_setup(void **state)
{
	(void)state;
	/* A test that failed before did not get to its end. */
	while (fake.blocks)
		drop(&fake.blocks);
	fake.started = false;
	fake_platform_start();
	return 0;
}

int fake_platform_teardown(void **state)
{
	(void)state;
	fake_platform_finish();
	return 0;
}

void fake_platform_fail_allocation(unsigned nth)
{
	fake.fail_in = nth;
}

unsigned fake_platform_live(void)
{
	unsigned live = 0;

	for (const struct block *block = fake.blocks; block; block = block->next)
		live += block->kind != BUFFER && block->kind != BOUNCE;
	return live;
}

void fake_platform_expect_leaks(unsigned count)
{
	fake.leaks_expected = count;
}

void fake_platform_next_address(uint64_t address)
{
	fake.next_address = address;
}

struct virtio_segment fake_platform_buffer(uint32_t size)
{
	struct block *block;

	check_request(size, 1);
	block = allocate(BUFFER, size, 1);
	return (struct virtio_segment){block->memory, block->address, size};
}

static bool contains(const struct block *block, uint64_t address, uint64_t length)
{
	uint64_t offset = address - block->address;

	return block->kind != PRIVATE && !(fake.bounces && block->kind == BUFFER) && address >= block->address &&
	       offset <= block->size && length <= block->size - offset;
}

static struct block *find(uint64_t address, uint64_t length)
{
	struct block *block = fake.last_found;

	if (block && contains(block, address, length))
		return block;
	for (block = fake.blocks; block && !contains(block, address, length); block = block->next)
		;
	fake.last_found = block;
	return block;
}

void *fake_platform_pointer(uint64_t device_address, uint64_t length)
{
	const struct block *block = find(device_address, length);

	if (!block)
		fail_msg("the device was given %llu bytes at %#llx, which is no DMA memory", (unsigned long long)length,
			(unsigned long long)device_address);
	return block->memory + (device_address - block->address);
}

bool fake_platform_is_dma(uint64_t device_address, uint64_t length)
{
	return find(device_address, length) != NULL;
}

void fake_platform_bounce(bool on)
{
	fake_platform()->dma_map = on ? hook_dma_map : NULL;
	fake_platform()->dma_unmap = on ? hook_dma_unmap : NULL;
	fake.bounces = on;
	fake.map_most = UINT32_MAX;
	fake.last_found = NULL;
}

unsigned fake_platform_mapped(void)
{
	return fake.mapped;
}

unsigned fake_platform_map_calls(void)
{
	return fake.map_calls;
}

void fake_platform_forget_mapped(void)
{
	fake.mapped = 0;
}

void fake_platform_forget_live(void)
{
	for (struct block *block = fake.blocks; block; block = block->next)
		if (block->kind == PRIVATE || block->kind == DMA)
			block->kind = BUFFER;
}

void fake_platform_map_at_most(unsigned count)
{
	fake.map_most = count;
}

uint64_t fake_platform_time(void)
{
	return fake.time;
}

void fake_platform_advance(uint64_t nanoseconds)
{
	fake.time += nanoseconds;
}

void fake_platform_set_step(uint64_t nanoseconds)
{
	fake.step = nanoseconds;
}

void fake_platform_stand_still(unsigned looks, uint64_t nanoseconds, void (*act)(void *context), void *context)
{
	fake.still_in = looks;
	fake.still_time = nanoseconds;
	fake.still_act = act;
	fake.still_context = context;
}

void fake_platform_on_wait(void (*act)(void *context), void *context)
{
	fake.act = act;
	fake.act_context = context;
}

void fake_platform_window(uint64_t physical_address, void *memory, uint64_t length)
{
	if (fake.window_count == sizeof fake.windows / sizeof fake.windows[0])
		fail_msg("too many register windows");
	fake.windows[fake.window_count++] = (struct window){physical_address, length, memory};
}

bool fake_platform_logged(const char *text)
{
	return strstr(fake.log, text) != NULL;
}

unsigned fake_platform_log_count(void)
{
	return fake.log_count;
}

const char *fake_platform_log_last(void)
{
	return fake.log_last;
}
