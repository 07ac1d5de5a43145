/* SPDX-License-Identifier: ISC */
/* Sets of physical memory: sorted ranges of whole pages that neither overlap nor touch. */
#ifndef BOOT_MEMORY_MAP_H
#define BOOT_MEMORY_MAP_H

#include <boot/info.h>

#define BOOT_MEMORY_MAP_MAX 256

struct boot_range {
	uint64_t start;
	uint64_t end; /* the byte after the last */
};

struct boot_memory_map {
	struct boot_range ranges[BOOT_MEMORY_MAP_MAX];
	size_t count;
};

/*
 * Add the bytes from START to END to MAP, or take them out. Addresses are cut to whole pages first: inwards when
 * adding, outwards when taking out, so that a page counts only if all of it does. An empty range changes nothing. When
 * the ranges become too many, memory is left out rather than wrongly in, with a message.
 */
void boot_memory_map_add(struct boot_memory_map *map, uint64_t start, uint64_t end);
void boot_memory_map_subtract(struct boot_memory_map *map, uint64_t start, uint64_t end);

/*
 * Make MAP the RAM that INFO calls available, below LIMIT. Where entries overlap, what is not available wins.
 */
void boot_memory_map_from_info(struct boot_memory_map *map, const struct boot_info *info, uint64_t limit);

/*
 * The largest range of whole pages from START to END that no entry of INFO, of whatever type, has a byte of; the lowest
 * of several such; an empty one when there is none.
 */
struct boot_range boot_memory_map_hole(const struct boot_info *info, uint64_t start, uint64_t end);

/* Whether any byte from START to END is in MAP. */
bool boot_memory_map_overlaps(const struct boot_memory_map *map, uint64_t start, uint64_t end);

/* All bytes of MAP together. */
uint64_t boot_memory_map_size(const struct boot_memory_map *map);

#endif
