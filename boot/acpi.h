/* SPDX-License-Identifier: ISC */
/*
 * All that the shim keeps of the ACPI tables. One parser for each table fills in its part from tables that are checked
 * already; include/boot/acpi.h and the power and clock code read it.
 */
#ifndef BOOT_ACPI_FACTS_H
#define BOOT_ACPI_FACTS_H

#include <boot/acpi.h>

#include "acpi_table.h"

#define BOOT_ACPI_IO_APICS_MAX 8
#define BOOT_ACPI_ECAMS_MAX 8
#define BOOT_ACPI_VIRTIO_MMIO_MAX 64
#define BOOT_ACPI_ISA_LINES 16

/* A register of the hardware, in port or memory space (ACPI 5.2.3.2). */
struct boot_acpi_register {
	uint64_t address; /* 0 when there is no such register */
	bool memory;      /* else a port, and the address fits 16 bits */
};

/* The fixed hardware (FADT, ACPI 5.2.9). Ports are 0 when there is no such register. */
struct boot_acpi_fixed {
	bool present;                    /* there is an FADT */
	bool reduced;                    /* no PM1 registers, no timer: the sleep register instead */
	bool power_button;               /* PM1 has the power button */
	uint8_t enable_value;            /* written to smi_port, switches from the firmware's to ACPI mode */
	uint8_t reset_value;             /* written to reset, resets */
	uint8_t century;                 /* CMOS register with the century; 0 for none */
	uint8_t event_length;            /* bytes of PM1 status and enable registers together */
	uint16_t sci;                    /* ISA interrupt of PM1 events */
	uint16_t smi_port;               /* 0 when there is only ACPI mode */
	uint16_t event[2];               /* ports: PM1a and PM1b status; the enable register is in the second half */
	uint16_t control[2];             /* ports: PM1a and PM1b control */
	uint16_t timer;                  /* port: PM timer */
	struct boot_acpi_register reset; /* reset register */
	struct boot_acpi_register sleep_control; /* for reduced hardware */
};

/* What the tables' code says, as far as patterns in it tell. */
struct boot_acpi_code {
	bool has_off;                     /* there is a sleep state S5 ... */
	uint8_t off[2];                   /* ... which PM1a and PM1b control call so: 0 to 7 */
	uint64_t event_selector;          /* address of the generic event device's register; 0 for none */
	struct boot_acpi_line event_line; /* its interrupt */
	struct boot_acpi_virtio_mmio virtio_mmio[BOOT_ACPI_VIRTIO_MMIO_MAX];
	size_t virtio_mmio_count;
};

/* Interrupt controllers (MADT, ACPI 5.2.12). */
struct boot_acpi_controllers {
	bool present;                                   /* there is an MADT */
	bool has_8259;                                  /* it says that there are two 8259 */
	uint64_t local_apic;                            /* physical address */
	struct boot_acpi_line isa[BOOT_ACPI_ISA_LINES]; /* where ISA interrupts arrive */
	struct boot_acpi_io_apic io_apics[BOOT_ACPI_IO_APICS_MAX];
	size_t io_apic_count;
};

/* Everything. */
struct boot_acpi {
	bool found;
	struct boot_acpi_tables tables;
	struct boot_acpi_fixed fixed;
	struct boot_acpi_code code;
	struct boot_acpi_controllers controllers;
	struct boot_acpi_ecam ecams[BOOT_ACPI_ECAMS_MAX];
	size_t ecam_count;
};

/* The parsers. Each expects its part zeroed, and leaves out what makes no sense, with a message where it matters. */
void boot_acpi_parse_fixed(const struct boot_acpi_table *fadt, struct boot_acpi_fixed *fixed);
void boot_acpi_parse_controllers(const struct boot_acpi_table *madt, struct boot_acpi_controllers *controllers);
void boot_acpi_parse_ecams(const struct boot_acpi_table *mcfg, struct boot_acpi *acpi);
void boot_acpi_parse_code(const struct boot_acpi_table *table, struct boot_acpi_code *code);

/*
 * Fill in ACPI, whatever it holds, from the tables in MEMORY that hang on the root pointer at physical address ROOT, or
 * on one that is searched for when ROOT is 0.
 */
void boot_acpi_parse(struct boot_acpi *acpi, const struct boot_loader_memory *memory, uint64_t root);

/* Fill in this machine's, once. MEMORY is only read during the call. */
void boot_acpi_init(const struct boot_loader_memory *memory, uint64_t root);

/* This machine's; all empty before boot_acpi_init(). */
const struct boot_acpi *boot_acpi(void);

#endif
