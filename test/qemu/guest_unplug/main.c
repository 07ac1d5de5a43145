/* SPDX-License-Identifier: ISC */
/*
 * A unikernel whose disk or network card is unplugged while it works: it goes on working until the machine asks for the
 * device, lets it go with requests under way, and must then notice, get every request back, and go on. With the word
 * "again" on the command line it waits for another device in that place, and uses that. Its last line is PASS, or FAIL
 * and what went wrong. test/qemu/unplug.py has the other side.
 */
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/device.h>

#include "guest.h"
#include "serial.h"

static struct virtio_device device;

uint64_t now(void)
{
	return boot_platform()->now(NULL);
}

static bool has_word(const char *words, const char *word)
{
	for (; *words; words++) {
		unsigned i = 0;
		while (word[i] && words[i] == word[i])
			i++;
		if (!word[i])
			return true;
	}
	return false;
}

/* The first function with a driver of ours, or, with ADDRESS not 0, the one there. Waits until there is one. */
static const struct driver *find(
	const struct virtio_pci_access *access, uint16_t address, struct virtio_pci_function *found)
{
	static const struct driver *const drivers[] = {&blk_driver, &net_driver};

	for (uint64_t deadline = now() + PATIENCE; now() < deadline;) {
		struct virtio_pci_function function = virtio_pci_first(access);
		while (virtio_pci_next(&function))
			for (unsigned i = 0; i < 2; i++) {
				bool here = !address || function.address == address;
				if (!here || virtio_pci_type(&function) != drivers[i]->type)
					continue;
				*found = function;
				return drivers[i];
			}
		boot_platform()->wait(NULL, now() + PULSE);
	}
	return NULL;
}

/* Work until the machine asks for the device, then let it go with more work under way. */
static const char *let_it_go(const struct driver *driver, const struct slot *slot)
{
	const char *error = NULL;

	boot_printf("working\n");
	for (uint64_t deadline = now() + PATIENCE; !error && !slot_asks(slot);)
		error = now() < deadline ? driver->work() : "nobody asks for the device";
	if (!error)
		error = driver->occupy();
	if (error)
		return error;
	slot_let_go(slot);
	return NULL;
}

/* The device has gone, with what we gave it. */
static const char *recover(const struct driver *driver)
{
	uint64_t deadline = now() + SOON;
	int result;

	while ((result = driver->look()) == 0 && now() < deadline)
		boot_platform()->wait(NULL, now() + PULSE);
	boot_printf("gone: %s\n", virtio_error_name(result));
	if (result != VIRTIO_ERR_NO_DEVICE && result != VIRTIO_ERR_PROTOCOL)
		return "a device that has gone is not noticed";
	unsigned returned = driver->detach();
	boot_printf("returned %u of %u\n", returned, IN_FLIGHT);
	return returned == IN_FLIGHT ? NULL : "not everything came back";
}

static const char *run(const struct boot_info *info)
{
	struct virtio_pci_access access = boot_pci(info);
	struct virtio_pci_function function;
	const struct driver *driver = find(&access, 0, &function);

	if (!driver || virtio_pci_open(&device, boot_platform(), &function, &virtio_support_all) < 0)
		return "open";
	struct slot slot = slot_of(&access, &function);
	const char *error = driver->attach(&device);
	if (!error)
		error = let_it_go(driver, &slot);
	if (!error)
		error = recover(driver);
	if (error || !has_word(info->command_line, "again"))
		return error;
	boot_printf("waiting for another\n");
	if (find(&access, function.address, &function) != driver ||
		virtio_pci_open(&device, boot_platform(), &function, &virtio_support_all) < 0)
		return "open another";
	error = driver->attach(&device);
	driver->detach();
	return error;
}

int unikernel_main(const struct boot_info *info)
{
	const char *error = run(info);

	if (error)
		boot_printf("FAIL %s\n", error);
	else
		boot_printf("PASS\n");
	return error ? 1 : 0;
}
