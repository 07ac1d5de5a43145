/* SPDX-License-Identifier: ISC */
/*
 * Finding devices by name: a census of all devices, each with the names that it has, then the names that are wanted are
 * looked up in it. Devices are asked for names of their own only where such a name is wanted, or one is missing: some
 * (Firecracker's) cannot be reset, and who has asked such a disk cannot use it any more.
 */
#include "helper/name.h"

#include "base/log.h"

#define NOT_ASKED 1

/* The names of a device. */
enum { BY_ORDER, BY_PLACE, ITS_OWN, NAMES };

/* A device that there is. */
struct resident {
	struct virtio_search found;       /* where */
	struct virtio_name names[NAMES];  /* what it is called; one that it does not have is VIRTIO_NAME_NONE */
	int answer;                       /* when it was asked for its own name: 0 or an error */
	bool shown;                       /* the log will show it */
	const struct virtio_wanted *user; /* who gets it */
	struct resident *next;            /* in the order of the search */
};

/* All of them. */
struct census {
	const struct virtio_platform *platform;
	const struct virtio_support *support;
	struct resident *first;
};

static struct virtio_name place_of(const struct virtio_search *found)
{
	if (found->on_pci)
		return (struct virtio_name){.by = VIRTIO_NAME_PCI, .number = found->function.address};
	return (struct virtio_name){.by = VIRTIO_NAME_MMIO, .number = found->window.address};
}

/* What a device is called by its order: it comes after all those of the census. */
static struct virtio_name order_of(const struct census *census, uint32_t type)
{
	struct virtio_name name = {.by = VIRTIO_NAME_ORDER};

	for (const struct resident *resident = census->first; resident; resident = resident->next)
		name.number += resident->found.type == type;
	return name;
}

static int take_census(struct census *census, const struct virtio_find_sources *sources)
{
	const struct virtio_platform *platform = census->platform;
	struct virtio_search search = virtio_search_start(platform, sources);

	for (struct resident **end = &census->first; virtio_search_next(&search); end = &(*end)->next) {
		struct resident *resident = platform->alloc(platform->context, sizeof(*resident), sizeof(uint64_t));
		if (!resident)
			return VIRTIO_ERR_NO_MEMORY;
		*resident = (struct resident){.found = search, .answer = NOT_ASKED};
		resident->names[BY_ORDER] = order_of(census, search.type);
		resident->names[BY_PLACE] = place_of(&search);
		*end = resident;
	}
	return 0;
}

static void end_census(const struct census *census)
{
	const struct virtio_platform *platform = census->platform;

	for (struct resident *resident = census->first; resident;) {
		struct resident *next = resident->next;
		platform->free(platform->context, resident, sizeof(*resident));
		resident = next;
	}
}

/* Have a device tell its own name, once. */
static void ask(const struct census *census, struct resident *resident, const struct virtio_device_kind *kind)
{
	struct virtio_device device;

	if (resident->found.type != kind->type || resident->answer != NOT_ASKED)
		return;
	resident->answer = virtio_search_open(&resident->found, &device, census->support);
	if (!resident->answer)
		resident->answer = kind->ask(&device, &resident->names[ITS_OWN]);
}

/* Have all devices tell theirs that the name of WANTED may be about. */
static void ask_for(const struct census *census, const struct virtio_wanted *wanted)
{
	bool at_place = wanted->name.by == VIRTIO_NAME_PCI || wanted->name.by == VIRTIO_NAME_MMIO;

	if (at_place || wanted->name.by == VIRTIO_NAME_ORDER || !wanted->kind->ask)
		return;
	for (struct resident *resident = census->first; resident; resident = resident->next)
		ask(census, resident, wanted->kind);
}

/* The log will show all devices of TYPE. How many there are. */
static unsigned mark(const struct census *census, uint32_t type)
{
	unsigned count = 0;

	for (struct resident *resident = census->first; resident; resident = resident->next) {
		if (resident->found.type != type)
			continue;
		resident->shown = true;
		count++;
	}
	return count;
}

static bool is_called(const struct resident *resident, const struct virtio_name *name)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (virtio_name_equal(&resident->names[i], name))
			return true;
	return false;
}

