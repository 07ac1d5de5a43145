/* SPDX-License-Identifier: ISC */
/* The library's hooks in a Linux process: shared memory from a file, event descriptors as interrupts. */
#include "runtime.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

static void *hook_alloc(void *context, size_t size, size_t alignment)
{
	struct runtime *runtime = context;
	size_t least = alignment < sizeof(void *) ? sizeof(void *) : alignment;
	void *memory = aligned_alloc(least, (size + least - 1) / least * least);

	runtime->private_allocations += memory != NULL;
	return memory;
}

static void hook_free(void *context, void *memory, size_t size)
{
	struct runtime *runtime = context;

	(void)size;
	runtime->private_allocations--;
	free(memory);
}

/* Memory is given out from the beginning to the end, and is all free again when the last of it comes back: enough for
 * devices that are attached and detached. */
static void *hook_dma_alloc(void *context, size_t size, size_t alignment, uint64_t *device_address)
{
	struct runtime *runtime = context;
	size_t start = (runtime->taken + alignment - 1) / alignment * alignment;

	if (size > runtime->size || start > runtime->size - size)
		return NULL;
	runtime->taken = start + size;
	runtime->allocations++;
	*device_address = RUNTIME_DEVICE_ADDRESS + start;
	return runtime->memory + start;
}

static void hook_dma_free(void *context, void *memory, size_t size, uint64_t device_address)
{
	struct runtime *runtime = context;

	(void)memory;
	(void)size;
	(void)device_address;
	if (--runtime->allocations == 0)
		runtime->taken = 0;
}

uint64_t runtime_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static uint64_t hook_now(void *context)
{
	(void)context;
	return runtime_now();
}

unsigned runtime_take_interrupts(struct runtime *runtime)
{
	unsigned taken = 0;
	eventfd_t count;

	for (unsigned i = 0; i < runtime->interrupt_count; i++)
		taken += eventfd_read(runtime->interrupts[i], &count) == 0;
	return taken;
}

static void hook_wait(void *context, uint64_t deadline)
{
	struct runtime *runtime = context;
	struct pollfd looks[RUNTIME_INTERRUPTS];
	uint64_t now = runtime_now();
	uint64_t left = deadline > now ? deadline - now : 0;
	const struct timespec time = {.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};

	for (unsigned i = 0; i < runtime->interrupt_count; i++)
		looks[i] = (struct pollfd){.fd = runtime->interrupts[i], .events = POLLIN};
	if (left && ppoll(looks, runtime->interrupt_count, &time, NULL) > 0)
		runtime->woken += runtime_take_interrupts(runtime);
}

static void hook_log(void *context, int level, const char *message)
{
	(void)context;
	if (level < VIRTIO_LOG_DEBUG)
		fprintf(stderr, "libvirtio: %s\n", message);
}

int runtime_open(struct runtime *runtime, size_t size)
{
	*runtime = (struct runtime){.size = size, .file = memfd_create("devices", MFD_CLOEXEC)};
	runtime->platform = (struct virtio_platform){
		.size = sizeof runtime->platform,
		.context = runtime,
		.alloc = hook_alloc,
		.free = hook_free,
		.dma_alloc = hook_dma_alloc,
		.dma_free = hook_dma_free,
		.now = hook_now,
		.wait = hook_wait,
		.log = hook_log,
	};
	if (runtime->file < 0 || ftruncate(runtime->file, (off_t)size) < 0)
		return -1;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, runtime->file, 0);
	runtime->memory = memory == MAP_FAILED ? NULL : memory;
	return runtime->memory ? 0 : -1;
}

void runtime_close(struct runtime *runtime)
{
	if (runtime->memory)
		munmap(runtime->memory, runtime->size);
	if (runtime->file >= 0)
		close(runtime->file);
}

int runtime_watch(struct runtime *runtime, int interrupt)
{
	if (runtime->interrupt_count == RUNTIME_INTERRUPTS)
		return -1;
	runtime->interrupts[runtime->interrupt_count++] = interrupt;
	return 0;
}

void runtime_unwatch(struct runtime *runtime, int interrupt)
{
	for (unsigned i = 0; i < runtime->interrupt_count; i++)
		if (runtime->interrupts[i] == interrupt)
			runtime->interrupts[i--] = runtime->interrupts[--runtime->interrupt_count];
}

void *runtime_memory(struct runtime *runtime, size_t size, uint64_t *device_address)
{
	void *memory = hook_dma_alloc(runtime, size, 4096, device_address);

	if (!memory) {
		fprintf(stderr, "no shared memory left for %zu bytes\n", size);
		exit(1);
	}
	return memory;
}
