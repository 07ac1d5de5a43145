/* SPDX-License-Identifier: ISC */
/*
 * A unikernel whose every access to its disk and its network card is watched: test/qemu/accesses.py counts them in
 * QEMU's trace. It takes some paths of the drivers in turn, polling, with the line and with MSI-X, in bursts that are
 * the same on every machine: the next one begins when the last is over and the device sleeps. In front of each path it
 * says its number, and writes that to a register of the UART that does nothing else, whose accesses are in the trace.
 *
 * It says "send N" when so many frames are wanted at once, "stream N" when they are wanted one by one, "sent N" when so
 * many are to be taken, and PASS, or FAIL and what went wrong, at the end. The exit status is 0 or 1.
 */
#include <boot/clock.h>
#include <boot/device_interrupts.h>
#include <boot/info.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "guest.h"
#include "machine.h"
#include "serial.h"

#define UART_SCRATCH 0x3ff /* of COM1 */
#define WARM_UP 2          /* rounds before those that count */
#define ROUNDS 16

/* A device that is used. */
struct kind {
	uint32_t type; /* VIRTIO_ID_ */
	const char *(*start)(struct virtio_device *device);
	const struct path *paths;
	void (*stop)(void);
	struct virtio_device device;
	struct boot_device_interrupts interrupts;
};

/* How to learn of events. */
struct way {
	const char *name;
	bool interrupts;
	enum boot_device_way way;
};

static struct kind kinds[] = {
	{.type = VIRTIO_ID_BLOCK, .start = disk_start, .paths = disk_paths, .stop = disk_stop},
	{.type = VIRTIO_ID_NET, .start = net_start, .paths = net_paths, .stop = net_stop},
};
static const struct way ways[] = {
	{.name = "poll"},
	{.name = "line", .interrupts = true, .way = BOOT_DEVICE_LINE},
	{.name = "MSI-X", .interrupts = true, .way = BOOT_DEVICE_MSIX},
};
static const struct boot_device_interrupts *interrupts; /* NULL: the rounds poll */
static uint32_t known;                                  /* interrupts by the end of the last sleep */

bool sleeps(void)
{
	return interrupts != NULL;
}

static uint32_t count_interrupts(void)
{
	return __atomic_load_n(&interrupts->count, __ATOMIC_RELAXED);
}

bool sleep_until_interrupt(void)
{
	uint64_t deadline = boot_clock_now() + PATIENCE;

	while (count_interrupts() == known && boot_clock_now() < deadline)
		boot_wait(deadline);
	if (count_interrupts() == known)
		return false;
	known = count_interrupts();
	return true;
}

bool too_long(uint64_t *start)
{
	uint64_t now = boot_clock_now();

	if (*start == 0)
		*start = now;
	boot_pause();
	return now - *start > PATIENCE;
}

/*
 * A line in the trace. Under emulation an access to the machine's own registers also waits until the device has done
 * what it was just doing: from here on it sleeps.
 */
static void mark(unsigned number)
{
	boot_out8(UART_SCRATCH, (uint8_t)number);
}

/* What went wrong, or NULL. */
static const char *watch(const struct kind *kind, const struct way *way, const struct path *path)
{
	static unsigned number;
	const char *error = NULL;

	number++;
	boot_printf("path %u: %s, %s ring: %s %s %u, %u times after %u\n", number, kind->device.transport->name,
		kind->device.ring->name, way->name, path->name, path->burst, ROUNDS, WARM_UP);
	for (unsigned i = 0; i < WARM_UP + ROUNDS && !error; i++) {
		mark(i < WARM_UP ? 0 : number);
		error = path->round(path->burst);
	}
	mark(0);
	return error;
}

static const char *use(struct kind *kind, const struct way *way, const struct boot_info *info)
{
	struct virtio_pci_access pci;
	struct virtio_find_sources sources = boot_sources(info, &pci);
	const char *error;

	if (virtio_find(&kind->device, boot_platform(), &sources, kind->type, 0, &virtio_support_all) < 0)
		return "no such device";
	interrupts = way->interrupts ? &kind->interrupts : NULL;
	if (way->interrupts && boot_device_interrupts(&kind->interrupts, &kind->device, way->way) < 0) {
		boot_printf("no interrupts by %s\n", way->name);
		return NULL;
	}
	error = kind->start(&kind->device);
	if (way->interrupts && !boot_device_interrupts_arrive(&kind->interrupts))
		error = "interrupts do not arrive";
	known = __atomic_load_n(&kind->interrupts.count, __ATOMIC_RELAXED);
	for (const struct path *path = kind->paths; path->name && !error; path++)
		error = watch(kind, way, path);
	kind->stop();
	return error;
}

int unikernel_main(const struct boot_info *info)
{
	const char *error = NULL;

	boot_wait_set_longest(UINT64_MAX);
	for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
		for (unsigned n = 0; n < sizeof kinds / sizeof kinds[0] && !error; n++)
			error = use(&kinds[n], &ways[i], info);
	boot_printf(error ? "FAIL %s\n" : "PASS\n", error);
	return error ? 1 : 0;
}
