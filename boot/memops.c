/* SPDX-License-Identifier: ISC */
/*
 * The four functions that compilers call on their own. Weak: a runtime's own win. Plain 64-bit moves, eight at a time:
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

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *memory, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);

/* All eight are read before one is written, so this is right for pieces that overlap, too. */
static inline void memops_copy64(uint8_t *to, const uint8_t *from)
{
	const memops_word *source = (const memops_word *)from;
	memops_word *target = (memops_word *)to;
	uint64_t a = source[0], b = source[1], c = source[2], d = source[3];
	uint64_t e = source[4], f = source[5], g = source[6], h = source[7];

	target[0] = a;
	target[1] = b;
	target[2] = c;
	target[3] = d;
	target[4] = e;
	target[5] = f;
	target[6] = g;
	target[7] = h;
}

static inline void memops_copy_up(uint8_t *to, const uint8_t *from, size_t length)
{
	for (; length >= 64; length -= 64, to += 64, from += 64)
		memops_copy64(to, from);
	for (; length >= 8; length -= 8, to += 8, from += 8)
		*(memops_word *)to = *(const memops_word *)from;
	for (; length > 0; length--)
		*to++ = *from++;
}

static inline void memops_copy_down(uint8_t *to, const uint8_t *from, size_t length)
{
	for (; length >= 64; length -= 64)
		memops_copy64(to + length - 64, from + length - 64);
	for (; length >= 8; length -= 8)
		*(memops_word *)(to + length - 8) = *(const memops_word *)(from + length - 8);
	for (; length > 0; length--)
		to[length - 1] = from[length - 1];
}

__attribute__((weak)) void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	memops_copy_up(to, from, length);
	return to;
}

__attribute__((weak)) void *memmove(void *to, const void *from, size_t length)
{
	if ((uintptr_t)to - (uintptr_t)from >= length)
		memops_copy_up(to, from, length);
	else
		memops_copy_down(to, from, length);
	return to;
}

__attribute__((weak)) void *memset(void *memory, int byte, size_t length)
{
	uint64_t pattern = (uint8_t)byte * 0x0101010101010101u;
	uint8_t *to = memory;

	for (; length >= 64; length -= 64, to += 64) {
		for (int i = 0; i < 8; i++)
			((memops_word *)to)[i] = pattern;
	}
	for (; length >= 8; length -= 8, to += 8)
		*(memops_word *)to = pattern;
	for (; length > 0; length--)
		*to++ = (uint8_t)byte;
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
