/* SPDX-License-Identifier: ISC */
/*
 * Finding the registers of a modern PCI device (VIRTIO 4.1.4): vendor capabilities tell which part of which BAR holds
 * each structure. The first usable capability of a kind counts; others are passed over, and so is what nobody here
 * knows.
 */
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "device/log.h"
#include "pci/bar.h"
#include "pci/capability.h"
#include "pci/config.h"
#include "transport/pci_modern.h"

#define PLACE(region) offsetof(struct virtio_device, region)

/* What we look for, in the order of VIRTIO_PCI_CAP_*, which count from 1. */
static const struct structure {
	const char *name;
	uint32_t shortest; /* bytes that it must have */
	uint32_t longest;  /* bytes that we map of it */
	uint16_t place;    /* where in struct virtio_device its region is */
	uint8_t low_bits;  /* those of its offset that must be 0 */
	uint8_t cap_size;  /* bytes of the capability */
	bool optional;     /* devices without configuration have none */
} structures[] = {
	{VIRTIO_MESSAGE("common configuration"), VIRTIO_PCI_COMMON_SIZE, 64, PLACE(common), 3, VIRTIO_PCI_CAP_SIZE,
		false},
	{VIRTIO_MESSAGE("notification"), 2, UINT32_MAX, PLACE(notify), 1, VIRTIO_PCI_NOTIFY_CAP_SIZE, false},
	{VIRTIO_MESSAGE("ISR status"), 1, 1, PLACE(isr), 0, VIRTIO_PCI_CAP_SIZE, false},
	{VIRTIO_MESSAGE("device configuration"), 1, 4096, PLACE(config), 3, VIRTIO_PCI_CAP_SIZE, true},
};

#define STRUCTURES (sizeof structures / sizeof structures[0])

/* The search: what was found so far. */
struct search {
	struct virtio_device *dev; /* its regions have ops once they are found */
	struct virtio_pci_bar bar; /* the BAR that was looked at last: most devices use one for all; size 0: none */
	uint8_t bar_number;        /* its number */
	bool any;                  /* there was a virtio capability, whatever it was worth */
};

/* One vendor capability as the device wrote it. */
struct capability {
	uint8_t at;     /* its place in configuration space */
	uint8_t length; /* of itself */
	uint8_t type;   /* VIRTIO_PCI_CAP_ */
	uint8_t bar;
	uint32_t offset;
	uint32_t size;
};

static struct capability read_capability(const struct virtio_pci_function *function, uint8_t at)
{
	uint32_t words[VIRTIO_PCI_CAP_SIZE /
		       4]; /* the first two begin with the header of every capability, and the BAR */

	for (unsigned i = 0; i < VIRTIO_PCI_CAP_SIZE / 4; i++)
		words[i] = virtio_pci_read(function, at + 4 * i, 4);
	return (struct capability){
		.at = at,
		.length = (uint8_t)(words[0] >> 16),
		.type = (uint8_t)(words[0] >> 24),
		.bar = (uint8_t)words[1],
		.offset = words[2],
		.size = words[3],
	};
}

static struct virtio_region *region_of(struct virtio_device *dev, const struct structure *structure)
{
	return (struct virtio_region *)(void *)((uint8_t *)dev + structure->place);
}

/* What is wrong with CAP, NULL: nothing; then its BAR is left in search->bar. */
static const char *find_fault(struct search *search, const struct structure *structure, const struct capability *cap)
{
	if (cap->bar != search->bar_number) {
		search->bar_number = cap->bar;
		if (virtio_pci_bar_decode(&search->dev->function, cap->bar, &search->bar) < 0)
			search->bar.size = 0;
	}
	if (cap->length < structure->cap_size || cap->at + structure->cap_size > PCI_CONFIG_SIZE)
		return VIRTIO_MESSAGE("it is too short");
	if (search->bar.size == 0)
		return VIRTIO_MESSAGE("it names a BAR that does not exist");
	if (search->bar.io)
		return VIRTIO_MESSAGE("it names a BAR in port space");
	if (cap->offset & structure->low_bits)
		return VIRTIO_MESSAGE("its offset is not aligned");
	if (cap->size < structure->shortest)
		return VIRTIO_MESSAGE("the structure is too short");
	if ((uint64_t)cap->offset + cap->size > search->bar.size)
		return VIRTIO_MESSAGE("it reaches past the end of its BAR");
	return NULL;
}

