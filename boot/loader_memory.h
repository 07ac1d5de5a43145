/* SPDX-License-Identifier: ISC */
/* The memory in which a loader left its structures: every read of it is checked here. */
#ifndef BOOT_LOADER_MEMORY_H
#define BOOT_LOADER_MEMORY_H

#include <boot/base.h>

/* Physical memory from `start`, `length` bytes, seen at `data`: 4 GiB from address 0 when booting, a buffer in a test.
 */
struct boot_loader_memory {
	const uint8_t *data;
	uint64_t start;
	uint64_t length;
};

/* The LENGTH bytes at physical ADDRESS, or NULL when not all of them lie in the memory. */
const void *boot_loader_memory_at(const struct boot_loader_memory *memory, uint64_t address, uint64_t length);

/* How many bytes follow ADDRESS in the memory, itself included; 0 when it lies outside. */
uint64_t boot_loader_memory_room(const struct boot_loader_memory *memory, uint64_t address);

/* The 32-bit word at ADDRESS, aligned or not; 0 when it lies outside. */
uint32_t boot_loader_memory_word(const struct boot_loader_memory *memory, uint64_t address);

/* The same of 64 bits. */
uint64_t boot_loader_memory_long(const struct boot_loader_memory *memory, uint64_t address);

#endif
