/* SPDX-License-Identifier: ISC */
/*
 * What the firmware's ACPI tables tell about the machine: interrupt controllers, PCI configuration space in memory,
 * virtio devices behind MMIO. The shim reads the tables once, before unikernel_main(), checks every length and
 * checksum, and keeps what fits; it does not run the tables' code. Power and time have headers of their own
 * (boot/power.h, boot/clock.h).
 *
 *     for (size_t n = 0; (device = boot_acpi_virtio_mmio(n)) != NULL; n++)
 *             ... boot_map_device(device->base, device->length) ...
 *
 * All calls but boot_acpi_table() only read what is known: they may be made anywhere, interrupt handlers included, and
 * never block. What they point at is constant and lives for ever. Without tables every list is empty.
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include <boot/base.h>

BOOT_BEGIN_DECLS

/* How an interrupt arrives at the IO-APICs: on which input, and what its signal looks like. */
struct boot_acpi_line {
	uint32_t gsi; /* global system interrupt: counts the inputs of all IO-APICs, see boot_acpi_io_apic.first_gsi */
	bool level;   /* level-triggered, else edge-triggered */
	bool active_low; /* else active high */
};

/* An IO-APIC (ACPI 5.2.12.3). */
struct boot_acpi_io_apic {
	uint32_t base;      /* physical address of its registers, not mapped yet */
	uint32_t first_gsi; /* the number of its input 0 */
	uint8_t id;         /* as it calls itself */
};

/* PCI configuration space in memory (PCI firmware specification 4.1.2), for virtio_pci_access_ecam(). */
struct boot_acpi_ecam {
	uint64_t base;     /* physical address at which the configuration space of BUS 0 would be, not mapped yet */
	uint16_t segment;  /* PCI segment group; 0 is the one that port access reaches */
	uint8_t first_bus; /* the first bus: its space begins at base + (first_bus << 20) */
	uint8_t last_bus;  /* the last one, never below the first */
};

/* A virtio device behind MMIO registers (VIRTIO 4.2), as a device LNRO0005 of the tables. */
struct boot_acpi_virtio_mmio {
	uint64_t base;              /* physical address of its registers, not mapped yet; never 0 */
	uint32_t length;            /* bytes of them, as the tables say; at least 1 */
	bool has_line;              /* whether the tables tell of an interrupt */
	struct boot_acpi_line line; /* which */
};

/* Whether tables were found. */
bool boot_acpi_found(void);

/*
 * The N-th table (from 0) whose first four bytes are SIGNATURE, such as "HPET": readable, its checksum right. Stores
 * its length in bytes in *LENGTH. NULL when there is none, or it cannot be mapped. Do not write to it. The first call
 * for a table may map memory: not for interrupt handlers.
 */
const void *boot_acpi_table(const char *signature, size_t n, size_t *length);

/* Physical address of the local APICs by the tables (MADT); 0 when they do not tell. */
uint64_t boot_acpi_local_apic(void);

/* Whether the tables say that there are two 8259 interrupt controllers, too; true without tables. */
bool boot_acpi_has_8259(void);

/* The N-th IO-APIC, from 0; NULL past the last. */
const struct boot_acpi_io_apic *boot_acpi_io_apic(size_t n);

/*
 * Where interrupt IRQ of the ISA bus (0 to 15) arrives: on the input of that number, edge-triggered and active high,
 * but for what the tables override.
 */
struct boot_acpi_line boot_acpi_isa_line(unsigned int irq);

/* The N-th range of PCI configuration space, from 0; NULL past the last. */
const struct boot_acpi_ecam *boot_acpi_ecam(size_t n);

/* The N-th virtio device behind MMIO, from 0, in the order of the tables; NULL past the last. */
const struct boot_acpi_virtio_mmio *boot_acpi_virtio_mmio(size_t n);

BOOT_END_DECLS

#endif
