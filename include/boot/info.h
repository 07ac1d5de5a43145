/* SPDX-License-Identifier: ISC */
/*
 * What the boot loader told, the same whichever protocol it speaks, and the function that a unikernel
 * starts in. The shim has made the machine ready by then: 64-bit mode, all memory mapped at its physical
 * address, SSE on, exceptions reported, interrupts off.
 *
 *     int unikernel_main(const struct boot_info *info)
 *     {
 *         return info->module_count == 1 ? 0 : 1;
 *     }
 */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* What a piece of the memory map is for; the numbers are those of the firmware (E820) and of every protocol. */
enum boot_memory_type {
	BOOT_MEMORY_AVAILABLE = 1, /* RAM to use */
	BOOT_MEMORY_RESERVED = 2,  /* leave alone; may be RAM, a device or nothing */
	BOOT_MEMORY_ACPI = 3,      /* ACPI tables: RAM to use once they are read */
	BOOT_MEMORY_NVS = 4,       /* belongs to the firmware, for ever */
	BOOT_MEMORY_BAD = 5,       /* RAM with errors */
};

/*
 * One entry of the memory map, as the loader gave it: in any order, perhaps overlapping. Entries of length 0 are left
 * out, entries in a row that touch and have one type are joined, and an entry that would pass the end of the address
 * space is cut there: base + length never overflows.
 */
struct boot_memory {
	uint64_t base;   /* first byte, a physical address */
	uint64_t length; /* bytes, at least 1 */
	uint32_t type;   /* enum boot_memory_type; other numbers mean reserved */
};

/* A file that the loader put into memory for us. It stays in memory, outside of what the page allocator gives. */
struct boot_module {
	uint64_t start;     /* first byte, a physical address; the memory is mapped there */
	uint64_t end;       /* the byte after the last; never below start */
	const char *string; /* the text the loader was given with it, often its file name; never NULL */
};

/*
 * All of it. The struct and what it points at live as long as the machine and never change; the texts are copies in the
 * image, NUL-terminated and never NULL. What the loader said more than fits (128 memory entries, 32 modules, 16 KiB of
 * text in all) is left out, with a message on the serial line.
 */
struct boot_info {
	size_t size;          /* sizeof(struct boot_info) of the shim: later versions may add fields at the end */
	const char *protocol; /* how we were started: "multiboot 1", "multiboot 2" or "PVH" */
	const char *loader;   /* the loader's name as it tells it, such as "qemu"; "" when it tells none */
	const char
		*command_line; /* the words after the kernel's file name, whether or not the loader passed that name */
	const struct boot_memory *memory;  /* the memory map */
	size_t memory_count;               /* how many entries it has */
	const struct boot_module *modules; /* the modules, in the loader's order */
	size_t module_count;               /* how many there are */
	uint64_t acpi_root; /* physical address of the ACPI root pointer (RSDP); 0 when the protocol does not tell */
};

/*
 * The unikernel: called once, with interrupts off, on a stack of 256 KiB that a guard page ends. The result becomes the
 * exit status of the machine: 0 powers it off, anything else is a failure (boot/power.h). Write this one.
 */
int unikernel_main(const struct boot_info *info);

BOOT_END_DECLS

#endif
