/* SPDX-License-Identifier: ISC */
/*
 * Finding the registers of a modern PCI device (VIRTIO 4.1.4): vendor capabilities tell which part of which BAR holds
 * each structure. The first usable capability of a kind counts; others are passed over, and so is what nobody here
 * knows.
 */
#include <virtio/spec/ids.h>
#include <virtio/spec/pci.h>

#include "base/log.h"
#include "pci/bar.h"
#include "pci/capability.h"
#include "pci/config.h"
#include "transport/pci_modern.h"

/* What we look for, in the order of VIRTIO_PCI_CAP_*, which count from 1. */
static const struct structure {
	const char *name;
	uint32_t shortest; /* bytes that it must have */
	uint32_t longest;  /* bytes that we map of it */
	uint8_t align;     /* of its offset */
	uint8_t cap_size;  /* bytes of the capability */
	bool optional;     /* devices without configuration have none */
} structures[] = {
	{VIRTIO_MESSAGE("common configuration"), VIRTIO_PCI_COMMON_SIZE, 64, 4, VIRTIO_PCI_CAP_SIZE, false},
	{VIRTIO_MESSAGE("notification"), 2, UINT32_MAX, 2, VIRTIO_PCI_NOTIFY_CAP_SIZE, false},
	{VIRTIO_MESSAGE("ISR status"), 1, 1, 1, VIRTIO_PCI_CAP_SIZE, false},
	{VIRTIO_MESSAGE("device configuration"), 1, 4096, 4, VIRTIO_PCI_CAP_SIZE, true},
};

#define STRUCTURES (sizeof structures / sizeof structures[0])

/* The search: what was found so far. */
struct search {
	struct virtio_device *dev;
	struct virtio_region *regions[STRUCTURES]; /* where each goes; ops NULL until it is found */
	struct virtio_pci_bar bar;                 /* the BAR that was looked at last: most devices use one for all */
	unsigned bar_number;                       /* its number, PCI_BARS: none yet */
	bool any;                                  /* there was a virtio capability, whatever it was worth */
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
	return (struct capability){
		.at = at,
		.length = (uint8_t)virtio_pci_read(function, (uint16_t)(at + VIRTIO_PCI_CAP_LEN), 1),
		.type = (uint8_t)virtio_pci_read(function, (uint16_t)(at + VIRTIO_PCI_CAP_CFG_TYPE), 1),
		.bar = (uint8_t)virtio_pci_read(function, (uint16_t)(at + VIRTIO_PCI_CAP_BAR), 1),
		.offset = virtio_pci_read(function, (uint16_t)(at + VIRTIO_PCI_CAP_OFFSET), 4),
		.size = virtio_pci_read(function, (uint16_t)(at + VIRTIO_PCI_CAP_LENGTH), 4),
	};
}

static void pass_over(const struct search *search, const struct capability *cap, const char *reason)
{
	virtio_log(search->dev->platform, VIRTIO_LOG_WARNING, "%s: passing over the capability at 0x%x: %s",
		search->dev->name, cap->at, reason);
}

/* Whether CAP makes sense; leaves its BAR in search->bar. */
static bool check(struct search *search, const struct structure *structure, const struct capability *cap)
{
	const char *reason = NULL;

	if (cap->bar != search->bar_number && cap->bar < PCI_BARS) {
		search->bar_number = cap->bar;
		if (virtio_pci_bar_decode(&search->dev->function, cap->bar, &search->bar) < 0)
			search->bar = (struct virtio_pci_bar){0};
	}
	if (cap->length < structure->cap_size || cap->at + structure->cap_size > PCI_CONFIG_SIZE)
		reason = "it is too short";
	else if (cap->bar >= PCI_BARS || search->bar.size == 0)
		reason = "it names a BAR that does not exist";
	else if (search->bar.io)
		reason = "it names a BAR in port space";
	else if (cap->offset % structure->align)
		reason = "its offset is not aligned";
	else if (cap->size < structure->shortest)
		reason = "the structure is too short";
	else if (cap->offset > search->bar.size || cap->size > search->bar.size - cap->offset)
		reason = "it reaches past the end of its BAR";
	if (reason)
		pass_over(search, cap, reason);
	return !reason;
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
		virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: BAR %u at 0x%llx cannot be reached", dev->name,
			cap->bar, (unsigned long long)search->bar.address);
	else if (!before)
		virtio_log(dev->platform, VIRTIO_LOG_WARNING,
			"%s: BAR %u at 0x%llx %s; going through configuration space, slowly", dev->name, cap->bar,
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
	struct virtio_region *region = search->regions[cap->type - 1];
	if (region->ops || !check(search, structure, cap))
		return 0;
	uint32_t length = cap->size < structure->longest ? cap->size : structure->longest;
	int result = reach(search, cap, length, region);
	if (result < 0)
		return result;
	if (cap->type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		dev->notify_multiplier =
			virtio_pci_read(&dev->function, (uint16_t)(cap->at + VIRTIO_PCI_CAP_NOTIFY_MULTIPLIER), 4);
	return 0;
}

/* Whether all that must be there was found. */
static int conclude(const struct search *search, const char *fault)
{
	const struct virtio_device *dev = search->dev;

	/* A transitional device number without virtio capabilities: a legacy device (4.1.4.10). */
	if (!search->any && !fault && dev->function.device <= VIRTIO_PCI_TRANSITIONAL_LAST)
		return VIRTIO_ERR_NO_DEVICE;
	for (unsigned i = 0; i < STRUCTURES && !fault; i++)
		if (!search->regions[i]->ops && !structures[i].optional)
			fault = structures[i].name;
	if (!fault)
		return 0;
	virtio_log(dev->platform, VIRTIO_LOG_ERROR, "%s: modern PCI: unusable capabilities: %s", dev->name, fault);
	return VIRTIO_ERR_PROTOCOL;
}

int virtio_pci_modern_open(struct virtio_device *dev)
{
	if (!dev->function.access.ops)
		return VIRTIO_ERR_NO_DEVICE;
	struct search search = {
		.dev = dev,
		.regions = {&dev->common, &dev->notify, &dev->isr, &dev->config},
		.bar_number = PCI_BARS,
	};
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
