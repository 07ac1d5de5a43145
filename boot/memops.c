/* SPDX-License-Identifier: ISC */
/*
 * The four functions that compilers call on their own. Weak: a runtime's own win. Plain 64-bit moves, four at a time:
 * right in interrupt handlers, and faster than `rep movsb` where the processor is emulated (which costs 77 cycles a
 * byte there).
 */
#include <boot/base.h>

/* Or gcc would see what the loops do, and turn them into calls of themselves. */
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Any address will do, and it may be part of any object. */
typedef uint64_t __attribute__((may_alias, aligned(1))) memops_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) memops_half;

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *memory, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);

static inline uint64_t memops_load(const uint8_t *from)
{
	return *(const memops_word *)from;
}

static inline void memops_store(uint8_t *to, uint64_t value)
{
	*(memops_word *)to = value;
}

/*
 * Below, everything is read before the first byte is written that may overlap it, so all of this serves memmove, too. A
 * length that is no multiple of the move ends with a move that overlaps the one before.
 */
static inline void memops_copy16(uint8_t *to, const uint8_t *from)
{
	uint64_t a = memops_load(from), b = memops_load(from + 8);

	memops_store(to, a);
	memops_store(to + 8, b);
}

static inline void memops_copy32(uint8_t *to, const uint8_t *from)
{
	uint64_t a = memops_load(from), b = memops_load(from + 8), c = memops_load(from + 16),
		 d = memops_load(from + 24);

	memops_store(to, a);
	memops_store(to + 8, b);
	memops_store(to + 16, c);
	memops_store(to + 24, d);
}

/* Up to 16 bytes, by the first and the last so many of them. */
static inline void memops_copy_small(uint8_t *to, const uint8_t *from, size_t length)
{
	if (length >= 8) {
		uint64_t first = memops_load(from), last = memops_load(from + length - 8);

		memops_store(to, first);
		memops_store(to + length - 8, last);
	} else if (length >= 4) {
		uint32_t first = *(const memops_half *)from, last = *(const memops_half *)(from + length - 4);

		*(memops_half *)to = first;
		*(memops_half *)(to + length - 4) = last;
	} else if (length > 0) {
		uint8_t first = from[0], middle = from[length / 2], last = from[length - 1];

		to[0] = first;
		to[length / 2] = middle;
		to[length - 1] = last;
	}
}

/* More than 16 bytes, for TO below FROM or apart from it. */
static inline void memops_copy_up(uint8_t *to, const uint8_t *from, size_t length)
{
	uint64_t a = memops_load(from + length - 16), b = memops_load(from + length - 8);
	uint8_t *end = to + length;

	for (; length >= 32; length -= 32, to += 32, from += 32)
		memops_copy32(to, from);
	if (length > 16)
		memops_copy16(to, from);
	memops_store(end - 16, a);
	memops_store(end - 8, b);
}

/* More than 16 bytes, for TO above FROM. */
static inline void memops_copy_down(uint8_t *to, const uint8_t *from, size_t length)
{
	uint64_t a = memops_load(from), b = memops_load(from + 8);

	for (; length >= 32; length -= 32)
		memops_copy32(to + length - 32, from + length - 32);
	if (length > 16)
		memops_copy16(to + length - 16, from + length - 16);
	memops_store(to, a);
	memops_store(to + 8, b);
}

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	if (length <= 16)
		memops_copy_small(to, from, length);
	else
		memops_copy_up(to, from, length);
	return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t length)
{
	if (length <= 16)
		memops_copy_small(to, from, length);
	else if ((uintptr_t)to - (uintptr_t)from >= length)
		memops_copy_up(to, from, length);
	else
		memops_copy_down(to, from, length);
	return to;
}

static inline void memops_set_small(uint8_t *to, uint64_t pattern, size_t length)
{
	if (length >= 8) {
		memops_store(to, pattern);
		memops_store(to + length - 8, pattern);
		return;
	}
	for (; length > 0; length--)
		*to++ = (uint8_t)pattern;
}

__attribute__((weak)) void *memset(void *memory, int byte, size_t length)
{
	uint64_t pattern = (uint8_t)byte * 0x0101010101010101u;
	uint8_t *to = memory;

	for (; length >= 64; length -= 64, to += 64) {
		for (int i = 0; i < 64; i += 8)
			memops_store(to + i, pattern);
	}
	for (; length > 16; length -= 8, to += 8)
		memops_store(to, pattern);
	memops_set_small(to, pattern, length);
	return memory;
}

__attribute__((weak)) int memcmp(const void *left, const void *right, size_t length)
{
	const uint8_t *a = left;
	const uint8_t *b = right;

	while (length >= 8 && *(const memops_word *)a == *(const memops_word *)b) {
		a += 8;
		b += 8;
		length -= 8;
	}
	for (; length > 0; length--, a++, b++) {
		if (*a != *b)
			return *a - *b;
	}
	return 0;
}