/* Reach the first LENGTH bytes of a structure: mapped, or where that cannot be, through configuration space. */
static int reach(struct search *search, const struct capability *cap, uint32_t length, struct virtio_region *region)
{
	struct virtio_device *dev = search->dev;

	if (virtio_pci_bar_map(&dev->function, &search->bar, dev->platform, cap->offset, length, region) == 0)
		return 0;
	bool before = dev->function.config_access;
	int result = VIRTIO_ERR_UNSUPPORTED;
	if (dev->support->config_window)
		result = dev->support->config_window(&dev->function, cap->bar, cap->offset, length, region);
	if (result < 0)
		virtio_device_log(dev, VIRTIO_LOG_ERROR, "BAR %u at 0x%llx cannot be reached", cap->bar,
			(unsigned long long)search->bar.address);
	else if (!before)
		virtio_device_log(dev, VIRTIO_LOG_WARNING,
			"BAR %u at 0x%llx %s; going through configuration space, slowly", cap->bar,
			(unsigned long long)search->bar.address,
			search->bar.address ? "cannot be mapped" : "has no address");
	return result;
}

/* Look at one capability; an error only when it is good and cannot be reached. */
static int take(struct search *search, const struct capability *cap)
{
	struct virtio_device *dev = search->dev;

	if (cap->type < VIRTIO_PCI_CAP_COMMON_CFG || cap->type > STRUCTURES)
		return 0; /* configuration access, vendor data, shared memory, or what is yet to be invented */
	const struct structure *structure = &structures[cap->type - 1];
	struct virtio_region *region = region_of(dev, structure);
	if (region->ops)
		return 0;
	const char *fault = find_fault(search, structure, cap);
	if (fault) {
		virtio_device_log(dev, VIRTIO_LOG_WARNING, "passing over the capability at 0x%x: %s", cap->at, fault);
		return 0;
	}
	uint32_t length = cap->size < structure->longest ? cap->size : structure->longest;
	int result = reach(search, cap, length, region);
	if (result == 0 && cap->type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		dev->notify_multiplier = virtio_pci_read(&dev->function, cap->at + VIRTIO_PCI_CAP_NOTIFY_MULTIPLIER, 4);
	return result;
}

/* Whether all that must be there was found. */
static int conclude(const struct search *search, const char *fault)
{
	struct virtio_device *dev = search->dev;

	/* A transitional device number without virtio capabilities: a legacy device (4.1.4.10). */
	if (!search->any && !fault && dev->function.device <= VIRTIO_PCI_TRANSITIONAL_LAST)
		return VIRTIO_ERR_NO_DEVICE;
	for (unsigned i = 0; i < STRUCTURES && !fault; i++)
		if (!region_of(dev, &structures[i])->ops && !structures[i].optional)
			fault = structures[i].name;
	if (!fault)
		return 0;
	virtio_device_log(dev, VIRTIO_LOG_ERROR, "modern PCI: unusable capabilities: %s", fault);
	return VIRTIO_ERR_PROTOCOL;
}

int virtio_pci_modern_open(struct virtio_device *dev)
{
	if (!dev->function.access.ops)
		return VIRTIO_ERR_NO_DEVICE;
	struct search search = {.dev = dev, .bar_number = PCI_BARS};
	struct virtio_pci_capabilities list = virtio_pci_capabilities(&dev->function);

	while (virtio_pci_capability_next(&list, PCI_CAPABILITY_VENDOR)) {
		struct capability cap = read_capability(&dev->function, list.offset);
		int result = take(&search, &cap);

		if (result < 0)
			return result;
		search.any = true;
	}
	return conclude(&search, list.fault);
}
