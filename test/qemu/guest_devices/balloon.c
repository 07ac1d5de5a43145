/* SPDX-License-Identifier: ISC */
/* Follows the device's wish for memory until it has some and then wants none any more. */
#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/balloon.h>
#include <virtio/helper.h>

#include "guest.h"
#include "serial.h"

#define MOST_PAGES 16384
#define REPORT_PAGES 1024

static uint64_t pages[MOST_PAGES];
static unsigned count; /* pages in the balloon, or on their way */

/* Wait until the device has confirmed what it was asked for. */
static const char *settle(struct virtio_balloon *balloon)
{
	uint64_t deadline = patience();

	while (balloon->inflating || balloon->deflating) {
		if (virtio_balloon_poll(balloon) < 0)
			return "poll";
		if (boot_platform()->now(NULL) > deadline)
			return "a message that is never confirmed";
	}
	return NULL;
}

static const char *inflate(struct virtio_balloon *balloon, uint32_t target)
{
	unsigned had = count;

	while (count < target) {
		void *page = boot_pages_alloc(1, BOOT_PAGE_SIZE);
		if (!page || count == MOST_PAGES)
			return "no more memory to give";
		pages[count++] = (uint64_t)(uintptr_t)page;
	}
	while (had < count) {
		int taken = virtio_balloon_inflate(balloon, pages + had, count - had);
		if (taken < 0)
			return virtio_error_name(taken);
		had += (unsigned)taken;
		const char *error = settle(balloon);
		if (error)
			return error;
	}
	return NULL;
}

/* Take pages back, and see that they can be used. */
static const char *deflate(struct virtio_balloon *balloon, uint32_t target)
{
	while (count > target) {
		unsigned part = count - target < VIRTIO_BALLOON_PAGES ? count - target : VIRTIO_BALLOON_PAGES;
		int taken = virtio_balloon_deflate(balloon, pages + count - part, part);
		const char *error = taken < 0 ? virtio_error_name(taken) : settle(balloon);
		if (error)
			return error;
		for (unsigned left = (unsigned)taken; left > 0; left--) {
			volatile uint64_t *page = (volatile uint64_t *)(uintptr_t)pages[--count];
			*page = pages[count];
			if (*page != pages[count])
				return "a page that keeps nothing";
			boot_pages_free((void *)(uintptr_t)page, 1);
		}
	}
	return NULL;
}

/* Tell of free memory, and use it again once it is ours. */
static const char *report(struct virtio_balloon *balloon)
{
	uint8_t *memory = boot_pages_alloc(REPORT_PAGES, 1 << 22);
	struct virtio_segment segment = virtio_segment_identity(memory, REPORT_PAGES * BOOT_PAGE_SIZE);
	uint64_t deadline = patience();
	void *token = NULL;

	if (!memory)
		return "no memory to report";
	memory[0] = memory[segment.length - 1] = 0x55;
	if (virtio_balloon_report(balloon, &segment, 1, memory) != 1)
		return "report";
	while (virtio_balloon_reported(balloon, &token) == 0)
		if (boot_platform()->now(NULL) > deadline)
			return "a report that never comes back";
	if (token != memory)
		return "another report than ours";
	boot_printf("reported memory has %x\n", memory[0]);
	memory[0] = memory[segment.length - 1] = 0xaa;
	bool kept = memory[0] == 0xaa;
	boot_pages_free(memory, REPORT_PAGES);
	return kept ? NULL : "reported memory that keeps nothing";
}

static const char *follow(struct virtio_balloon *balloon)
{
	uint64_t deadline = patience();
	const char *error = NULL;
	uint32_t last = 0, target;

	for (bool inflated = false; !error; inflated |= last > 0) {
		if (virtio_balloon_target(balloon, &target) < 0)
			return "target";
		if (inflated && target == 0)
			return deflate(balloon, 0);
		if (target != last) {
			error = target > last ? inflate(balloon, target) : deflate(balloon, target);
			last = target;
			boot_printf("balloon has %u pages\n", balloon->actual);
		}
		if (boot_platform()->now(NULL) > deadline)
			return "no wish of the device";
	}
	return error;
}

const char *test_balloon(struct virtio_device *device, const struct boot_info *info)
{
	struct virtio_balloon balloon;
	const char *error = NULL;

	if (virtio_balloon_attach(&balloon, device) < 0)
		return "attach";
	if (balloon.reporting != has_word(info, "reporting"))
		error = "reporting";
	if (!error && balloon.reporting)
		error = report(&balloon);
	boot_printf("ready%s\n", balloon.deflate_freely ? ", deflates freely" : "");
	if (!error)
		error = follow(&balloon);
	boot_printf("empty again: %u pages\n", balloon.actual);
	if (virtio_balloon_detach(&balloon) < 0 && !error)
		error = "detach";
	return error;
}
