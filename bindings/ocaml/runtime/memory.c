/* SPDX-License-Identifier: ISC */
/*
 * malloc on the shim's heap, which wants to be told the size when memory comes back: it stands in front of each piece.
 * Out of memory is NULL, from which OCaml makes Out_of_memory.
 */
#include <boot/memory.h>

#include "libc.h"

#define LARGEST ((size_t)1 << 46)

/* In front of what malloc returns; 16 bytes, which is the alignment that callers rely on. */
struct memory_header {
	size_t size; /* of the piece from `start` on */
	void *start; /* what the shim's heap gave */
};

_Static_assert(sizeof(struct memory_header) == 16, "keeps the alignment");

static struct memory_header *memory_header(void *memory)
{
	return (struct memory_header *)memory - 1;
}

static void *memory_get(size_t size, size_t alignment)
{
	size_t room = sizeof(struct memory_header) > alignment ? sizeof(struct memory_header) : alignment;
	uint8_t *start = size < LARGEST ? boot_alloc(size + room, alignment) : NULL;
	void *memory = start + room;

	if (start == NULL) {
		runtime_error(ERROR_NO_MEMORY);
		return NULL;
	}
	*memory_header(memory) = (struct memory_header){size + room, start};
	return memory;
}

void *malloc(size_t size)
{
	return memory_get(size, sizeof(struct memory_header));
}

void *calloc(size_t count, size_t size)
{
	size_t bytes;
	void *memory = __builtin_mul_overflow(count, size, &bytes) ? malloc(SIZE_MAX) : malloc(bytes);

	return memory != NULL ? __builtin_memset(memory, 0, bytes) : NULL;
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0 || alignment > BOOT_PAGE_SIZE)
		return ERROR_INVALID;
	*result = memory_get(size, alignment > 16 ? alignment : 16);
	return *result == NULL ? ERROR_NO_MEMORY : 0;
}

void free(void *memory)
{
	if (memory != NULL)
		boot_free(memory_header(memory)->start, memory_header(memory)->size);
}

/* Bytes of MEMORY that its owner may use. */
static size_t memory_size(void *memory)
{
	struct memory_header *header = memory_header(memory);

	return (size_t)((uint8_t *)header->start + header->size - (uint8_t *)memory);
}

void *realloc(void *memory, size_t size)
{
	size_t old = memory != NULL ? memory_size(memory) : 0;
	void *moved;

	if (memory != NULL && size <= old && size >= old / 2)
		return memory;
	moved = malloc(size);
	if (moved != NULL && memory != NULL) {
		__builtin_memcpy(moved, memory, old < size ? old : size);
		free(memory);
	}
	return moved;
}
