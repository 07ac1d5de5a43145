/* SPDX-License-Identifier: ISC */
/* The multiboot 2 information structure, tag by tag, into a boot_info. */
#include "multiboot2.h"

#include "command_line.h"
#include "serial.h"

#define MULTIBOOT2_MAGIC 0x36d76289
#define TAG_ALIGNMENT 8

/* What a tag is about. */
enum {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_MODULE = 3,
	TAG_MEMORY_SIZES = 4,
	TAG_MAP = 6,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15,
	TAG_EFI_MAP = 17,
	TAG_KINDS = 18, /* higher ones are of no interest */
};

/* Offsets: in the structure, and in its tags. */
enum {
	INFO_SIZE = 0,
	INFO_TAGS = 8,
	TAG_TYPE = 0,
	TAG_SIZE = 4,
	TAG_CONTENT = 8,
	MODULE_START = 8,
	MODULE_END = 12,
	MODULE_STRING = 16,
	SIZES_LOWER = 8,  /* KiB from address 0 */
	SIZES_UPPER = 12, /* KiB from 1 MiB */
	SIZES_LEAST = 16,
	MAP_ENTRY_SIZE = 8,
	MAP_ENTRIES = 16,
};

/* A map's entry. */
enum {
	ENTRY_BASE = 0,
	ENTRY_LENGTH = 8,
	ENTRY_TYPE = 16,
	ENTRY_LEAST = 20,
};

/* The same of UEFI (7.2), whose pages have 4 KiB. */
enum {
	EFI_ENTRY_TYPE = 0,
	EFI_ENTRY_BASE = 8,
	EFI_ENTRY_PAGES = 24,
	EFI_ENTRY_LEAST = 32,
	EFI_PAGE_SHIFT = 12,
};

/* What the parts of the parser share. */
struct multiboot2 {
	struct boot_info_store *store;
	const struct boot_loader_memory *memory;
	uint64_t tags[TAG_KINDS]; /* the first tag of each kind, 0: none */
	uint64_t end;             /* of all tags */
};

static uint32_t multiboot2_size(const struct multiboot2 *m, uint64_t tag)
{
	return boot_loader_memory_word(m->memory, tag + TAG_SIZE);
}

/* The tag after TAG, or 0 when there is none. TAG_END counts as a tag. */
static uint64_t multiboot2_next(const struct multiboot2 *m, uint64_t tag)
{
	uint64_t next =
		tag + ((multiboot2_size(m, tag) + (uint64_t)TAG_ALIGNMENT - 1) & ~(uint64_t)(TAG_ALIGNMENT - 1));

	return next < m->end ? next : 0;
}

/* Whether there is a tag at TAG, and all of it; a message when there is something else. */
static bool multiboot2_valid(const struct multiboot2 *m, uint64_t tag)
{
	uint64_t left = m->end - tag;

	if (left >= TAG_CONTENT && multiboot2_size(m, tag) >= TAG_CONTENT && multiboot2_size(m, tag) <= left)
		return boot_loader_memory_word(m->memory, tag + TAG_TYPE) != TAG_END;
	boot_printf("boot: multiboot tag of %u bytes with %lu left, the rest is left out\n",
		left < TAG_CONTENT ? 0 : multiboot2_size(m, tag), left);
	return false;
}

/* The text at OFFSET of a tag, which the tag's end cuts. */
static const char *multiboot2_text(const struct multiboot2 *m, uint64_t tag, uint32_t offset, const char *what)
{
	struct boot_loader_memory within = {
		.data = boot_loader_memory_at(m->memory, tag, multiboot2_size(m, tag)),
		.start = tag,
		.length = multiboot2_size(m, tag),
	};

	return boot_info_store_text(m->store, &within, tag + offset, what);
}

static void multiboot2_read_module(const struct multiboot2 *m, uint64_t tag)
{
	if (multiboot2_size(m, tag) < MODULE_STRING) {
		boot_printf("boot: module tag of %u bytes, left out\n", multiboot2_size(m, tag));
		return;
	}
	boot_info_store_module(m->store, boot_loader_memory_word(m->memory, tag + MODULE_START),
		boot_loader_memory_word(m->memory, tag + MODULE_END),
		multiboot2_text(m, tag, MODULE_STRING, "module's text"));
}

/* Modules are read on the way, of other kinds the first tag is remembered. */
static void multiboot2_find_tags(struct multiboot2 *m, uint64_t tag)
{
	for (; tag != 0 && multiboot2_valid(m, tag); tag = multiboot2_next(m, tag)) {
		uint32_t type = boot_loader_memory_word(m->memory, tag + TAG_TYPE);

		if (type == TAG_MODULE)
			multiboot2_read_module(m, tag);
		else if (type < TAG_KINDS && m->tags[type] == 0)
			m->tags[type] = tag;
	}
}

static void multiboot2_read_texts(const struct multiboot2 *m)
{
	struct boot_info *info = &m->store->info;
	const char *line = "";

	if (m->tags[TAG_LOADER_NAME] != 0)
		info->loader = multiboot2_text(m, m->tags[TAG_LOADER_NAME], TAG_CONTENT, "loader's name");
	if (m->tags[TAG_COMMAND_LINE] != 0)
		line = multiboot2_text(m, m->tags[TAG_COMMAND_LINE], TAG_CONTENT, "command line");
	info->command_line = boot_command_line_arguments(line, info->loader);
}

