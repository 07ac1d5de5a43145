/* SPDX-License-Identifier: ISC */
/*
 * What a fuzz target is: a file fuzz_<name>.c with this one function, and seeds in corpus/<name>/. It is built twice:
 * with driver.c, which runs a fixed number of inputs with any compiler, and, by clang, with libFuzzer, for tools/fuzz.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Do what is to be tested with SIZE bytes of DATA. Returns 0; crashes or hangs when something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold whatever the input is. */
#define fuzz_check(holds) fuzz_check_at(holds, #holds, __FILE__, __LINE__)

static inline void fuzz_check_at(int holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, what);
	abort();
}

#endif
