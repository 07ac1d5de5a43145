/* SPDX-License-Identifier: ISC */
/*
 * A unikernel that tests the small devices by using them: it takes the first console, entropy device, balloon, 9P or
 * socket device that it finds, and does with it what the file of that name says. Its last line is PASS, or FAIL and
 * what went wrong; its exit status is 0 or 1. test/qemu/devices.py has the other side.
 */
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"
#include "serial.h"

/* What to do with a kind of device. */
struct test {
	uint32_t type;
	const char *(*run)(struct virtio_device *device, const struct boot_info *info);
};

static const struct test tests[] = {
	{VIRTIO_ID_ENTROPY, test_random},
	{VIRTIO_ID_CONSOLE, test_console},
	{VIRTIO_ID_BALLOON, test_balloon},
	{VIRTIO_ID_9P, test_9p},
	{VIRTIO_ID_VSOCK, test_sockets},
};

uint64_t patience(void)
{
	return boot_platform()->now(NULL) + PATIENCE;
}

bool same(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return *left == *right;
}

bool has_word(const struct boot_info *info, const char *word)
{
	for (const char *at = info->command_line; *at; at++) {
		const char *want = word;
		for (const char *here = at; *want && *here == *want; here++)
			want++;
		if (!*want)
			return true;
	}
	return false;
}

/* Twice, since a driver must find its way back from the state that it left. */
static const char *use(const struct test *test, struct virtio_device *device, const struct boot_info *info)
{
	const char *error = NULL;
	unsigned rounds = has_word(info, "once") ? 1 : 2;

	for (unsigned round = 0; round < rounds && !error; round++)
		error = test->run(device, info);
	boot_printf("%s: transport [%s] ring [%s]\n", device->name, device->transport->name, device->ring->name);
	return error;
}

int unikernel_main(const struct boot_info *info)
{
	struct virtio_pci_access access = virtio_pci_access_ports();
	struct virtio_pci_function function = virtio_pci_first(&access);
	struct virtio_device device;
	const char *error = "no device";

	if (virtio_platform_check(boot_platform()) < 0) {
		boot_printf("FAIL hooks\n");
		return 1;
	}
	while (virtio_pci_next(&function))
		for (unsigned i = 0; i < sizeof tests / sizeof tests[0]; i++) {
			if (virtio_pci_type(&function) != tests[i].type)
				continue;
			error = "open";
			if (virtio_pci_open(&device, boot_platform(), &function, &virtio_support_all) == 0)
				error = use(&tests[i], &device, info);
		}
	if (error)
		boot_printf("FAIL %s\n", error);
	else
		boot_printf("PASS\n");
	return error ? 1 : 0;
}
