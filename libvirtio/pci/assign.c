/* SPDX-License-Identifier: ISC */
/*
 * Giving addresses to BARs that have none, as firmware would have. The larger part of a window that no BAR and no
 * bridge has yet is filled from its start, so nothing has to be remembered from one call to the next. Behind bridges
 * nothing is assigned: they would have to be opened first.
 */
#include "pci/bar.h"
#include "pci/config.h"

#define PCI_IO_BASE 0x1c       /* 8 bits each, for bits 12 to 15: what a bridge passes on, up to a limit */
#define PCI_MEMORY_BASE 0x20   /* 16 bits each, for bits 20 to 31 */
#define PCI_PREFETCH_BASE 0x24 /* as well; they may lie above 4 GiB, where we put nothing */

#define BAR_LOWEST 0x10 /* what is below in a BAR are flags */

/* Addresses from `start` to before `end`. */
struct range {
	uint64_t start;
	uint64_t end;
};

/* What is left of the windows. */
struct room {
	struct range ports;
	struct range memory;
};

/* Of ROOM, keep the larger part on either side of what is taken. */
static void take(struct range *room, uint64_t start, uint64_t end)
{
	if (start >= room->end || end <= room->start)
		return;
	uint64_t below = start > room->start ? start - room->start : 0;
	uint64_t above = end < room->end ? room->end - end : 0;
	if (below > above)
		room->end = start;
	else
		room->start = above ? end : room->end;
}

/* Only BARs with an address below 4 GiB are measured: the others take nothing, and their devices stay undisturbed. */
static void take_bars(struct room *room, const struct virtio_pci_function *function)
{
	struct virtio_pci_bar bar;

	for (unsigned number = 0; number < PCI_BARS; number++) {
		uint32_t low = virtio_pci_read(function, PCI_BAR0 + 4 * number, 4);

		if (low >= BAR_LOWEST && virtio_pci_bar_decode(function, number, &bar) == 0)
			take(bar.io ? &room->ports : &room->memory, bar.address, bar.address + bar.size);
	}
}

/* A bridge passes on what lies between a base and a limit, which count in steps of 1 << SHIFT. */
static void take_passage(struct range *room, uint32_t base, uint32_t limit, unsigned shift)
{
	if (base <= limit)
		take(room, (uint64_t)base << shift, (limit + (uint64_t)1) << shift);
}

static void take_bridge(struct room *room, const struct virtio_pci_function *function)
{
	uint32_t ports = virtio_pci_read(function, PCI_IO_BASE, 2);
	uint32_t memory = virtio_pci_read(function, PCI_MEMORY_BASE, 4);
	uint32_t prefetch = virtio_pci_read(function, PCI_PREFETCH_BASE, 4);

	take_passage(&room->ports, ports >> 4 & 0xf, ports >> 12, 12);
	take_passage(&room->memory, memory >> 4 & 0xfff, memory >> 20, 20);
	take_passage(&room->memory, prefetch >> 4 & 0xfff, prefetch >> 20, 20);
}

/* All that is taken already, by whatever device. */
static void take_all(struct room *room, const struct virtio_pci_access *access)
{
	struct virtio_pci_function function = virtio_pci_first(access);

	while (virtio_pci_next(&function)) {
		uint32_t layout = virtio_pci_read(&function, PCI_HEADER_TYPE, 1) & PCI_HEADER_LAYOUT;

		if (layout == PCI_HEADER_BRIDGE)
			take_bridge(room, &function);
		else if (layout == 0)
			take_bars(room, &function);
	}
}

/* Give BAR NUMBER the first place in ROOM that fits; none when there is too little. ROOM is far from 2^64. */
static void give(struct range *room, const struct virtio_pci_function *function, unsigned number, uint64_t size)
{
	uint64_t address = (room->start + size - 1) & ~(size - 1);
	uint16_t offset = (uint16_t)(PCI_BAR0 + 4 * number);

	if (address >= room->end || size > room->end - address)
		return;
	/* The upper half of a 64-bit BAR is 0 already, or it would have an address. */
	virtio_pci_write(function, offset, 4, (uint32_t)address);
	room->start = address + size;
}

static void give_bars(struct room *room, const struct virtio_pci_function *function)
{
	struct virtio_pci_bar bar;

	for (unsigned number = 0; number < PCI_BARS; number++)
		if (virtio_pci_bar_decode(function, number, &bar) == 0 && !bar.address)
			give(bar.io ? &room->ports : &room->memory, function, number, bar.size);
}

/* Called when a BAR turns out to have no address. All of them get theirs, while no device is in use yet. */
static void assign(const struct virtio_pci_access *access)
{
	const struct virtio_pci_windows *windows = access->windows;
	struct room room = {
		.ports = {windows->ports, (uint64_t)windows->ports + windows->ports_length},
		.memory = {windows->memory, (uint64_t)windows->memory + windows->memory_length},
	};
	struct virtio_pci_access plain = *access;
	plain.assign = NULL;
	struct virtio_pci_function function = virtio_pci_first(&plain);

	take_all(&room, &plain);
	while (virtio_pci_next(&function))
		if (function.address >> 8u == access->first_bus && virtio_pci_type(&function))
			give_bars(&room, &function);
}

void virtio_pci_assign_from(struct virtio_pci_access *access, const struct virtio_pci_windows *windows)
{
	access->windows = windows;
	access->assign = assign;
}
