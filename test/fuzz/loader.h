/* SPDX-License-Identifier: ISC */
/* What the fuzz targets of the doors share: the input is memory that a loader wrote, from FUZZ_DOOR_START on. */
#ifndef FUZZ_LOADER_H
#define FUZZ_LOADER_H

#include <string.h>

#include "door.h"
#include "fuzz.h"

#define FUZZ_DOOR_START 0x9000

static inline void fuzz_door_text(const char *text)
{
	fuzz_check(text != NULL && strlen(text) < BOOT_INFO_TEXT_MAX);
}

/* What a parser that succeeded promises. */
static inline void fuzz_door_check(const struct boot_info *info)
{
	fuzz_door_text(info->command_line);
	fuzz_door_text(info->loader);
	fuzz_check(info->memory_count >= 1 && info->memory_count <= BOOT_INFO_MEMORY_MAX);
	fuzz_check(info->module_count <= BOOT_INFO_MODULES_MAX);
	for (size_t i = 0; i < info->memory_count; i++) {
		fuzz_check(info->memory[i].length > 0);
		fuzz_check(info->memory[i].length <= UINT64_MAX - info->memory[i].base);
	}
	for (size_t i = 0; i < info->module_count; i++) {
		fuzz_check(info->modules[i].start <= info->modules[i].end);
		fuzz_check(info->modules[i].end <= (uint64_t)1 << 47);
		fuzz_door_text(info->modules[i].string);
	}
}

/* Have PARSE read SIZE bytes of DATA, whose structure begins with the first. */
static inline void fuzz_door(boot_door_parser *parse, uint32_t magic, const uint8_t *data, size_t size)
{
	static struct boot_info_store store;
	uint8_t *copy = malloc(size + !size); /* of its own size, so that the sanitizers see an access behind it */
	struct boot_loader_memory memory = {.data = copy, .start = FUZZ_DOOR_START, .length = size};

	if (copy != NULL) {
		if (size > 0)
			memcpy(copy, data, size);
		if (parse(&store, &memory, FUZZ_DOOR_START, magic) == 0)
			fuzz_door_check(&store.info);
	}
	free(copy);
}

#endif
