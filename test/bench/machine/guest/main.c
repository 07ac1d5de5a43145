/* SPDX-License-Identifier: ISC */
/*
 * Our guest of tools/bench machine. It does what the first word on the command line says, as the Linux guest beside it
 * (linux/init.c) does:
 *
 *     blk depth=NUMBER milliseconds=NUMBER [second] [poll]    reads of 4 KiB from a disk
 *     echo [poll]                                             send back datagrams, and frames of the benchmark's type
 *
 * "poll": without interrupts, never asleep.
 */
#include "guest.h"

#include <boot/clock.h>
#include <boot/platform.h>
#include <virtio/helper.h>

#include "../../../../examples/common/print.h"

struct virtio_device machine_device;
struct boot_device_interrupts machine_interrupts;

/* What follows NAME, which begins one of WORDS; NULL: it begins none. */
static const char *behind(const char *words, const char *name)
{
	while (*words) {
		const char *want = name;
		while (*want && *words == *want) {
			words++;
			want++;
		}
		if (!*want)
			return words;
		while (*words && *words != ' ')
			words++;
		while (*words == ' ')
			words++;
	}
	return NULL;
}

bool has_word(const char *words, const char *name)
{
	const char *rest = behind(words, name);

	return rest && (*rest == '\0' || *rest == ' ');
}

uint64_t number_of(const char *words, const char *name, uint64_t otherwise)
{
	const char *digits = behind(words, name);
	uint64_t number = 0;

	if (!digits || *digits != '=')
		return otherwise;
	while (*++digits >= '0' && *digits <= '9')
		number = number * 10 + (uint64_t)(*digits - '0');
	return number;
}

int open_device(const struct boot_info *info, uint32_t type, unsigned nth, bool poll)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	int result = virtio_find(&machine_device, boot_platform(), &sources, type, nth, &virtio_support_all);

	if (result < 0 || poll)
		return result;
	if (boot_device_interrupts(&machine_interrupts, &machine_device, BOOT_DEVICE_BEST) < 0)
		return VIRTIO_ERR_UNSUPPORTED;
	boot_wait_set_longest(UINT64_MAX);
	return 0;
}

int unikernel_main(const struct boot_info *info)
{
	int result = VIRTIO_ERR_INVALID;

	print_start();
	print("started\n");
	boot_platform_set_log_level(VIRTIO_LOG_WARNING);
	if (has_word(info->command_line, "blk"))
		result = read_disk(info);
	else if (has_word(info->command_line, "echo"))
		result = echo(info);
	if (result < 0)
		print("failed: %s\n", virtio_error_name(result));
	return result < 0;
}