/* The newer root pointer tells more. Both tags hold a copy of it, and we keep a copy of that. */
static void multiboot2_read_acpi_root(const struct multiboot2 *m)
{
	uint64_t tag = m->tags[TAG_ACPI_NEW] != 0 ? m->tags[TAG_ACPI_NEW] : m->tags[TAG_ACPI_OLD];
	uint32_t length = tag != 0 ? multiboot2_size(m, tag) - TAG_CONTENT : 0;

	if (length > 0)
		boot_info_store_acpi_root(
			m->store, boot_loader_memory_at(m->memory, tag + TAG_CONTENT, length), length);
}

static void multiboot2_read_entry(const struct multiboot2 *m, uint64_t entry)
{
	boot_info_store_memory(m->store, boot_loader_memory_long(m->memory, entry + ENTRY_BASE),
		boot_loader_memory_long(m->memory, entry + ENTRY_LENGTH),
		boot_loader_memory_word(m->memory, entry + ENTRY_TYPE));
}

/* What UEFI's types (7.2) mean once its boot services are over. */
static uint32_t multiboot2_efi_type(uint32_t type)
{
	static const uint8_t types[] = {
		[1] = BOOT_MEMORY_AVAILABLE, /* the loader's code and data, */
		[2] = BOOT_MEMORY_AVAILABLE,
		[3] = BOOT_MEMORY_AVAILABLE, /* those of the boot services, */
		[4] = BOOT_MEMORY_AVAILABLE,
		[7] = BOOT_MEMORY_AVAILABLE, /* and what nobody had */
		[8] = BOOT_MEMORY_BAD,
		[9] = BOOT_MEMORY_ACPI,
		[10] = BOOT_MEMORY_NVS,
	};

	return type < sizeof types && types[type] != 0 ? types[type] : BOOT_MEMORY_RESERVED;
}

static void multiboot2_read_efi_entry(const struct multiboot2 *m, uint64_t entry)
{
	uint64_t base = boot_loader_memory_long(m->memory, entry + EFI_ENTRY_BASE);
	uint64_t pages = boot_loader_memory_long(m->memory, entry + EFI_ENTRY_PAGES);
	uint64_t most = UINT64_MAX >> EFI_PAGE_SHIFT;

	boot_info_store_memory(m->store, base, (pages < most ? pages : most) << EFI_PAGE_SHIFT,
		multiboot2_efi_type(boot_loader_memory_word(m->memory, entry + EFI_ENTRY_TYPE)));
}

/* Both maps tell how large their entries are, so that later versions can have larger ones, and then a version. */
static void multiboot2_read_map(const struct multiboot2 *m, uint64_t tag, uint32_t least,
	void (*read)(const struct multiboot2 *m, uint64_t entry))
{
	uint32_t size = multiboot2_size(m, tag);
	uint32_t step = boot_loader_memory_word(m->memory, tag + MAP_ENTRY_SIZE);

	if (size < MAP_ENTRIES || step < least) {
		boot_printf("boot: memory map of %u bytes with entries of %u, left out\n", size,
			size < MAP_ENTRIES ? 0 : step);
		return;
	}
	for (uint32_t left = size - MAP_ENTRIES; left >= step; left -= step)
		read(m, tag + size - left);
}

static void multiboot2_read_memory(const struct multiboot2 *m)
{
	uint64_t sizes = m->tags[TAG_MEMORY_SIZES];

	if (m->tags[TAG_MAP] != 0)
		multiboot2_read_map(m, m->tags[TAG_MAP], ENTRY_LEAST, multiboot2_read_entry);
	if (m->store->info.memory_count == 0 && m->tags[TAG_EFI_MAP] != 0)
		multiboot2_read_map(m, m->tags[TAG_EFI_MAP], EFI_ENTRY_LEAST, multiboot2_read_efi_entry);
	if (m->store->info.memory_count == 0 && sizes != 0 && multiboot2_size(m, sizes) >= SIZES_LEAST)
		boot_info_store_sizes(m->store, boot_loader_memory_word(m->memory, sizes + SIZES_LOWER),
			boot_loader_memory_word(m->memory, sizes + SIZES_UPPER));
}

int boot_multiboot2_parse(
	struct boot_info_store *store, const struct boot_loader_memory *memory, uint64_t address, uint32_t magic)
{
	struct multiboot2 m = {.store = store, .memory = memory};
	uint32_t size = boot_loader_memory_word(memory, address + INFO_SIZE);

	boot_info_store_init(store, "multiboot 2");
	if (magic != MULTIBOOT2_MAGIC) {
		boot_printf("boot: not started by multiboot 2: magic number 0x%x\n", magic);
		return -1;
	}
	if (size < INFO_TAGS || boot_loader_memory_at(memory, address, size) == NULL) {
		boot_printf("boot: the multiboot structure at 0x%lx+0x%x lies out of reach\n", address, size);
		return -1;
	}
	m.end = address + size;
	multiboot2_find_tags(&m, address + INFO_TAGS);
	multiboot2_read_texts(&m);
	multiboot2_read_acpi_root(&m);
	multiboot2_read_memory(&m);
	if (store->info.memory_count == 0) {
		boot_printf("boot: the loader told of no memory\n");
		return -1;
	}
	return 0;
}
