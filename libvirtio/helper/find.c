/* SPDX-License-Identifier: ISC */
/* Finding a device wherever it may be: one source after the other, until one has a further device. */
#include <virtio/helper.h>

#include "base/log.h"

struct virtio_search virtio_search_start(
	const struct virtio_platform *platform, const struct virtio_find_sources *sources)
{
	struct virtio_search search = {.platform = platform, .sources = sources, .pci_empty = true};

	if (sources->pci)
		search.function = virtio_pci_first(sources->pci);
	return search;
}

static bool next_function(struct virtio_search *search)
{
	while (search->sources->pci && virtio_pci_next(&search->function)) {
		search->pci_empty = false;
		search->type = virtio_pci_type(&search->function);
		if (search->type)
			return true;
	}
	return false;
}

/* Whether there is a device at search->window. */
static bool look(struct virtio_search *search)
{
	search->type = virtio_mmio_type(search->platform, &search->window);
	return search->type != 0;
}

static bool next_window(struct virtio_search *search)
{
	while (search->windows < search->sources->window_count) {
		search->window = search->sources->windows[search->windows++];
		if (look(search))
			return true;
	}
	return false;
}

static bool next_argument(struct virtio_search *search)
{
	const char *command_line = search->sources->command_line;
	int result = command_line && !search->windows ? 0 : VIRTIO_ERR_NO_DEVICE;

	while (result != VIRTIO_ERR_NO_DEVICE) {
		result = virtio_mmio_argument(search->platform, command_line, search->arguments, &search->window);
		if (result != VIRTIO_ERR_NO_DEVICE)
			search->arguments++;
		if (result == 0 && look(search))
			return true;
	}
	return false;
}

static bool next_slot(struct virtio_search *search)
{
	if (!search->sources->microvm || !search->pci_empty || search->arguments || search->windows)
		return false;
	while (virtio_mmio_microvm(search->platform, search->slots, &search->window)) {
		search->slots++;
		if (look(search))
			return true;
	}
	return false;
}

bool virtio_search_next(struct virtio_search *search)
{
	search->on_pci = next_function(search);
	return search->on_pci || next_window(search) || next_argument(search) || next_slot(search);
}

int virtio_search_open(
	const struct virtio_search *search, struct virtio_device *dev, const struct virtio_support *support)
{
	if (search->on_pci)
		return virtio_pci_open(dev, search->platform, &search->function, support);
	return virtio_mmio_open(dev, search->platform, &search->window, support);
}

static bool is_empty(const struct virtio_find_sources *sources)
{
	return !sources->pci && !sources->window_count && !sources->command_line && !sources->microvm;
}

int virtio_find(struct virtio_device *dev, const struct virtio_platform *platform,
	const struct virtio_find_sources *sources, uint32_t type, unsigned nth, const struct virtio_support *support)
{
	struct virtio_search search = virtio_search_start(platform, sources);
	unsigned found = 0;
	unsigned others = 0;

	while (virtio_search_next(&search)) {
		if (search.type == type && found++ == nth)
			return virtio_search_open(&search, dev, support);
		others += search.type != type;
	}
	virtio_log(platform, VIRTIO_LOG_ERROR, "no virtio device %u of type %u (%s): found %u such, %u others%s", nth,
		type, virtio_type_name(type), found, others,
		is_empty(sources) ? "; the sources are empty, so nowhere was looked" : "");
	return VIRTIO_ERR_NO_DEVICE;
}
