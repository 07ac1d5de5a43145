/* SPDX-License-Identifier: ISC */
/*
 * A fake PCI bus: functions with configuration spaces, BARs and capability lists, and the registers behind the BARs.
 *
 *     fake_pci_start();
 *     struct fake_pci_function *function = fake_pci_add(0x0018, 0x1af4, 0x1041);         00:03.0
 *     fake_pci_set_bar(function, 4, FAKE_PCI_MEMORY64, 0xfe000000, 0x4000, &registers);
 *     struct virtio_pci_access access = fake_pci_access();
 *
 * It fails the test on unaligned configuration accesses (bhyve answers them with all ones), on writes to anything but
 * the command register, BARs, MSI-X control and configuration access, on BARs that are measured while the function
 * answers to them, and on configuration access to what no other virtio capability names.
 *
 * Tests that are linked with it (fake_pci in meson.build) get its virtio_region_memory and virtio_region_ports in
 * place of the library's: what a driver maps are the fake registers that were put there.
 */
#ifndef TEST_UNIT_FAKE_PCI_H
#define TEST_UNIT_FAKE_PCI_H

#include <virtio/pci.h>

#include "fake/region.h"

#define FAKE_PCI_FUNCTIONS 16

/* Kinds of BAR. */
enum fake_pci_kind {
	FAKE_PCI_NO_BAR = 0,
	FAKE_PCI_IO,
	FAKE_PCI_MEMORY32,
	FAKE_PCI_MEMORY64,
};

/* One BAR. */
struct fake_pci_bar {
	enum fake_pci_kind kind;
	uint64_t size;                 /* a power of two */
	struct fake_region *registers; /* behind it, NULL: none */
};

/* One function. */
struct fake_pci_function {
	uint16_t address;            /* bus << 8 | device << 3 | function */
	uint8_t config[256];         /* may be changed at will by a test */
	struct fake_pci_bar bars[6]; /* set with fake_pci_set_bar */
	uint8_t last_capability;     /* where the next one is linked from; 0: none yet */
	uint8_t free;                /* first byte behind the last capability */
	uint8_t msix;                /* where the MSI-X capability is, 0: none */
	uint8_t config_access;       /* where the configuration access capability (VIRTIO 4.1.4.9) is, 0: none */
	bool through_config;         /* its registers are accessed through that capability just now */
};

/* An empty bus, with no registers anywhere. */
void fake_pci_start(void);

/* Add a function that answers to neither ports nor memory yet. */
struct fake_pci_function *fake_pci_add(uint16_t address, uint16_t vendor, uint16_t device);

/* Make FUNCTION a bridge to bus SECONDARY. */
void fake_pci_make_bridge(struct fake_pci_function *function, uint8_t secondary);

/*
 * Give FUNCTION a BAR of SIZE bytes at ADDRESS (0: not assigned), with REGISTERS behind it (NULL: none), which
 * map_device of the fake platform finds there too.
 */
void fake_pci_set_bar(struct fake_pci_function *function, unsigned number, enum fake_pci_kind kind, uint64_t address,
	uint64_t size, struct fake_region *registers);

/* Add a capability of LENGTH bytes, all 0 but the first two; returns its offset. */
uint8_t fake_pci_add_capability(struct fake_pci_function *function, uint8_t id, uint8_t length);

/* Add a virtio capability (VIRTIO 4.1.4): LENGTH bytes at OFFSET of BAR hold what TYPE says. Returns its offset. */
uint8_t fake_pci_add_virtio(
	struct fake_pci_function *function, uint8_t type, uint8_t bar, uint32_t offset, uint32_t length);

/* Add an MSI-X capability, ENABLED or not. */
void fake_pci_add_msix(struct fake_pci_function *function, bool enabled);

/* Whether FUNCTION answers to accesses to its I/O or memory BARs, and may reach memory. */
bool fake_pci_decodes_io(const struct fake_pci_function *function);
bool fake_pci_decodes_memory(const struct fake_pci_function *function);
bool fake_pci_masters(const struct fake_pci_function *function);

/* Put REGISTERS at ports from PORT on. */
void fake_pci_put_ports(uint16_t port, struct fake_region *registers);

/* Put REGISTERS at ADDRESS in memory. */
void fake_pci_put_memory(uint64_t address, struct fake_region *registers);

/* A way to the fake configuration spaces. */
struct virtio_pci_access fake_pci_access(void);

/* The library's view of FUNCTION, as a search would find it. Fails the test if none does. */
struct virtio_pci_function fake_pci_find(uint16_t address);

/* Configuration reads and writes since fake_pci_start. */
unsigned fake_pci_accesses(void);

/* Read and write as the hardware behind an access would. */
uint32_t fake_pci_read(uint16_t address, uint16_t offset, unsigned width);
void fake_pci_write(uint16_t address, uint16_t offset, unsigned width, uint32_t value);

#endif
