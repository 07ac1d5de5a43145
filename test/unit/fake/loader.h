/* SPDX-License-Identifier: ISC */
/* What a boot loader left in memory, in a buffer: the tests write structures into it, the parsers read them. */
#ifndef FAKE_LOADER_H
#define FAKE_LOADER_H

#include "info_store.h"

#define FAKE_LOADER_BASE 0x9000
#define FAKE_LOADER_LENGTH 0x10000
#define FAKE_LOADER_END (FAKE_LOADER_BASE + FAKE_LOADER_LENGTH)

extern const struct boot_loader_memory fake_loader_memory;

/* Make it all one byte. */
void fake_loader_fill(int byte);

/* Write at an address in it. */
void fake_loader_put32(uint64_t address, uint32_t value);
void fake_loader_put64(uint64_t address, uint64_t value);
void fake_loader_put_bytes(uint64_t address, const void *bytes, size_t length);
void fake_loader_put_text(uint64_t address, const char *text);

/* Words that are often addresses in it, small numbers, or rubbish. SEED is where to go on. */
void fake_loader_rubbish(uint32_t *seed);

/* Whatever was read, STORE must hold texts that end, and counts and lengths within their bounds. */
void fake_loader_check_store(const struct boot_info_store *store);

#endif
