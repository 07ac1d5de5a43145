/* SPDX-License-Identifier: ISC */
/* Reads from a disk: a fixed number in flight all the time, submitted again in bursts as they come back. */
#include "guest.h"

#include <boot/memory.h>
#include <boot/platform.h>
#include <virtio/helper.h>
#include <virtio/spec/ids.h>

#include "../../../../examples/common/print.h"

#define BLOCK 4096u
#define MOST 256u
#define SECOND UINT64_C(1000000000)
#define BREATH 1000u /* nanoseconds between two looks in vain */

static struct virtio_blk disk;
static struct virtio_blk_request requests[MOST];
static struct virtio_segment memory[MOST];

static int prepare(unsigned depth)
{
	uint8_t *pages = boot_pages_alloc(depth, BOOT_PAGE_SIZE);

	if (!pages)
		return VIRTIO_ERR_NO_MEMORY;
	for (unsigned i = 0; i < depth; i++) {
		memory[i] = virtio_segment_identity(pages + (size_t)i * BLOCK, BLOCK);
		requests[i] = (struct virtio_blk_request){
			.type = VIRTIO_BLK_READ, .segments = &memory[i], .segment_count = 1};
	}
	return 0;
}

/* Submit COUNT requests for other places, the ones behind those of SENT earlier requests. */
static int submit(struct virtio_blk_request **ready, int count, uint64_t sent)
{
	uint64_t places = disk.capacity / (BLOCK / VIRTIO_BLK_SECTOR);

	for (int i = 0; i < count; i++)
		ready[i]->sector =
			(sent + (uint64_t)i) * UINT64_C(0x9e3779b97f4a7c15) % places * (BLOCK / VIRTIO_BLK_SECTOR);
	int taken = virtio_blk_submit(&disk, ready, (unsigned)count);
	return taken < 0 ? taken : taken < count ? VIRTIO_ERR_AGAIN : 0;
}

/* How many came back. Who looks all the time hinders the device: it writes where we look, and may still hold what our
 * next notification needs, QEMU's lock. */
static int look(struct virtio_blk_request **done)
{
	const struct virtio_platform *platform = machine_device.platform;
	uint64_t next = platform->now(platform->context) + BREATH;
	int count = virtio_blk_completed(&disk, done, MOST);

	while (count == 0 && platform->now(platform->context) < next)
		;
	return count;
}

/* How many came back, at least one unless it is time to look at the clock. */
static int reap(struct virtio_blk_request **done, bool poll)
{
	int count;

	if (poll)
		count = look(done);
	else
		count = virtio_blk_completed_wait(
			disk.queues, done, MOST, virtio_deadline(machine_device.platform, SECOND));
	for (int i = 0; i < count; i++)
		if (done[i]->result < 0)
			return done[i]->result;
	return count;
}

static int measure(unsigned depth, uint64_t nanoseconds, bool poll)
{
	const struct virtio_platform *platform = machine_device.platform;
	struct virtio_blk_request *ready[MOST];
	uint64_t sent = 0, done = 0;
	int count = (int)depth, error = 0;

	for (unsigned i = 0; i < depth; i++)
		ready[i] = &requests[i];
	uint64_t start = platform->now(platform->context), end = start + nanoseconds, now = start;
	while (!error && (now < end || done < sent)) {
		if (now < end && count > 0) {
			error = submit(ready, count, sent);
			sent += (unsigned)count;
		}
		count = reap(ready, poll);
		error = error ? error : count < 0 ? count : 0;
		done += count > 0 ? (unsigned)count : 0;
		if (count > 0)
			now = platform->now(platform->context);
	}
	if (!error)
		print("requests %lu nanoseconds %lu by %s\n", (unsigned long)done, (unsigned long)(now - start),
			boot_device_interrupts_describe(&machine_interrupts));
	return error;
}

int read_disk(const struct boot_info *info)
{
	uint64_t depth = number_of(info->command_line, "depth", 1);
	uint64_t milliseconds = number_of(info->command_line, "milliseconds", 1000);
	bool poll = has_word(info->command_line, "poll");
	int error = open_device(info, VIRTIO_ID_BLOCK, has_word(info->command_line, "second"), poll);

	if (error < 0)
		return error;
	error = virtio_blk_attach(&disk, &machine_device, NULL);
	if (error < 0)
		return error;
	if (depth == 0 || depth > MOST)
		return VIRTIO_ERR_INVALID;
	error = prepare((unsigned)depth);
	if (!error)
		error = measure((unsigned)depth, milliseconds * 1000000, poll);
	virtio_blk_detach(&disk, NULL, NULL);
	return error;
}
