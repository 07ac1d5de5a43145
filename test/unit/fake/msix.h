/* SPDX-License-Identifier: ISC */
/*
 * The MSI-X table of a fake PCI function, and the vectors that it sends: an interrupt whose entry, or whose function,
 * is masked is lost, as bhyve does it. Whatever is not a plain access of 32 bits to the table fails the test, and so
 * does changing an entry that may be in use.
 *
 *     fake_msix_start(&msix, fake.function, 3);
 *     ... virtio_pci_use_msix(&device, messages, 3) ...
 *     assert_true(fake_msix_send(&msix, 1, &message));
 */
#ifndef TEST_UNIT_FAKE_MSIX_H
#define TEST_UNIT_FAKE_MSIX_H

#include "fake/pci.h"

#define FAKE_MSIX_BAR 1
#define FAKE_MSIX_ADDRESS 0xfeb40000u
#define FAKE_MSIX_BAR_SIZE 0x10000
#define FAKE_MSIX_OFFSET 0x800 /* of the table in its BAR */
#define FAKE_MSIX_MOST 2048

/* A table. */
struct fake_msix {
	struct fake_pci_function *function; /* whose it is */
	struct fake_region registers;       /* all of its BAR */
	unsigned entries;                   /* 1 to 2048 */
	uint32_t table[FAKE_MSIX_MOST][4];  /* address low and high, data, control */
};

/* Give FUNCTION, which has no MSI-X yet, a table of ENTRIES, all masked, and the capability for it. */
void fake_msix_start(struct fake_msix *msix, struct fake_pci_function *function, unsigned entries);

/* The device interrupts with VECTOR. True: *MESSAGE goes out; false: it is masked, and lost. */
bool fake_msix_send(struct fake_msix *msix, unsigned vector, struct virtio_msix_message *message);

/* Whether MSI-X is enabled, and whether the function masks all of it. */
bool fake_msix_enabled(const struct fake_msix *msix);
bool fake_msix_masked(const struct fake_msix *msix);

#endif
