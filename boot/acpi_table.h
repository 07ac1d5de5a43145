/* SPDX-License-Identifier: ISC */
/*
 * ACPI tables in memory (ACPI 5.2): finding them from the root pointer on, checking them, reading their fields. After
 * the checks here a table is bytes that may be read; that its fields make sense is for whoever reads them to see.
 */
#ifndef BOOT_ACPI_TABLE_H
#define BOOT_ACPI_TABLE_H

#include "loader_memory.h"

#define BOOT_ACPI_TABLES_MAX 64
#define BOOT_ACPI_HEADER 36           /* bytes in front of every table's own fields */
#define BOOT_ACPI_LENGTH_MAX 0x100000 /* no table is longer: a wrong length must not cost minutes */

/* A table whose length and checksum are right. */
struct boot_acpi_table {
	const uint8_t *data; /* all of it, header included, in the memory that it was found in */
	uint32_t length;     /* bytes, at least BOOT_ACPI_HEADER */
	uint64_t address;    /* where it is, physically */
	char signature[4];   /* what it begins with: a copy, for when that memory cannot be read any more */
};

/* Those that were found, in the order of the list in which the firmware has them. */
struct boot_acpi_tables {
	struct boot_acpi_table list[BOOT_ACPI_TABLES_MAX];
	size_t count;
};

/*
 * Find the tables from the root pointer at physical address ROOT on, or, if ROOT is 0 or none is there, wherever the
 * firmware of PCs leaves one. Returns false when there is no root pointer. Tables that are not right are left out, with
 * a message.
 */
bool boot_acpi_tables_find(struct boot_acpi_tables *tables, const struct boot_loader_memory *memory, uint64_t root);

/* Add the table at ADDRESS, which no list names, if it is right and there is room. */
void boot_acpi_tables_add(struct boot_acpi_tables *tables, const struct boot_loader_memory *memory, uint64_t address);

/* The N-th table (from 0) with SIGNATURE, four characters; NULL when there is none. */
const struct boot_acpi_table *boot_acpi_tables_get(
	const struct boot_acpi_tables *tables, const char *signature, size_t n);

/* The little-endian number of WIDTH bytes, 1 to 8, at OFFSET; 0 when the table ends before: old ones are shorter. */
uint64_t boot_acpi_number(const struct boot_acpi_table *table, uint32_t offset, uint32_t width);

#endif
