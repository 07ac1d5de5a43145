/* SPDX-License-Identifier: ISC */
/* Sorted ranges in an array: to add is to merge, to subtract is to cut. */
#include "memory_map.h"

#include "serial.h"

#define PAGE_MASK ((uint64_t)BOOT_PAGE_SIZE - 1)

/* Round up, but not beyond the last page's start: the end of the address space has no address. */
static uint64_t memory_map_round_up(uint64_t address)
{
	return address > UINT64_MAX - PAGE_MASK ? ~PAGE_MASK : (address + PAGE_MASK) & ~PAGE_MASK;
}

/* Replace COUNT ranges from INDEX on by the REPLACEMENTS ones of WITH; only ever one more than there were. */
static void memory_map_replace(
	struct boot_memory_map *map, size_t index, size_t count, const struct boot_range *with, size_t replacements)
{
	size_t tail = map->count - index - count;
	struct boot_range *at = map->ranges + index;

	if (map->count - count + replacements > BOOT_MEMORY_MAP_MAX) {
		replacements--;
		boot_printf("boot: memory is in more than %d pieces, left out 0x%lx to 0x%lx\n", BOOT_MEMORY_MAP_MAX,
			with[replacements].start, with[replacements].end);
	}
	if (replacements > count) {
		for (size_t i = tail; i > 0; i--)
			at[replacements + i - 1] = at[count + i - 1];
	} else {
		for (size_t i = 0; i < tail; i++)
			at[replacements + i] = at[count + i];
	}
	for (size_t i = 0; i < replacements; i++)
		at[i] = with[i];
	map->count = map->count - count + replacements;
}

/* The first range that ends at or after ADDRESS. */
static size_t memory_map_find(const struct boot_memory_map *map, uint64_t address)
{
	size_t index = 0;

	while (index < map->count && map->ranges[index].end < address)
		index++;
	return index;
}

void boot_memory_map_add(struct boot_memory_map *map, uint64_t start, uint64_t end)
{
	struct boot_range merged = {memory_map_round_up(start), end & ~PAGE_MASK};
	size_t first = memory_map_find(map, merged.start);
	size_t last = first;

	if (merged.start >= merged.end)
		return;
	for (; last < map->count && map->ranges[last].start <= merged.end; last++) {
		const struct boot_range *range = &map->ranges[last];

		merged.start = range->start < merged.start ? range->start : merged.start;
		merged.end = range->end > merged.end ? range->end : merged.end;
	}
	memory_map_replace(map, first, last - first, &merged, 1);
}

void boot_memory_map_subtract(struct boot_memory_map *map, uint64_t start, uint64_t end)
{
	uint64_t from = start & ~PAGE_MASK;
	uint64_t to = memory_map_round_up(end);
	size_t index = memory_map_find(map, from);

	if (start >= end)
		return;
	while (index < map->count && map->ranges[index].start < to) {
		struct boot_range range = map->ranges[index];
		struct boot_range left[2];
		size_t count = 0;

		if (range.start < from)
			left[count++] = (struct boot_range){range.start, from};
		if (range.end > to)
			left[count++] = (struct boot_range){to, range.end};
		memory_map_replace(map, index, 1, left, count);
		index += count;
	}
}

void boot_memory_map_from_info(struct boot_memory_map *map, const struct boot_info *info, uint64_t limit)
{
	map->count = 0;
	for (size_t i = 0; i < info->memory_count; i++) {
		const struct boot_memory *memory = &info->memory[i];
		uint64_t end = memory->base + memory->length;

		if (memory->type == BOOT_MEMORY_AVAILABLE)
			boot_memory_map_add(map, memory->base, end < limit ? end : limit);
	}
	for (size_t i = 0; i < info->memory_count; i++) {
		const struct boot_memory *memory = &info->memory[i];

		if (memory->type != BOOT_MEMORY_AVAILABLE)
			boot_memory_map_subtract(map, memory->base, memory->base + memory->length);
	}
}

struct boot_range boot_memory_map_hole(const struct boot_info *info, uint64_t start, uint64_t end)
{
	struct boot_memory_map holes = {.count = 0};
	struct boot_range largest = {start, start};

	boot_memory_map_add(&holes, start, end);
	for (size_t i = 0; i < info->memory_count; i++)
		boot_memory_map_subtract(&holes, info->memory[i].base, info->memory[i].base + info->memory[i].length);
	for (size_t i = 0; i < holes.count; i++) {
		if (holes.ranges[i].end - holes.ranges[i].start > largest.end - largest.start)
			largest = holes.ranges[i];
	}
	return largest;
}

bool boot_memory_map_overlaps(const struct boot_memory_map *map, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < map->count; i++) {
		if (start < map->ranges[i].end && end > map->ranges[i].start)
			return true;
	}
	return false;
}

uint64_t boot_memory_map_size(const struct boot_memory_map *map)
{
	uint64_t size = 0;

	for (size_t i = 0; i < map->count; i++)
		size += map->ranges[i].end - map->ranges[i].start;
	return size;
}
