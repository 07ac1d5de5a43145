/* SPDX-License-Identifier: ISC */
/* This machine's ACPI tables, and what boot/acpi.h tells of them. */
#include "acpi.h"

#include "paging.h"

static struct boot_acpi acpi;

void boot_acpi_init(const struct boot_loader_memory *memory, uint64_t root)
{
	boot_acpi_parse(&acpi, memory, root);
}

const struct boot_acpi *boot_acpi(void)
{
	return &acpi;
}

bool boot_acpi_found(void)
{
	return acpi.found;
}

const void *boot_acpi_table(const char *signature, size_t n, size_t *length)
{
	const struct boot_acpi_table *table = boot_acpi_tables_get(&acpi.tables, signature, n);

	if (table == NULL)
		return NULL;
	*length = table->length;
	return boot_paging_readable(table->address, table->length);
}

uint64_t boot_acpi_local_apic(void)
{
	return acpi.controllers.local_apic;
}

bool boot_acpi_has_8259(void)
{
	return acpi.controllers.has_8259 || !acpi.controllers.present;
}

const struct boot_acpi_io_apic *boot_acpi_io_apic(size_t n)
{
	return n < acpi.controllers.io_apic_count ? &acpi.controllers.io_apics[n] : NULL;
}

struct boot_acpi_line boot_acpi_isa_line(unsigned int irq)
{
	if (irq < BOOT_ACPI_ISA_LINES && acpi.controllers.present)
		return acpi.controllers.isa[irq];
	return (struct boot_acpi_line){.gsi = irq};
}

const struct boot_acpi_ecam *boot_acpi_ecam(size_t n)
{
	return n < acpi.ecam_count ? &acpi.ecams[n] : NULL;
}

const struct boot_acpi_virtio_mmio *boot_acpi_virtio_mmio(size_t n)
{
	return n < acpi.code.virtio_mmio_count ? &acpi.code.virtio_mmio[n] : NULL;
}