/* Tell what is wrong with a name, and have the log show the devices that it could have meant. */
static int refuse(const struct census *census, const struct virtio_wanted *wanted, int error, const char *why)
{
	const char *type = virtio_type_name(wanted->kind->type);
	char name[VIRTIO_NAME_TEXT];

	virtio_name_text(&wanted->name, name);
	virtio_log(census->platform, VIRTIO_LOG_ERROR, "%s=%s: %s %s device", wanted->role, name, why, type);
	if (mark(census, wanted->kind->type) == 0)
		virtio_log(census->platform, VIRTIO_LOG_ERROR, "there is no %s device at all", type);
	return error;
}

/* No device of the type is called so: maybe one of another type is. */
static int refuse_unknown(const struct census *census, const struct virtio_wanted *wanted)
{
	for (const struct resident *resident = census->first; resident; resident = resident->next)
		if (virtio_name_equal(&resident->names[BY_PLACE], &wanted->name))
			return refuse(census, wanted, VIRTIO_ERR_NO_DEVICE, "what is there is no");
	return refuse(census, wanted, VIRTIO_ERR_NO_DEVICE, "there is no such");
}

/* Two names of one device. */
static int refuse_second(
	const struct census *census, const struct virtio_wanted *first, const struct virtio_wanted *second)
{
	char first_name[VIRTIO_NAME_TEXT], second_name[VIRTIO_NAME_TEXT];

	virtio_name_text(&first->name, first_name);
	virtio_name_text(&second->name, second_name);
	virtio_log(census->platform, VIRTIO_LOG_ERROR, "%s=%s and %s=%s are the same device", first->role, first_name,
		second->role, second_name);
	mark(census, first->kind->type);
	return VIRTIO_ERR_BUSY;
}

/* Find out who is meant. 0 or an error, which was logged. */
static int assign(const struct census *census, const struct virtio_wanted *wanted)
{
	struct resident *found = NULL;
	unsigned count = 0;

	if (wanted->name.by == VIRTIO_NAME_NONE)
		return refuse(census, wanted, VIRTIO_ERR_INVALID, "no name was given for this");
	for (struct resident *resident = census->first; resident; resident = resident->next) {
		if (resident->found.type == wanted->kind->type && is_called(resident, &wanted->name)) {
			found = resident;
			count++;
		}
	}
	if (count == 0)
		return refuse_unknown(census, wanted);
	if (count > 1)
		return refuse(census, wanted, VIRTIO_ERR_INVALID, "that is more than one");
	if (found->user)
		return refuse_second(census, found->user, wanted);
	found->user = wanted;
	return 0;
}

/* The line about one device: all that it can be called. */
static void show(const struct census *census, const struct resident *resident)
{
	char names[NAMES][VIRTIO_NAME_TEXT];
	bool silent = resident->answer < 0;

	for (unsigned i = 0; i < NAMES; i++)
		virtio_name_text(&resident->names[i], names[i]);
	virtio_log(census->platform, VIRTIO_LOG_ERROR, "there is a %s device: %s %s%s%s%s",
		virtio_type_name(resident->found.type), names[BY_ORDER], names[BY_PLACE],
		silent ? " without a name of its own: " : " ", names[ITS_OWN],
		silent ? virtio_error_name(resident->answer) : "");
}

static void show_all(const struct census *census)
{
	for (const struct resident *resident = census->first; resident; resident = resident->next)
		if (resident->shown)
			show(census, resident);
}

static int open_all(const struct census *census)
{
	for (const struct resident *resident = census->first; resident; resident = resident->next) {
		int error = 0;
		if (resident->user)
			error = virtio_search_open(&resident->found, resident->user->device, census->support);
		if (error)
			return error;
	}
	return 0;
}

/* All names, so that all culprits are told; and the devices, if there are none. */
static int settle(const struct census *census, const struct virtio_wanted *wanted, unsigned count)
{
	int result = 0;

	for (unsigned i = 0; i < count; i++)
		ask_for(census, &wanted[i]);
	for (unsigned i = 0; i < count; i++) {
		int error = assign(census, &wanted[i]);
		result = result ? result : error;
	}
	if (!result)
		return open_all(census);
	show_all(census);
	return result;
}

int virtio_find_named(struct virtio_wanted *wanted, unsigned count, const char *command_line,
	const struct virtio_platform *platform, const struct virtio_find_sources *sources,
	const struct virtio_support *support)
{
	struct census census = {.platform = platform, .support = support};
	int result = command_line ? virtio_name_arguments(platform, command_line, wanted, count) : 0;

	if (!result)
		result = take_census(&census, sources);
	if (!result)
		result = settle(&census, wanted, count);
	end_census(&census);
	return result;
}
