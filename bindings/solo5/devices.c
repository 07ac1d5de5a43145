/* SPDX-License-Identifier: ISC */
/*
 * Which device of the machine is which entry of the manifest: by --NAME=mac:..., serial:..., pci:..., mmio:... or
 * order:N on the command line (virtio/name.h), else in the order of the manifest: its first disk is the first disk.
 */
#include <boot/clock.h>
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/name.h>

#include "binding.h"

#define ROLE (SOLO5_MANIFEST_NAME + 2) /* "--" and a name */

static struct binding_device *devices[SOLO5_MANIFEST_MAX];

struct binding_device *binding_device(uint64_t number, uint32_t type)
{
	if (number == 0 || number >= __solo5_mft1_note.head.count || number >= SOLO5_MANIFEST_MAX ||
		devices[number] == NULL || devices[number]->type != type)
		return NULL;
	return devices[number];
}

struct binding_device *binding_in_use(solo5_handle_t handle, uint32_t type)
{
	struct binding_device *device = binding_device(handle, type);

	return device != NULL && device->acquired ? device : NULL;
}

struct binding_device *binding_acquire(const char *name, uint32_t type, solo5_handle_t *handle)
{
	if (name == NULL || handle == NULL)
		return NULL;
	for (uint32_t i = 1; i < __solo5_mft1_note.head.count; i++) {
		struct binding_device *device = binding_device(i, type);

		if (device == NULL || device->acquired || !binding_equal(name, __solo5_mft1_note.entries[i].name))
			continue;
		device->acquired = true;
		*handle = i;
		return device;
	}
	return NULL;
}

static void devices_check_entry(const struct solo5_manifest_entry *entry)
{
	size_t length = binding_length(entry->name, SOLO5_MANIFEST_NAME);

	if (length == 0 || length == SOLO5_MANIFEST_NAME)
		binding_fail("the manifest", "", " has an entry without a name");
	if (entry->type != SOLO5_MANIFEST_BLOCK && entry->type != SOLO5_MANIFEST_NET)
		binding_fail("the manifest's device ", entry->name, " is of an unknown type");
	for (const struct solo5_manifest_entry *other = &__solo5_mft1_note.entries[1]; other < entry; other++)
		if (binding_equal(other->name, entry->name))
			binding_fail("the manifest has two devices ", entry->name, "");
}

static void devices_check_manifest(void)
{
	const struct binding_manifest *manifest = &__solo5_mft1_note;

	if (manifest->head.type != SOLO5_MANIFEST_NOTE || manifest->head.version != SOLO5_MANIFEST_VERSION)
		binding_fail("the manifest", "", " is not of version 1");
	if (manifest->head.count == 0 || manifest->head.count > SOLO5_MANIFEST_MAX ||
		manifest->entries[0].type != SOLO5_MANIFEST_FIRST)
		binding_fail("the manifest", "", " has no first entry, or too many");
	for (uint32_t i = 1; i < manifest->head.count; i++)
		devices_check_entry(&manifest->entries[i]);
}

/* What is wanted for entry NUMBER: the device of its type that comes in this place, unless it has a name. */
static struct virtio_wanted devices_want(uint32_t number, char role[ROLE])
{
	const struct solo5_manifest_entry *entry = &__solo5_mft1_note.entries[number];
	struct virtio_wanted wanted = {
		.role = role,
		.kind = entry->type == SOLO5_MANIFEST_NET ? &virtio_kind_net : &virtio_kind_blk,
		.name = {.by = VIRTIO_NAME_ORDER},
		.device = &devices[number]->device,
	};

	__builtin_memcpy(role, "--", 2);
	__builtin_memcpy(role + 2, entry->name, SOLO5_MANIFEST_NAME);
	for (uint32_t i = 1; i < number; i++)
		wanted.name.number += __solo5_mft1_note.entries[i].type == entry->type;
	return wanted;
}

static void devices_find(const struct boot_info *info)
{
	static struct virtio_wanted wanted[SOLO5_MANIFEST_MAX];
	static char roles[SOLO5_MANIFEST_MAX][ROLE];
	static struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	unsigned count = __solo5_mft1_note.head.count - 1;

	for (uint32_t i = 1; i <= count; i++) {
		devices[i] = boot_alloc(sizeof *devices[i], 64);
		if (devices[i] == NULL)
			binding_fail("no memory for device ", __solo5_mft1_note.entries[i].name, "");
		__builtin_memset(devices[i], 0, sizeof *devices[i]);
		devices[i]->type = __solo5_mft1_note.entries[i].type;
		wanted[i - 1] = devices_want(i, roles[i]);
	}
	if (count > 0 && virtio_find_named(
				 wanted, count, info->command_line, boot_platform(), &sources, &virtio_support_all) < 0)
		binding_fail("not every device", "", " of the manifest is there: see above");
}

/* Without an interrupt of one of them, boot_wait() has to look every millisecond. */
static void devices_attach(void)
{
	bool all_interrupt = true;

	for (uint32_t i = 1; i < __solo5_mft1_note.head.count; i++) {
		struct solo5_manifest_entry *entry = &__solo5_mft1_note.entries[i];
		struct binding_device *device = devices[i];
		int result;

		boot_device_interrupts(&device->interrupts, &device->device, BOOT_DEVICE_BEST);
		if (entry->type == SOLO5_MANIFEST_NET)
			result = binding_net_attach(device, &entry->u.net);
		else
			result = binding_block_attach(device, &entry->u.block);
		if (result < 0)
			binding_fail("device ", entry->name, " of the manifest does not start: see above");
		entry->attached = true;
		all_interrupt = all_interrupt && boot_device_interrupts_arrive(&device->interrupts);
	}
	if (all_interrupt)
		boot_wait_set_longest(UINT64_MAX);
}

void binding_devices_start(const struct boot_info *info)
{
	devices_check_manifest();
	devices_find(info);
	devices_attach();
}
