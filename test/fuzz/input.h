/* SPDX-License-Identifier: ISC */
/* The input of a fuzz target, read piece by piece. Once it has ended all pieces are 0, so every input is whole. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

/* What is left of it. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

static inline bool fuzz_ended(const struct fuzz_input *input)
{
	return input->left == 0;
}

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->data++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *input)
{
	unsigned low = fuzz_byte(input);

	return (uint16_t)(low | (unsigned)fuzz_byte(input) << 8);
}

static inline uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t low = fuzz_u16(input);

	return low | (uint32_t)fuzz_u16(input) << 16;
}

static inline uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t low = fuzz_u32(input);

	return low | (uint64_t)fuzz_u32(input) << 32;
}

/* A number below LIMIT, which is 1 to 65536: one byte of input where that is enough. */
static inline unsigned fuzz_below(struct fuzz_input *input, unsigned limit)
{
	return (limit <= 256 ? fuzz_byte(input) : fuzz_u16(input)) % limit;
}

/* Up to LENGTH bytes into BYTES, whose rest becomes zeroes. */
static inline void fuzz_bytes(struct fuzz_input *input, void *bytes, size_t length)
{
	size_t part = length < input->left ? length : input->left;

	memset(bytes, 0, length);
	if (part == 0) /* then there may be no data at all */
		return;
	memcpy(bytes, input->data, part);
	input->data += part;
	input->left -= part;
}

#endif
