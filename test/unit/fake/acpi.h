/* SPDX-License-Identifier: ISC */
/*
 * A firmware that leaves ACPI tables in 1 MiB of memory, as a test wants them: put tables, then a list of them.
 *
 *     fake_acpi_reset();
 *     fake_acpi_put("MCFG", body, sizeof body);
 *     fake_acpi_finish(true);
 *     boot_acpi_init(&fake_acpi_memory, 0);
 */
#ifndef FAKE_ACPI_H
#define FAKE_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../boot/loader_memory.h"

#define FAKE_ACPI_SIZE 0x100000
#define FAKE_ACPI_ROOT 0xe0010 /* where the root pointer is */
#define FAKE_ACPI_FADT 276     /* bytes of an FADT, header included */

/* The bytes, to be broken at will, and how the parsers see them. */
extern uint8_t fake_acpi_bytes[FAKE_ACPI_SIZE];
extern struct boot_loader_memory fake_acpi_memory;

/* Empty memory. */
void fake_acpi_reset(void);

/*
 * Put a table with SIGNATURE and SIZE bytes of BODY behind its header, with a right checksum. Returns its address. It
 * is in the list, unless it is a DSDT.
 */
uint32_t fake_acpi_put(const char *signature, const void *body, size_t size);

/* Write the list of tables, with 64-bit entries if FULL, and the root pointer. Returns the list's address. */
uint32_t fake_acpi_finish(bool full);

/* Store VALUE, little-endian in WIDTH bytes, OFFSET bytes into the table at ADDRESS, and make its checksum right. */
void fake_acpi_set(uint32_t address, uint32_t offset, uint32_t width, uint64_t value);

/* Make the checksum at AT of the LENGTH bytes at ADDRESS right. */
void fake_acpi_repair(uint32_t address, uint32_t length, uint32_t at);

#endif
