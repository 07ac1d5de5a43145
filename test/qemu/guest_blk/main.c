/* SPDX-License-Identifier: ISC */
/*
 * A unikernel that tests virtio-blk by using it: finds every disk, tells what it is, reads what is there, writes a
 * pattern with many requests at once, flushes, reads it back, and tries what must be refused. Its last line is PASS, or
 * FAIL and what went wrong; its exit status is 0 or 1. What it leaves on the disks is for the host to compare
 * (pattern.c has the formula).
 *
 * Words on the command line, each with a decimal number:
 *     sectors=2048   of each disk to work on at most (4096)
 *     seed=7         of the pattern that is written to the first disk; the next disks have seed + 1, ... (7)
 *     found=1        the first disk holds this pattern already, the next ones found + 1, ...: check it first
 *     disks=2        how many there must be
 *     ring=16        entries of the ring at most
 *     segments=1     of a request at most
 *     queues=4       so many queues there must be; all are used
 *     commands=1     try discard, write zeroes and the write cache at the end
 *     reset=1        reset one queue while another is in use, then go on
 *     resize=1       wait until the disk is resized, then go on
 *     eject=12       pull the disk out of this slot at the end (QEMU's pc)
 *     unmapped=1     do without map_device: registers of modern PCI devices go through configuration space then
 *     find=1         find disks by ACPI's tables alone, 2: by probing alone; 0: wherever they may be (0)
 *     interrupts=1   wait for MSI-X, 2: for INTx, 3: for the best of them; 0: poll (0). An interrupt must come, and one
 *                    that does not is a failure
 */
#include <boot/clock.h>
#include <boot/device_interrupts.h>
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"
#include "serial.h"

#define SERIAL_PATIENCE UINT64_C(10000000000) /* nanoseconds */

/* The number behind NAME= on the command line. False: it is not there. */
static bool option(const char *words, const char *name, uint64_t *value)
{
	while (*words) {
		const char *want = name;
		while (*want && *words == *want) {
			words++;
			want++;
		}
		if (!*want && *words == '=') {
			for (*value = 0, words++; *words >= '0' && *words <= '9'; words++)
				*value = *value * 10 + (uint64_t)(*words - '0');
			return true;
		}
		while (*words && *words != ' ')
			words++;
		while (*words == ' ')
			words++;
	}
	return false;
}

/* The same for a small number, 0 when it is not there. */
static uint16_t small_option(const char *words, const char *name)
{
	uint64_t value = 0;

	return option(words, name, &value) ? (uint16_t)value : 0;
}

static struct guest_options read_options(const char *words)
{
	struct guest_options options = {.sectors = 4096, .seed = 7};

	option(words, "sectors", &options.sectors);
	option(words, "seed", &options.seed);
	options.has_found = option(words, "found", &options.found);
	options.disks = small_option(words, "disks");
	options.ring = small_option(words, "ring");
	options.segments = small_option(words, "segments");
	options.queues = small_option(words, "queues");
	options.eject = small_option(words, "eject");
	options.commands = small_option(words, "commands");
	options.find = small_option(words, "find");
	options.reset = small_option(words, "reset");
	options.resize = small_option(words, "resize");
	options.unmapped = small_option(words, "unmapped");
	options.interrupts = small_option(words, "interrupts");
	return options;
}

static const char *describe(struct virtio_blk *blk)
{
	const struct virtio_device *device = blk->device;
	char serial[21];
	int result = virtio_blk_serial(blk, serial, device->platform->now(device->platform->context) + SERIAL_PATIENCE);

	if (result < 0 && result != VIRTIO_ERR_UNSUPPORTED) {
		boot_printf("serial number: %s\n", virtio_error_name(result));
		return "serial number";
	}
	boot_printf("%s: capacity %lu block_size %u read_only %d flush %d segments %u ring %u serial [%s]\n",
		device->name, blk->capacity, blk->block_size, blk->read_only, blk->flush, blk->max_segments,
		blk->queues[0].queue.ring.size, serial);
	boot_printf("%s: queues %u physical_block %u write_cache %d discard %u write_zeroes %u\n", device->name,
		blk->queue_count, blk->topology.physical_block, blk->write_cache, blk->discard.max_sectors,
		blk->write_zeroes.max_sectors);
	boot_printf("%s: transport [%s] registers at 0x%lx features %lx\n", device->name, device->transport->name,
		device->common.base, device->features);
	return NULL;
}

