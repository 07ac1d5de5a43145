/* SPDX-License-Identifier: ISC */
/*
 * A unikernel that keeps a disk busy for as long as it is told to, and checks all that it can: every request comes back
 * once, with the right result and the right data, no deadline passes early, and memory stays as it is.
 *
 * It says "ready" and wants a number, and a newline, on the serial line: of this life, another one after each boot.
 * Then single letters tell it what to do:
 *
 *     p  print how many steps each worker has done
 *     d  let what is in flight finish, say "quiet", and submit nothing more
 *     e  go on, and expect errors of the bad sectors; n: go on, and expect none
 *     r  detach and attach again at once, under load
 *     q  finish, detach, tell what was done, and end
 *
 * Words on the command line, each with a decimal number: bad=1000 and bads=8, the bad sectors; ring=, segments= and
 * interrupts= as for guest_blk. The exit status is 0 or 1, and the last line PASS or FAIL and what was wrong.
 */
#include <boot/clock.h>
#include <boot/device_interrupts.h>
#include <boot/info.h>
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"
#include "machine.h"
#include "serial.h"

#define COM1 0x3f8
#define LINE_STATUS 5
#define DATA_READY 1

static struct soak soak;
static struct virtio_device device;
static struct boot_device_interrupts interrupts;

/* What was typed, 0 when nothing was. */
static char typed(void)
{
	return boot_in8(COM1 + LINE_STATUS) & DATA_READY ? (char)boot_in8(COM1) : '\0';
}

static uint64_t typed_number(void)
{
	uint64_t number = 0;

	for (char letter = typed(); letter != '\n'; letter = typed()) {
		if (letter >= '0' && letter <= '9')
			number = number * 10 + (uint64_t)(letter - '0');
		boot_pause();
	}
	return number;
}

/* The number behind NAME on the command line, 0 when it is not there. NAME ends in an equals sign. */
static uint64_t option(const char *words, const char *name)
{
	while (*words) {
		uint64_t number = 0;
		const char *want = name;
		while (*want && *words == *want) {
			words++;
			want++;
		}
		for (; !*want && *words >= '0' && *words <= '9'; words++)
			number = number * 10 + (uint64_t)(*words - '0');
		if (!*want)
			return number;
		while (*words && *words != ' ')
			words++;
		while (*words == ' ')
			words++;
	}
	return 0;
}

static int drain(void)
{
	int error = 0;

	soak.stopped = true;
	while (soak.in_flight && !error)
		error = workers_wait(&soak);
	return error;
}

static int restart(void)
{
	struct memory before = memory_now();
	size_t pages = boot_pages_available();
	int error = workers_go(&soak);
	unsigned in_flight = soak.in_flight;
	uint64_t again = soak.again;

	if (error || workers_restart(&soak) < 0)
		return SOAK_FAILED;
	boot_printf("restarted with %u in flight, %lu of them unfinished\n", in_flight, soak.again - again);
	return memory_same(&before, pages, "after the restart");
}

/* Do what LETTER says. 0 or SOAK_FAILED. */
static int obey(char letter)
{
	int error = 0;

	switch (letter) {
	case 'p':
		workers_print();
		break;
	case 'd':
		error = drain();
		boot_printf("quiet\n");
		break;
	case 'e':
	case 'n':
		soak.errors = letter == 'e';
		soak.stopped = false;
		boot_printf("going on\n");
		break;
	case 'r':
		error = restart();
		break;
	default:
		break;
	}
	return error;
}

/* Until somebody types a q. */
static int work(void)
{
	uint64_t calls = memory_now().calls;
	int error = 0;

	for (char letter = typed(); letter != 'q' && !error; letter = typed()) {
		error = obey(letter);
		if (letter == 'r')
			calls = memory_now().calls;
		if (!error)
			error = workers_go(&soak);
		if (!error)
			error = workers_wait(&soak);
		if (!error && memory_now().calls != calls) {
			boot_printf("FAIL memory was allocated for a request\n");
			error = SOAK_FAILED;
		}
	}
	return error ? error : drain();
}

static int flush(void)
{
	struct virtio_blk_request request = {.type = VIRTIO_BLK_FLUSH};
	int error = soak.blk.flush ? virtio_blk_execute(&soak.blk, &request, UINT64_MAX) : 0;

	if (error)
		boot_printf("FAIL flush: %s\n", virtio_error_name(error));
	return error;
}

static void describe(void)
{
	boot_printf("%s: %s, %s ring of %u, %u segments, %s, features %lx\n", device.name, device.transport->name,
		device.ring->name, soak.blk.queues[0].queue.ring.size, soak.blk.max_segments,
		boot_device_interrupts_describe(&interrupts), device.features);
}

static void tell(void)
{
	workers_print();
	boot_printf("done: %lu reads, %lu writes, %lu failed as they had to, %lu deadlines passed, %lu restarts, "
		    "%lu done again, %u interrupts\n",
		soak.reads, soak.writes, soak.failures, soak.timeouts, soak.restarts, soak.again, interrupts.count);
}

/* Attach, work, detach. 0 or an error, which was printed. */
static int use(const char *words)
{
	const struct virtio_blk_options options = {
		.ring_size = (uint16_t)option(words, "ring="), .max_segments = (uint16_t)option(words, "segments=")};
	struct memory before = memory_now();
	size_t pages = boot_pages_available();
	int error = virtio_blk_attach(&soak.blk, &device, &options);

	if (error || soak.blk.capacity < SECTORS) {
		boot_printf("FAIL attach: %s, %lu sectors\n", virtio_error_name(error), soak.blk.capacity);
		return SOAK_FAILED;
	}
	if (boot_device_interrupts_arrive(&interrupts))
		boot_wait_set_longest(UINT64_MAX);
	describe();
	boot_printf("ready\n");
	soak.life = typed_number();
	soak.progress = boot_platform()->now(NULL);
	error = work();
	if (!error)
		error = flush();
	if (!error)
		tell();
	virtio_blk_detach(&soak.blk, NULL, NULL);
	return error ? error : memory_same(&before, pages, "at the end");
}

/* Find the disk and route its interrupts. 0 or an error, which was printed. */
static int find(const struct boot_info *info)
{
	static const enum boot_device_way ways[] = {0, BOOT_DEVICE_MSIX, BOOT_DEVICE_LINE, BOOT_DEVICE_BEST};
	struct virtio_pci_access pci = boot_pci(info);
	struct virtio_find_sources sources = {.pci = &pci, .command_line = info->command_line, .microvm = true};
	uint64_t way = option(info->command_line, "interrupts=") % 4;

	if (virtio_find(&device, memory_platform(), &sources, VIRTIO_ID_BLOCK, 0, &virtio_support_all) < 0) {
		boot_printf("FAIL no disk\n");
		return SOAK_FAILED;
	}
	if (way && boot_device_interrupts(&interrupts, &device, ways[way]) < 0) {
		boot_printf("FAIL no such interrupts\n");
		return SOAK_FAILED;
	}
	return 0;
}

int unikernel_main(const struct boot_info *info)
{
	for (unsigned i = 0; i < SECTORS; i++)
		soak.stamps[i] = UNSURE;
	soak.bad_first = option(info->command_line, "bad=");
	soak.bad_count = option(info->command_line, "bads=");
	if (!workers_prepare() || find(info) < 0 || use(info->command_line) < 0)
		return 1;
	boot_printf("PASS\n");
	return 0;
}
