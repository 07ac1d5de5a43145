/* SPDX-License-Identifier: ISC */
/* A buffer that plays the loader's memory. */
#include <fake/cmocka.h>
#include <fake/loader.h>
#include <string.h>

static uint8_t loader_ram[FAKE_LOADER_LENGTH];

const struct boot_loader_memory fake_loader_memory = {
	.data = loader_ram, .start = FAKE_LOADER_BASE, .length = FAKE_LOADER_LENGTH};

void fake_loader_fill(int byte)
{
	memset(loader_ram, byte, sizeof loader_ram);
}

void fake_loader_put_bytes(uint64_t address, const void *bytes, size_t length)
{
	memcpy(loader_ram + (address - FAKE_LOADER_BASE), bytes, length);
}

void fake_loader_put32(uint64_t address, uint32_t value)
{
	fake_loader_put_bytes(address, &value, 4);
}

void fake_loader_put64(uint64_t address, uint64_t value)
{
	fake_loader_put_bytes(address, &value, 8);
}

void fake_loader_put_text(uint64_t address, const char *text)
{
	fake_loader_put_bytes(address, text, strlen(text) + 1);
}

void fake_loader_rubbish(uint32_t *seed)
{
	for (uint64_t i = 0; i < FAKE_LOADER_LENGTH; i += 4) {
		*seed = *seed * 1664525 + 1013904223;
		fake_loader_put32(FAKE_LOADER_BASE + i, *seed >> 30 == 0 ? *seed >> 8
							: *seed >> 30 == 1
								? *seed >> 8 & 63
								: FAKE_LOADER_BASE + (*seed >> 8) % FAKE_LOADER_LENGTH);
	}
}

static void check_text(const char *text)
{
	assert_non_null(text);
	assert_true(strlen(text) < BOOT_INFO_TEXT_MAX);
}

void fake_loader_check_store(const struct boot_info_store *store)
{
	check_text(store->info.command_line);
	check_text(store->info.loader);
	assert_in_range(store->info.memory_count, 1, BOOT_INFO_MEMORY_MAX);
	assert_in_range(store->info.module_count, 0, BOOT_INFO_MODULES_MAX);
	for (size_t i = 0; i < store->info.memory_count; i++)
		assert_true(store->memory[i].length <= UINT64_MAX - store->memory[i].base);
	for (size_t i = 0; i < store->info.module_count; i++) {
		assert_true(store->modules[i].start <= store->modules[i].end);
		check_text(store->modules[i].string);
	}
}
