/* SPDX-License-Identifier: ISC */
/* Checked reads of the loader's memory: where every number comes from outside, none is followed blindly. */
#include "loader_memory.h"

uint64_t boot_loader_memory_room(const struct boot_loader_memory *memory, uint64_t address)
{
	if (address < memory->start || address - memory->start >= memory->length)
		return 0;
	return memory->length - (address - memory->start);
}

const void *boot_loader_memory_at(const struct boot_loader_memory *memory, uint64_t address, uint64_t length)
{
	uint64_t room = boot_loader_memory_room(memory, address);

	return room == 0 || length > room ? NULL : memory->data + (address - memory->start);
}

uint32_t boot_loader_memory_word(const struct boot_loader_memory *memory, uint64_t address)
{
	const uint8_t *bytes = boot_loader_memory_at(memory, address, 4);

	if (bytes == NULL)
		return 0;
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t boot_loader_memory_long(const struct boot_loader_memory *memory, uint64_t address)
{
	if (boot_loader_memory_at(memory, address, 8) == NULL)
		return 0;
	return (uint64_t)boot_loader_memory_word(memory, address + 4) << 32 | boot_loader_memory_word(memory, address);
}
