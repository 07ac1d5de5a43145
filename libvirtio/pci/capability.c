/* SPDX-License-Identifier: ISC */
/* The walk ends after as many entries as fit in the space behind the header: then the list loops. */
#include "pci/capability.h"

#include "base/log.h"
#include "pci/config.h"

#define FIRST_OFFSET 0x40 /* behind the standard header */
#define MOST_ENTRIES ((PCI_CONFIG_SIZE - FIRST_OFFSET) / 4)

struct virtio_pci_capabilities virtio_pci_capabilities(const struct virtio_pci_function *function)
{
	struct virtio_pci_capabilities list = {.function = function, .left = MOST_ENTRIES};

	if (virtio_pci_read(function, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES)
		list.next = (uint8_t)virtio_pci_read(function, PCI_CAPABILITY_LIST, 1);
	return list;
}

static bool fail(struct virtio_pci_capabilities *list, const char *fault)
{
	list->fault = VIRTIO_MESSAGE(fault);
	list->next = 0;
	return false;
}

bool virtio_pci_capability_next(struct virtio_pci_capabilities *list, uint8_t id)
{
	while (list->next) {
		list->offset = list->next & 0xfc; /* the two low bits are reserved */
		if (list->offset < FIRST_OFFSET)
			return fail(list, "the capability list points into the header");
		if (list->left == 0)
			return fail(list, "the capability list loops");
		list->left--;
		uint32_t header = virtio_pci_read(list->function, list->offset, 2);
		list->next = (uint8_t)(header >> 8);
		if ((uint8_t)header == id)
			return true;
	}
	return false;
}
