/* SPDX-License-Identifier: ISC */
/* virtio-balloon (VIRTIO 5.5) with a device that does as it likes. */
#include <virtio/balloon.h>
#include <virtio/spec/balloon.h>
#include <virtio/spec/ids.h>

#include "session.h"

#define PAGES 300 /* in a list at most: more than one message has */
#define REPORTS 8 /* under way at a time at most */

static struct virtio_balloon balloon;
static struct virtio_segment page; /* what is reported */
static unsigned tokens[REPORTS];   /* how often each report is under way */

static int attach(struct fuzz_device *device)
{
	struct virtio_segment memory = fuzz_runtime_buffer(2 * VIRTIO_BALLOON_PAGE);
	uint32_t to_page = (uint32_t)(-memory.device_address % VIRTIO_BALLOON_PAGE);

	page = (struct virtio_segment){
		(uint8_t *)memory.data + to_page, memory.device_address + to_page, VIRTIO_BALLOON_PAGE};
	memset(tokens, 0, sizeof tokens);
	return virtio_balloon_attach(&balloon, &device->driver);
}

static int detach(struct fuzz_device *device)
{
	(void)device;
	return virtio_balloon_detach(&balloon);
}

/* The numbers that say read-only fit together. */
static void check(void)
{
	fuzz_check(balloon.inflating <= VIRTIO_BALLOON_PAGES && balloon.deflating <= VIRTIO_BALLOON_PAGES);
	fuzz_check(balloon.deflating <= balloon.actual);
}

static void move(struct fuzz_device *device, bool in)
{
	uint64_t pages[PAGES];
	unsigned count = fuzz_u16(device->input) % PAGES;
	uint64_t first = fuzz_u32(device->input);
	int taken;

	for (unsigned i = 0; i < count; i++)
		pages[i] = (first + i) * (first & 1 ? VIRTIO_BALLOON_PAGE : 1u << 20);
	taken = in ? virtio_balloon_inflate(&balloon, pages, count) : virtio_balloon_deflate(&balloon, pages, count);
	fuzz_check(taken < 0 || (unsigned)taken <= count);
}

static void report(struct fuzz_device *device)
{
	unsigned at = fuzz_byte(device->input) % REPORTS;
	struct virtio_segment segments[2] = {page, page};

	if (tokens[at] == 0)
		tokens[at] = virtio_balloon_report(&balloon, segments, (uint16_t)(1 + at % 2), &tokens[at]) == 1;
}

static void reported(void)
{
	void *token = NULL;

	if (virtio_balloon_reported(&balloon, &token) != 1)
		return;
	fuzz_check((unsigned *)token >= tokens && (unsigned *)token < tokens + REPORTS);
	fuzz_check(*(unsigned *)token == 1); /* each comes back once */
	*(unsigned *)token = 0;
}

static void step(struct fuzz_device *device, unsigned choice)
{
	uint32_t target;

	switch (choice % 8) {
	case 0:
	case 1:
		move(device, true);
		return;
	case 2:
		move(device, false);
		return;
	case 3:
		(void)!virtio_balloon_target(&balloon, &target);
		return;
	case 4:
		report(device);
		return;
	case 5:
		reported();
		return;
	default:
		fuzz_check(virtio_balloon_poll(&balloon) <= 1);
		check();
	}
}

static uint32_t message(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain, uint8_t *bytes)
{
	(void)queue, (void)chain;
	bytes[0] = fuzz_byte(device->input);
	return 1;
}

static uint32_t answer(struct fuzz_device *device, unsigned queue, const struct fuzz_chain *chain)
{
	(void)device, (void)queue, (void)chain;
	return 0;
}

static void prove(struct fuzz_device *device)
{
	const uint64_t pages[2] = {VIRTIO_BALLOON_PAGE, 2 * VIRTIO_BALLOON_PAGE};
	uint32_t target = 0;

	fuzz_check(virtio_balloon_target(&balloon, &target) == 0 && target == 2);
	fuzz_check(virtio_balloon_inflate(&balloon, pages, 2) == 2);
	fuzz_device_serve(device);
	fuzz_check(virtio_balloon_poll(&balloon) == 1 && balloon.actual == 2);
	fuzz_check(virtio_balloon_deflate(&balloon, pages, 2) == 2);
	fuzz_device_serve(device);
	fuzz_check(virtio_balloon_poll(&balloon) == 1 && balloon.actual == 0);
	if (balloon.reporting) {
		report(device);
		fuzz_device_serve(device);
		reported();
		fuzz_check(tokens[0] == 0);
	}
}

static const struct fuzz_kind kind = {
	.type = VIRTIO_ID_BALLOON,
	.features = VIRTIO_BALLOON_F_MUST_TELL_HOST | VIRTIO_BALLOON_F_STATS_VQ | VIRTIO_BALLOON_F_DEFLATE_ON_OOM |
		    VIRTIO_BALLOON_F_FREE_PAGE_HINT | VIRTIO_BALLOON_F_PAGE_REPORTING,
	.config = (const uint8_t *)"\x02\0\0\0\0\0\0",
	.config_length = 8,
	.queues = 5,
	.message = message,
	.answer = answer,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_session session = {&kind, attach, attach, step, detach, prove};

	return fuzz_session_run(&session, data, size);
}