/* Everything there is to test on a disk that is attached. */
static const char *work(struct virtio_blk *blk, unsigned number, const struct guest_options *options)
{
	uint64_t sectors = blk->capacity < options->sectors ? blk->capacity : options->sectors;
	uint64_t blocks = sectors / (blk->block_size / VIRTIO_BLK_SECTOR); /* half a block cannot be written */
	const char *error = describe(blk);

	sectors = blocks * (blk->block_size / VIRTIO_BLK_SECTOR);
	if (!error && options->queues && options->queues != blk->queue_count)
		error = "number of queues";
	if (!error && options->resize)
		error = features_resize(blk);
	if (!error && options->reset)
		error = features_reset(blk);
	if (!error)
		error = work_refusals(blk);
	if (!error && options->has_found)
		error = work_read(blk, sectors, options->found + number);
	if (error || blk->read_only)
		return error;
	error = work_write(blk, sectors, options->seed + number);
	if (!error)
		error = work_flush(blk);
	return error ? error : work_read(blk, sectors, options->seed + number);
}

/* Whether interrupts come as they were asked for. */
static const char *check_interrupts(const struct boot_device_interrupts *interrupts, uint16_t asked)
{
	if (!asked)
		return NULL;
	boot_printf("%s: %u interrupts by %s, %u vectors\n", interrupts->device->name, interrupts->count,
		boot_device_interrupts_describe(interrupts), interrupts->vectors);
	return boot_device_interrupts_arrive(interrupts) && interrupts->count > 0 ? NULL : "interrupts";
}

/* Attach, work, detach: twice, since a driver must find its way back from the state that it left. */
static const char *use(struct virtio_device *device, unsigned number, const struct guest_options *options)
{
	static const enum boot_device_way ways[] = {0, BOOT_DEVICE_MSIX, BOOT_DEVICE_LINE, BOOT_DEVICE_BEST};
	static struct boot_device_interrupts all[GUEST_DISKS];
	struct boot_device_interrupts *interrupts = &all[number % GUEST_DISKS];
	const struct virtio_blk_options choice = {
		.ring_size = options->ring, .max_segments = options->segments, .queues = options->queues};
	struct virtio_blk blk;
	const char *error = NULL;

	if (options->interrupts && boot_device_interrupts(interrupts, device, ways[options->interrupts % 4]) < 0)
		return "no such interrupts";
	if (options->interrupts)
		boot_wait_set_longest(UINT64_MAX);
	for (unsigned round = 0; round < 2 && !error; round++) {
		int result = virtio_blk_attach(&blk, device, &choice);
		if (result < 0)
			return "attach";
		struct guest_options again = *options;
		again.has_found = (round && !blk.read_only) || options->has_found;
		again.found = round && !blk.read_only ? options->seed : options->found;
		again.resize = options->resize && !round;
		interrupts->count = 0;
		error = work(&blk, number, &again);
		if (!error)
			error = check_interrupts(interrupts, options->interrupts);
		if (!error && round && options->commands)
			error = features_commands(&blk);
		if (!error && round && options->eject)
			error = features_eject(&blk, options->eject);
		if (virtio_blk_detach(&blk, NULL, NULL) < 0 && !error)
			error = "detach";
	}
	return error;
}

/* Use all disks, one after the other. Returns how many there were; *ERROR tells of the first that failed. */
static unsigned use_all(const struct boot_info *info, const struct guest_options *options, const char **error)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	struct virtio_platform platform = *boot_platform();
	struct virtio_search search = virtio_search_start(&platform, &sources);
	static struct virtio_device devices[GUEST_DISKS]; /* each stays where it is: its interrupt's handler knows it */
	unsigned count = 0;

	if (options->unmapped)
		platform.map_device = NULL;
	if (options->find)
		sources.command_line = NULL;
	if (options->find == 1)
		sources.microvm = false;
	if (options->find == 2)
		sources.window_count = 0;
	while (!*error && virtio_search_next(&search)) {
		if (search.type != VIRTIO_ID_BLOCK)
			continue;
		struct virtio_device *device = &devices[count % GUEST_DISKS];
		if (virtio_search_open(&search, device, &virtio_support_all) < 0)
			*error = "open";
		else
			*error = use(device, count, options);
		count++;
	}
	return count;
}

int unikernel_main(const struct boot_info *info)
{
	struct guest_options options = read_options(info->command_line);
	const char *error = work_prepare(options.interrupts != 0) ? NULL : "no memory";
	unsigned count = error ? 0 : use_all(info, &options, &error);

	if (!error && (count == 0 || (options.disks && count != options.disks)))
		error = "number of disks";
	boot_printf("%u disks\n", count);
	if (!error) {
		boot_printf("PASS\n");
		return 0;
	}
	boot_printf("FAIL %s\n", error);
	return 1;
}
